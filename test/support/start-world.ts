import { approvalLine } from "../../src/analysis/approval-text.ts";
import type { Promotion } from "../../src/analysis/promotions.ts";
import { acrossStacks } from "../../src/analysis/promotions.ts";
import type { StartPorts } from "../../src/driver/session.ts";
import { defaultClosed } from "../../src/lib/deployment-windows.ts";
import type { Approval, ApprovalSubject } from "../../src/types/approval.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aSnapshot } from "./builders.ts";
import { createMemoryApprovals } from "./memory-approval.ts";
import { createMemoryChange } from "./memory-change.ts";

/** Everything that production asks before it starts. */
export const guarded: Partial<EnvironmentPolicy> = {
  approvals: { required: 2, cab: true, expedited: false },
  change: { kind: "file", dir: "changes", approvedStates: ["approved"] },
  windows: { zone: "UTC", rules: defaultClosed, freezes: [] },
  promotedIn: { stacks: ["test", "staging"], withinDays: 14 },
};

/** Approvals, changes and promotions in memory, for the stack `prod`. */
export function createStart() {
  const source = createMemoryApprovals();
  const changes = createMemoryChange();
  const promoted: Promotion[] = [];
  const given: Approval[] = [];
  const start: StartPorts = {
    stack: "prod",
    approvals: [source],
    change: changes,
    promotions: async (stacks) => promoted.filter(({ stack }) => stacks.includes(stack)),
  };
  return {
    start,
    source,
    changes,
    promote: (version: string, atMs: number, stacks: readonly string[] = ["test", "staging"]) => {
      const identity = acrossStacks(aSnapshot(version).identity);
      promoted.push(...stacks.map((stack) => ({ stack, identity, atMs })));
    },
    /** A person approves on GitHub. */
    approve: (id: string, subject: ApprovalSubject, atMs: number) => {
      given.push({
        kind: "review",
        by: { source: "github", id },
        person: true,
        decision: "approved",
        at: new Date(atMs).toISOString(),
        comment: approvalLine(subject),
        where: "https://github.example/run/1",
      });
      const ada = { source: "github", id: "ada" } as const;
      source.set({ status: "value", approvals: given, authors: [ada], requesters: [] });
    },
  };
}
