import type { Issue } from "../errors/errors.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { valueAt } from "./json.ts";
import { receivedText } from "./received.ts";
import type { WrittenConfig } from "./schema.ts";

/** What a rule over several keys looks at: what was written, and what it comes to. */
export interface RuleInput {
  readonly written: WrittenConfig;
  readonly policy: EnvironmentPolicy;
}

/** A condition over several keys. */
export interface Rule {
  readonly name: string;
  /** One sentence for the reference. */
  readonly says: string;
  /** Sections that it reads: where one of them is broken already, the rule is silent. */
  readonly reads: readonly string[];
  readonly check: (input: RuleInput) => readonly Issue[];
}

/** An issue at a dotted path of the written config, with what stands there. */
export function issueAt(written: WrittenConfig, path: string, advice: Pick<Issue, "rule" | "hint">): Issue {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const received = receivedText(valueAt(written, steps), {
    hidden: ["notify", "incident", "approvals.sources", "checklist.synthetics"].some((section) =>
      path.startsWith(section),
    ),
  });
  return { path: `rollout.${path}`, ...(received === undefined ? {} : { received }), ...advice };
}

/** Whether a policy watches anything. */
export const watched = (policy: EnvironmentPolicy) =>
  policy.increments.some(({ soakSeconds }) => soakSeconds > 0);

/** A section that has to be there. */
export function missingSource(
  written: WrittenConfig,
  path: string,
  advice: Pick<Issue, "rule" | "hint">,
): Issue {
  return issueAt(written, path, { rule: `required: ${advice.rule}`, hint: advice.hint });
}
