import type { Approval, ApprovalSubject, Identity, TrustedKey } from "../types/approval.ts";
import type { RefusalReason } from "../types/approval-verdict.ts";
import { parseStatement, subjectsIn } from "./approval-text.ts";
import { identityText } from "./people.ts";
import { signerOf } from "./signatures.ts";

/** Who says what of which plans, where the source can be believed. */
export interface Claim {
  readonly ok: true;
  readonly by: Identity;
  readonly decision: "approved" | "rejected";
  readonly at: string | undefined;
  readonly subjects: readonly ApprovalSubject[];
}

/** Why it can't. `by` as it is claimed, where anybody is named. */
export interface Disbelief {
  readonly ok: false;
  readonly by?: Identity;
  readonly reason: RefusalReason;
  readonly message: string;
}

export interface ClaimOptions {
  /** One text a person: `personResolver`. */
  readonly person: (identity: Identity) => string;
  readonly keys: readonly TrustedKey[];
}

/** What an approval claims, if it is authentic: told by an API that knows the person, or signed by a listed key. */
export function claimOf(approval: Approval, options: ClaimOptions): Claim | Disbelief {
  return approval.kind === "review" ? reviewed(approval) : signed(approval, options);
}

function reviewed(approval: Extract<Approval, { kind: "review" }>): Claim | Disbelief {
  const { by, at, comment, decision, person } = approval;
  if (by.source !== "github" && by.source !== "azure-devops") {
    return {
      ok: false,
      by,
      reason: "unverifiable-source",
      message: `nobody vouches for ${identityText(by)}`,
    };
  }
  if (!person) return { ok: false, by, reason: "not-a-person", message: "only people approve" };
  return { ok: true, by, decision, at, subjects: subjectsIn(comment) };
}

function signed(
  approval: Extract<Approval, { kind: "signed" }>,
  { person, keys }: ClaimOptions,
): Claim | Disbelief {
  const bytes = Buffer.from(approval.text, "base64");
  const statement = parseStatement(bytes.toString("utf8"));
  if (statement === undefined) {
    return { ok: false, reason: "malformed", message: "the text is no approval of this format" };
  }
  const by: Identity = { source: "key", id: statement.by };
  const signer = signerOf(bytes, approval.signature, keys);
  if (!signer.ok) {
    const listed = keys.some((key) => person({ source: "key", id: key.person }) === person(by));
    if (listed) return { ok: false, by, reason: signer.reason, message: signer.message };
    return { ok: false, by, reason: "unknown-key", message: `no key is listed for ${statement.by}` };
  }
  const people = new Set(signer.persons.map((id) => person({ source: "key", id })));
  if (people.size > 1) {
    const message = `its key is listed for ${signer.persons.join(" and ")}, and can't tell them apart`;
    return { ok: false, by, reason: "shared-key", message };
  }
  if (!people.has(person(by))) {
    const message = `it was signed with the key of ${signer.persons.join(", ")}`;
    return { ok: false, by, reason: "wrong-person", message };
  }
  return { ok: true, by, decision: "approved", at: statement.at, subjects: [statement] };
}
