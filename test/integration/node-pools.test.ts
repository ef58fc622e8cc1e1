import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/driver/outcome.ts";
import { openStack, type RehearsedStack } from "../support/rehearse.ts";

// Node pools on the real engine, program and driver: the example's stack, whose pods the real lever and the real
// NodePoolRelease move over HTTP between nodes in memory.

interface Row {
  readonly why: string;
  readonly faults: readonly string[];
  readonly outcome: "promoted" | "reverted";
  readonly failedAt?: string;
  readonly cause?: string;
  readonly says?: string;
}

const breach = { outcome: "reverted", failedAt: "pool-work", cause: "HardLimitBreached" } as const;
const rows: readonly Row[] = [
  { why: "a good version", faults: [], outcome: "promoted" },
  { why: "errors on the new nodes", faults: ["errors=3%@100"], ...breach },
  {
    why: "a budget that lets no pod go",
    faults: ["stuck-drain"],
    outcome: "reverted",
    failedAt: "pool-work",
    cause: "UpdateFailed",
    says: "allows 0 disruptions",
  },
];

async function withStack(faults: readonly string[], check: (stack: RehearsedStack) => Promise<void>) {
  const stack = await openStack({ project: "examples/node-pools", baseline: "1.33.5", faults });
  try {
    await check(stack);
  } finally {
    await stack.close();
  }
}

/** Kubelet versions by lasting pool, and whether pods run on nodes that are to take none. */
function nodesOf({ nodes }: RehearsedStack) {
  if (nodes === undefined) throw new Error("the rehearsal has no nodes");
  const all = nodes.nodes();
  const versions = [...new Set(all.map(({ version }) => version))].sort();
  const cordoned = new Set(all.filter(({ unschedulable }) => unschedulable).map(({ name }) => name));
  const pods = nodes.pods().filter(({ lasting }) => lasting !== undefined);
  const homeless = pods.filter(({ node }) => node === undefined || cordoned.has(node)).length;
  return { versions, homeless, pods: pods.length, violations: nodes.violations };
}

describe("node pools", () => {
  it.each(rows)("$why: $outcome", async ({ faults, outcome, failedAt, cause, says }) => {
    await withStack(faults, async (stack) => {
      const before = nodesOf(stack);
      expect(before).toMatchObject({ homeless: 0, violations: [] });
      const ended = await stack.run("1.34.2");
      expect(ended, JSON.stringify(ended)).toMatchObject({ outcome });
      expect(exitOf(ended)).toBe({ promoted: 0, reverted: 20 }[outcome]);
      if (cause !== undefined) expect(ended).toMatchObject({ cause: { reason: cause }, failedAt });
      if (says !== undefined) expect(JSON.stringify(ended)).toContain(says);
      const after = nodesOf(stack);
      expect(after).toMatchObject({ homeless: 0, pods: before.pods, violations: [] });
      expect(after.versions).toEqual([outcome === "promoted" ? "1.34.2" : "1.33.5"]);
    });
  });

  it("where nobody can tell it goes neither on nor back; by hand it does, as the old nodes are still there", async () => {
    await withStack(["metrics-outage@100"], async (stack) => {
      expect(await stack.run("1.34.2")).toMatchObject({ outcome: "held" });
      expect(nodesOf(stack)).toMatchObject({ versions: ["1.33.5", "1.34.2"], homeless: 0 });
      expect(await stack.rollback("nobody can tell")).toMatchObject({ outcome: "reverted" });
      expect(nodesOf(stack)).toMatchObject({ versions: ["1.33.5"], homeless: 0, violations: [] });
    });
  });

  it("the same version again is nothing to do", async () => {
    await withStack([], async (stack) => {
      expect(await stack.run("1.33.5")).toMatchObject({ outcome: "nothing-to-do" });
    });
  });
});
