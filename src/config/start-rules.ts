import { windowIssues } from "../lib/deployment-windows.ts";
import { issueAt, type Rule } from "./rule.ts";

/** Windows are moments that exist. */
export const windowsHold: Rule = {
  name: "windows-hold",
  says: "The moments of `windows` exist, in a time zone that is known; a closed part of the week has two different ends, and a freeze ends after its start.",
  reads: ["preset", "windows"],
  check: ({ written, policy: { windows } }) =>
    (windows === undefined ? [] : windowIssues(windows)).map(({ path, rule, hint }) =>
      issueAt(written, `windows.${path}`, { rule, hint }),
    ),
};

/** Signed files count by keys. */
export const signaturesHaveKeys: Rule = {
  name: "signatures-have-keys",
  says: "Approvals as signed files come with the `keys` whose signatures count.",
  reads: ["approvals"],
  check: ({ written, policy: { approvers } }) => {
    const signed = approvers.sources.some(({ kind }) => kind === "signed-files");
    if (!signed || approvers.keys.length > 0) return [];
    return [
      issueAt(written, "approvals.keys", {
        rule: "required: at least one key, as signed files count by theirs",
        hint: 'Write [{ person: dana@atp.example, key: "ssh-ed25519 AAAA…" }].',
      }),
    ];
  },
};

/** A reason without what it is for. */
export const reasonHasStrategy: Rule = {
  name: "reason-has-strategy",
  says: "`strategyReason` stands beside a `strategy`.",
  reads: ["strategy"],
  check: ({ written }) =>
    written.strategyReason === undefined || written.strategy !== undefined
      ? []
      : [
          issueAt(written, "strategyReason", {
            rule: "only beside a strategy, whose reason it is",
            hint: "Write strategy too, or remove the reason.",
          }),
        ],
};
