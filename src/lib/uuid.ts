import { createHash } from "node:crypto";

/** Namespace of names that are ours. */
const ownNamespace = "6f5e9c1e-3f0b-5c35-9d0f-1b7f4f1f2a55";

/**
 * UUID version 5 (RFC 9562) of a name: the same name gives the same id, on every machine and at every time. Default
 * namespace: our own.
 */
export function uuidOfName(name: string, namespace: string = ownNamespace): string {
  const space = Buffer.from(namespace.replaceAll("-", ""), "hex");
  const bytes = createHash("sha1").update(space).update(name, "utf8").digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
