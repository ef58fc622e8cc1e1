import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { rawKey, signerOf } from "../../../src/analysis/signatures.ts";
import { signatory, signText } from "../../support/signed-approvals.ts";

const text = Buffer.from("text\n");

// Made by OpenSSH and OpenSSL over `text`, with keys that were thrown away.
const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILy/jMZONyrmWT+0hwJDqYJ0/sU7JQdrwK8+6Nm/HtR5 dana";
const armor = (...lines: string[]) =>
  ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n");
const ssh = armor(
  "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgvL+Mxk43KuZZP7SHAkOpgnT+xT",
  "slB2vArz7o2b8e1HkAAAAPcHVsdW1pLXJvbGxvdXRzAAAAAAAAAAZzaGE1MTIAAABTAAAA",
  "C3NzaC1lZDI1NTE5AAAAQMH1el4+IPgnLmxdrqcMl1KE3/HD0ZObpCf4hPupBEyIxdX+hl",
  "LJrhkgmqwuQ4zh/rC8F1Xwpx7HrHDBQQWyVA4=",
);
const otherNamespace = armor(
  "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgvL+Mxk43KuZZP7SHAkOpgnT+xT",
  "slB2vArz7o2b8e1HkAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx",
  "OQAAAEAHZxtdd14p6vV84gj27T4wcGL0Ys3LXF42qDWc4zhKl/hy2Z/Y5+FSGYOTxEr/UX",
  "jXcQbcxNyoom1Ijw4bu+0P",
);
const rsa = armor(
  "U1NIU0lHAAAAAQAAAJcAAAAHc3NoLXJzYQAAAAMBAAEAAACBAJzgpBHdmKBL9mrEHAPF1s",
  "yjmuIuvl9LcqOXffpHkT+hEUu7aHpUcS4TxR/Vc/okdnPqNfEWa7oeSH5OKtQFXemzIdSy",
  "57NXSqhKhMALs36zz7Lhx1nZtwgLnD3kkUz0RcP9IVXlBBAvcGV83oHg21ymGEwb/j6dQt",
  "cenLRyMvIvAAAAD3B1bHVtaS1yb2xsb3V0cwAAAAAAAAAGc2hhNTEyAAAAlAAAAAxyc2Et",
  "c2hhMi01MTIAAACADTmta9v1mMWesocE7IMaTjLzR3muwzTpNiuF8yQZmemAstE7b4yDd2",
  "NhWFQaR6KpxybITsRumSnjso7oVOMYnYkIYQVQJOYblVQx6TomlSJoLWJVansymqHLq4qc",
  "yHtCQw/1BNN9zYV0dVUmHl/CXfB2+xohAL7eETGwphgVCxU=",
);
const pem = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAopBA9rzLcJ4v8nzbxtZOGM9oFCgUlugaZ9ROIssHgEg=
-----END PUBLIC KEY-----`;
const raw = "sZKFAiqECsusKYjz6PhPXLGaS/iTbuh6HQPffHk1UKp0pjB6WBNWGdhZpyC18RCJscQbcfwjopPKQIpZ6m0sDw==";

const dana = { person: "dana", key: sshKey };
const erin = { person: "erin", key: pem };
const stranger = signatory("mallory");

/** An SSH signature with a byte changed: 0-based, in the blob. */
function flipped(at: number): string {
  const blob = Buffer.from(ssh.split("\n").slice(1, -2).join(""), "base64");
  blob[at] = (blob[at] ?? 0) ^ 1;
  return armor(blob.toString("base64"));
}

describe("a signature", () => {
  it.each([
    ["ssh-keygen -Y sign", ssh, "dana"],
    ["openssl pkeyutl -sign -rawin", raw, "erin"],
    ["the same with a newline", `${raw}\n`, "erin"],
  ])("of %s tells the signer", (_, signature, person) => {
    expect(signerOf(text, signature, [erin, dana])).toEqual({ ok: true, persons: [person] });
  });

  it("names everybody that its key is listed for", () => {
    const twice = [dana, { person: "dana.m", key: sshKey }];
    expect(signerOf(text, ssh, twice)).toEqual({ ok: true, persons: ["dana", "dana.m"] });
  });

  it.each([
    ["SSH: another text", "other\n", ssh, "bad-signature", /does not fit/],
    [
      "SSH: another namespace, as git and file signing use",
      "text\n",
      otherNamespace,
      "bad-signature",
      /namespace "file"/,
    ],
    ["SSH: an RSA key", "text\n", rsa, "bad-signature", /ssh-ed25519/],
    ["SSH: a later version of the format", "text\n", flipped(9), "bad-signature", /version 1/],
    ["SSH: a changed key", "text\n", flipped(40), "unknown-key", /SHA256:\S+ is not listed/],
    ["SSH: a changed signature", "text\n", flipped(150), "bad-signature", /does not fit/],
    ["SSH: cut", "text\n", armor(ssh.split("\n")[1] ?? ""), "bad-signature", /no whole/],
    ["raw: another text", "other\n", raw, "bad-signature", /none of the listed keys/],
    [
      "raw: of a stranger",
      "text\n",
      signText(stranger, "text\n"),
      "bad-signature",
      /none of the listed keys/,
    ],
    ["raw: too short", "text\n", raw.slice(4), "bad-signature", /64 bytes/],
    ["nothing", "text\n", "", "bad-signature", /64 bytes/],
    ["words", "text\n", "approved by dana", "bad-signature", /64 bytes/],
  ])("is refused: %s", (_, signed, signature, reason, message) => {
    const signer = signerOf(Buffer.from(signed), signature, [dana, erin]);
    expect(signer).toMatchObject({ ok: false, reason, message: expect.stringMatching(message) });
  });

  it("is refused where no key is listed", () => {
    expect(signerOf(text, ssh, [])).toMatchObject({ ok: false, reason: "unknown-key" });
    expect(signerOf(text, raw, [])).toMatchObject({ ok: false, reason: "bad-signature" });
  });
});

describe("a listed key", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const rsaKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  it.each([
    ["of another kind", rsaKey.export({ type: "spki", format: "pem" }).toString()],
    ["that is private", privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
    ["of SSH, but RSA", "ssh-rsa AAAAB3NzaC1yc2E="],
    ["that is cut", sshKey.slice(0, 60)],
    ["that is text", "dana"],
  ])("%s is none", (_, key) => {
    expect(rawKey(key)).toBeUndefined();
  });

  it("is the same in both forms", () => {
    const x = publicKey.export({ format: "jwk" }).x ?? "";
    expect(rawKey(publicKey.export({ type: "spki", format: "pem" }).toString())).toEqual(
      Buffer.from(x, "base64url"),
    );
    expect(rawKey(sshKey)).toHaveLength(32);
  });
});
