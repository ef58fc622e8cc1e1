import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { TrustedKey } from "../types/approval.ts";

/** Namespace of SSH signatures: `ssh-keygen -Y sign -n pulumi-rollouts`. Signatures for anything else don't count. */
export const sshNamespace = "pulumi-rollouts";

/** Who signed, or why that isn't known. */
export type Signer =
  | { readonly ok: true; readonly persons: readonly string[] }
  | { readonly ok: false; readonly reason: "unknown-key" | "bad-signature"; readonly message: string };

/**
 * Finds the trusted key that made a detached signature over these bytes: base64 of a raw Ed25519 signature, or an
 * armored SSH signature (PROTOCOL.sshsig, version 1, ssh-ed25519). `persons` are all that this key is listed for.
 * Pure; never throws.
 */
export function signerOf(text: Uint8Array, signature: string, keys: readonly TrustedKey[]): Signer {
  const trusted = keys.flatMap(({ person, key }) => {
    const raw = rawKey(key);
    return raw === undefined ? [] : [{ person, raw }];
  });
  const armored = signature.trim();
  return armored.startsWith("-----BEGIN SSH SIGNATURE-----")
    ? sshSigner(text, armored, trusted)
    : rawSigner(text, armored, trusted);
}

interface RawKey {
  readonly person: string;
  readonly raw: Buffer;
}

/** The 32 bytes of an Ed25519 public key, `ssh-ed25519 AAAA…` or PEM; undefined for anything else. */
export function rawKey(written: string): Buffer | undefined {
  const ssh = /^ssh-ed25519\s+([A-Za-z0-9+/=]+)(\s|$)/.exec(written.trim())?.[1];
  if (ssh !== undefined) return rawSshKey(Buffer.from(ssh, "base64"));
  if (!written.includes("-----BEGIN PUBLIC KEY-----")) return undefined;
  try {
    const key = createPublicKey(written);
    const x = key.asymmetricKeyType === "ed25519" ? key.export({ format: "jwk" }).x : undefined;
    return x === undefined ? undefined : Buffer.from(x, "base64url");
  } catch {
    return undefined;
  }
}

function rawSigner(text: Uint8Array, signature: string, keys: readonly RawKey[]): Signer {
  const bytes = Buffer.from(signature, "base64");
  if (bytes.length !== 64 || !/^[A-Za-z0-9+/]+=*$/.test(signature)) {
    return bad("is neither an SSH signature nor base64 of 64 bytes");
  }
  const made = keys.filter(({ raw }) => verifies(raw, text, bytes));
  if (made.length > 0) return { ok: true, persons: persons(made) };
  // A raw signature doesn't say which key made it: a changed text and a stranger's key look the same.
  return bad("was made by none of the listed keys over this text");
}

const hashes = ["sha256", "sha512"];

function sshSigner(text: Uint8Array, armored: string, keys: readonly RawKey[]): Signer {
  const body = /^-----BEGIN SSH SIGNATURE-----\s([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----$/.exec(
    armored,
  );
  const blob = body?.[1] === undefined ? undefined : parseBlob(Buffer.from(body[1], "base64"));
  if (blob === undefined) return bad("is no whole SSH signature of version 1 by an ssh-ed25519 key");
  if (blob.namespace !== sshNamespace) {
    return bad(`is for the namespace "${printable(blob.namespace)}", not "${sshNamespace}"`);
  }
  if (!hashes.includes(blob.hash)) return bad("uses a hash other than sha256 or sha512");
  const known = keys.filter(({ raw }) => raw.equals(blob.key));
  if (known.length === 0) {
    return { ok: false, reason: "unknown-key", message: `the key ${fingerprint(blob.key)} is not listed` };
  }
  const digest = createHash(blob.hash).update(text).digest();
  const parts = [blob.namespace, blob.reserved, blob.hash, digest].map((part) =>
    sshString(Buffer.from(part)),
  );
  const signed = Buffer.concat([Buffer.from("SSHSIG"), ...parts]);
  if (!verifies(blob.key, signed, blob.signature)) return bad("does not fit this text");
  return { ok: true, persons: persons(known) };
}

/** `SSHSIG`, version, then strings: key, namespace, reserved, hash, signature. */
function parseBlob(blob: Buffer) {
  if (blob.length < 10 || blob.toString("latin1", 0, 6) !== "SSHSIG" || blob.readUInt32BE(6) !== 1)
    return undefined;
  const [keyBlob, namespace, reserved, hash, signatureBlob] = strings(blob.subarray(10), 5) ?? [];
  if (!keyBlob || !namespace || !reserved || !hash || !signatureBlob) return undefined;
  const key = rawSshKey(keyBlob);
  const [kind, signature] = strings(signatureBlob, 2) ?? [];
  if (key === undefined || kind?.toString("latin1") !== "ssh-ed25519" || signature?.length !== 64)
    return undefined;
  return { key, namespace: namespace.toString("utf8"), reserved, hash: hash.toString("latin1"), signature };
}

function rawSshKey(blob: Buffer): Buffer | undefined {
  const [kind, key] = strings(blob, 2) ?? [];
  return kind?.toString("latin1") === "ssh-ed25519" && key?.length === 32 ? key : undefined;
}

/** Exactly `count` length-prefixed strings and nothing behind them. */
function strings(bytes: Buffer, count: number): readonly Buffer[] | undefined {
  const found: Buffer[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return at === bytes.length ? found : undefined;
}

function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function verifies(raw: Buffer, text: Uint8Array, signature: Buffer): boolean {
  try {
    return verify(null, text, publicKey(raw), signature);
  } catch {
    return false;
  }
}

function publicKey(raw: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
    format: "jwk",
  });
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(raw: Buffer): string {
  const blob = Buffer.concat([sshString(Buffer.from("ssh-ed25519")), sshString(raw)]);
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

function persons(keys: readonly RawKey[]): readonly string[] {
  return [...new Set(keys.map(({ person }) => person))];
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}

function bad(message: string): Signer {
  return { ok: false, reason: "bad-signature", message: `the signature ${message}` };
}
