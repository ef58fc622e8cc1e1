import { describe, expect, it } from "vitest";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import { snapshotOf } from "../../../src/plan/identity.ts";
import { type NextRelease, nextRelease } from "../../../src/plan/next-release.ts";
import { poolsAt } from "../../../src/plan/pools.ts";
import { releaseSchema } from "../../../src/plan/release-schema.ts";
import { nodeSpec, serviceSpec } from "../../../src/plan/snapshots.ts";
import { isInPlace, recordSteps, servesAsOne, stepsOf } from "../../../src/plan/steps.ts";
import type { Release } from "../../../src/types/release.ts";
import type { WorkloadSnapshot } from "../../../src/types/workload.ts";
import { aPolicy, aSnapshot } from "../../support/builders.ts";
import { strategyPolicies } from "../../support/strategies.ts";

function nodes(version: string): WorkloadSnapshot {
  const [kubernetesVersion = "", nodeImage] = version.split("-");
  const pool = (azureName: string) => ({ azureName, vmSize: "Standard_D4s_v5", osSku: "Ubuntu" });
  return snapshotOf({
    version,
    workload: {
      schemaVersion: 1,
      kind: "nodes",
      kubernetesVersion,
      ...(nodeImage === undefined ? {} : { nodeImage }),
      pools: { system: pool("system0a1b"), work: pool("work0a1b") },
    },
  });
}

const policy = aPolicy({
  ...strategyPolicies["node pools"],
  lever: { kind: "node-pools", pools: ["system", "work", "gpu"], maxSurge: "1", drainTimeoutSeconds: 600 },
});
const steps = stepsOf(policy, { installed: true });
const ids = recordSteps(steps);
const stable: Release = {
  schemaVersion: 1,
  stable: nodes("1.33.5"),
  exposure: 0,
  previousExposure: 0,
  step: "install",
};
const desired = nodes("1.34.2");

function taken(next: NextRelease): Release {
  if (!next.ok) throw new Error(next.message);
  return next.release;
}

function stepTo(...path: readonly string[]): Release {
  const target = { desired, steps: ids, stableReplicas: 9 };
  return path.reduce((record, step) => taken(nextRelease(record, { ...target, step })), stable);
}

describe("the plan of node pools", () => {
  it("moves one pool after another, each watched, and settles", () => {
    expect(steps).toEqual([
      { id: "pool-system", kind: "move", exposure: 33, soakSeconds: 300 },
      { id: "pool-work", kind: "move", exposure: 67, soakSeconds: 300 },
      { id: "pool-gpu", kind: "move", exposure: 100, soakSeconds: 300 },
      { id: "settle", kind: "settle", exposure: 0 },
    ]);
    expect([isInPlace(steps), servesAsOne(steps)]).toEqual([false, true]);
    expect(buildPlan(policy, stable, { version: "1.34.2" })).toMatchObject({ from: "1.33.5", steps });
  });

  it("goes through its steps alone", () => {
    expect(stepTo("pool-system")).toMatchObject({ exposure: 33, previousExposure: 0, candidate: desired });
    expect(stepTo("pool-system", "pool-work")).toMatchObject({ exposure: 67, previousExposure: 33 });
    const done = stepTo("pool-system", "pool-work", "pool-gpu", "settle");
    expect(done).toEqual({ ...stable, stable: desired, step: "settle" });
    const skipped = nextRelease(stable, { desired, steps: ids, stableReplicas: 9, step: "pool-work" });
    expect(skipped).toMatchObject({ ok: false, code: "step-refused" });
  });

  it("goes back to the record that it set out from", () => {
    expect(stepTo("pool-system", "pool-work", "revert")).toEqual(stable);
  });

  it("can't go on as another strategy", () => {
    const canary = ["5", "100", "promote-stable", "promote-switch", "promote-clean"];
    const next = nextRelease(stepTo("pool-system"), { desired, steps: canary, stableReplicas: 9, step: "5" });
    expect(next).toMatchObject({ ok: false, code: "strategy-changed" });
  });
});

describe("pools of a release", () => {
  it.each([
    ["nothing rolls out", stable, { made: 0, moved: 0 }],
    ["the first has moved", stepTo("pool-system"), { made: 1, moved: 1 }],
    ["two have", stepTo("pool-system", "pool-work"), { made: 2, moved: 2 }],
    ["all have", stepTo("pool-system", "pool-work", "pool-gpu"), { made: 3, moved: 3 }],
    [
      "two are taken back, and their new nodes are still there",
      { ...stepTo("pool-system", "pool-work"), exposure: 0, previousExposure: 67, step: "revert" },
      { made: 2, moved: 0 },
    ],
  ])("%s", (_name, release, expected) => {
    expect(poolsAt(release, 3)).toEqual(expected);
  });

  it("counts every number of pools back from its share", () => {
    for (let pools = 1; pools <= 100; pools++) {
      for (let moved = 1; moved <= pools; moved++) {
        const exposure = Math.round((100 * moved) / pools);
        expect(poolsAt({ ...stable, candidate: desired, exposure }, pools)).toEqual({ made: moved, moved });
      }
    }
  });
});

describe("a snapshot of nodes", () => {
  it("has its version in its identity, and another image is another version", () => {
    expect(nodes("1.34.2").identity).toMatch(/^1\.34\.2\+[0-9a-f]{16}$/);
    expect(nodes("1.34.2-202511.06.0").identity).not.toBe(nodes("1.34.2-202512.01.0").identity);
  });

  it("goes through the stack's output unchanged", () => {
    const record = stepTo("pool-system");
    expect(releaseSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it("is never taken for a service, nor the other way round", () => {
    expect(() => serviceSpec(nodes("1.34.2"))).toThrow(
      expect.objectContaining({ code: "record-other-kind" }),
    );
    expect(() => nodeSpec(aSnapshot("1.2.4"))).toThrow(
      expect.objectContaining({ code: "record-other-kind" }),
    );
    expect(nodeSpec(nodes("1.34.2")).kubernetesVersion).toBe("1.34.2");
  });
});
