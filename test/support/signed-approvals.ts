import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SignedStatement, statementText } from "../../src/analysis/approval-text.ts";
import type { Approval, TrustedKey } from "../../src/types/approval.ts";

/** A person with an Ed25519 key of their own. */
export interface Signatory {
  readonly person: string;
  readonly privateKey: KeyObject;
  readonly trusted: TrustedKey;
}

export function signatory(person: string): Signatory {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ type: "spki", format: "pem" }).toString();
  return { person, privateKey, trusted: { person, key } };
}

/** A detached signature, base64. */
export function signText({ privateKey }: Signatory, text: string): string {
  return sign(null, Buffer.from(text), privateKey).toString("base64");
}

/** An approval as the source of signed files lists it. */
export function signedApproval(
  who: Signatory,
  statement: SignedStatement,
): Extract<Approval, { kind: "signed" }> {
  const text = statementText(statement);
  return {
    kind: "signed",
    text: Buffer.from(text).toString("base64"),
    signature: signText(who, text),
    where: `${who.person}.json`,
  };
}

/** Writes `<person>.json` and its signature. */
export async function writeApproval(dir: string, who: Signatory, statement: SignedStatement): Promise<void> {
  const text = statementText(statement);
  await writeFile(join(dir, `${who.person}.json`), text);
  await writeFile(join(dir, `${who.person}.json.sig`), signText(who, text));
}
