import { describe, expect, it } from "vitest";
import { type RehearsedRun, rehearseOnce } from "../support/rehearse.ts";

// Issue 3, acceptance 6: fault x increment -> outcome, cause, failedAt, exit code. Each row is a whole rollout on the
// real engine, program and driver, in a cloud of its own; two run at a time, one for each core.

interface Row {
  readonly reason: string;
  readonly fault: (exposure: number) => string;
  readonly outcome: RehearsedRun["outcome"]["outcome"];
  readonly exit: number;
  /** `reason` of the cause; absent where there is none. */
  readonly cause?: string;
  readonly gate?: string;
  readonly kind?: string;
}

const rows: Readonly<Record<string, Row>> = {
  errors: {
    reason: "> 1 % for 2 min",
    fault: (exposure) => `errors=3%@${exposure}`,
    outcome: "reverted",
    exit: 20,
    cause: "HardLimitBreached",
    gate: "error-rate",
    kind: "canary",
  },
  latency: {
    reason: "P95 > 1000 ms for 5 min",
    fault: (exposure) => `latency=1500ms@${exposure}`,
    outcome: "reverted",
    exit: 20,
    cause: "HardLimitBreached",
    gate: "p95-latency",
    kind: "canary",
  },
  exceptions: {
    reason: "> 10 in 15 min",
    fault: (exposure) => `exceptions=40@${exposure}`,
    outcome: "reverted",
    exit: 20,
    cause: "HardLimitBreached",
    gate: "exceptions",
    kind: "canary",
  },
  health: {
    reason: "any non-200 after 3 tries",
    fault: (exposure) => `health=503@${exposure}`,
    outcome: "reverted",
    exit: 20,
    cause: "HardLimitBreached",
    gate: "health",
    kind: "canary",
  },
  crashloop: {
    reason: "new pods never get ready: the update fails at its deadline",
    fault: (exposure) => `crashloop@${exposure}`,
    outcome: "reverted",
    exit: 20,
    cause: "UpdateFailed",
    kind: "engine",
  },
  slowRouter: {
    reason: "the weight is never in force within its time: no soak on a wish",
    fault: (exposure) => `slow-router@${exposure}:4m`,
    outcome: "reverted",
    exit: 20,
    cause: "RouteNotConfirmed",
    kind: "router",
  },
  metricsOutage: {
    reason: "silence neither promotes nor reverts",
    fault: (exposure) => `metrics-outage@${exposure}`,
    outcome: "held",
    exit: 22,
    cause: "SourceError",
    kind: "evidence",
  },
};

const increments = [5, 20, 50, 100];

describe.concurrent("fault x increment", () => {
  const table = Object.entries(rows).flatMap(([name, row]) =>
    increments.map((exposure) => ({ name, exposure, row })),
  );
  it.each(table)("$name at $exposure %", async ({ exposure, row }) => {
    const { outcome, exit, weights } = await rehearseOnce({ faults: [row.fault(exposure)] });
    const step = String(exposure);
    expect({ outcome: outcome.outcome, exit }, row.reason).toEqual({ outcome: row.outcome, exit: row.exit });
    expect(outcome.cause?.reason, row.reason).toBe(row.cause);
    if (row.gate !== undefined) expect(outcome.cause?.gate).toBe(row.gate);
    if (row.kind !== undefined) expect(outcome.cause?.kind).toBe(row.kind);
    if (row.outcome === "held") {
      expect(outcome.heldAt).toBe(step);
      expect(weights.at(-1)).toBe(exposure);
    } else {
      expect(outcome.failedAt).toBe(step);
      expect(outcome.revert).toMatchObject({ stateEqual: true });
      expect(weights.at(-1)).toBe(0);
    }
    expect(Math.max(...weights), "never above the plan").toBeLessThanOrEqual(exposure);
  });
});

// In the middle of a soak: where the weight changes, the window before is thinner and shares don't average evenly.
describe.concurrent("the edges of the error limit (design 11: strictly greater breaches)", () => {
  const cases: Record<string, { fault: string; outcome: string }> = {
    "0.9 %": { fault: "errors=0.9%@20", outcome: "promoted" },
    "exactly 1 %": { fault: "errors=1%@20", outcome: "promoted" },
    "1.1 % for 119 s": { fault: "errors=1.1%@20+5m:119s", outcome: "promoted" },
    "1.1 % for 121 s": { fault: "errors=1.1%@20+5m:121s", outcome: "reverted" },
  };
  it.each(Object.entries(cases))("%s", async (_name, { fault, outcome }) => {
    expect((await rehearseOnce({ faults: [fault] })).outcome.outcome).toBe(outcome);
  });
});

describe.concurrent("causes that aren't the canary's", () => {
  it("errors of both sides revert all the same, labelled environment", async () => {
    const { outcome, exit } = await rehearseOnce({ faults: ["environment-errors=3%@20"] });
    expect({ exit, cause: outcome.cause?.kind }).toEqual({ exit: 20, cause: "environment" });
  });

  it("no answer from the whole cluster is an error, not a failure: held", async () => {
    const { outcome, exit } = await rehearseOnce({ faults: ["health=cluster-down@20"] });
    expect({ exit, at: outcome.heldAt }).toEqual({ exit: 22, at: "20" });
  });

  it("a canary that says nothing holds", async () => {
    const { outcome, exit } = await rehearseOnce({ faults: ["silent-canary@20"] });
    expect({ exit, at: outcome.heldAt }).toEqual({ exit: 22, at: "20" });
  });
});

describe.concurrent("weights of one's own", () => {
  it("10, 40 and 100 from config are what the route carries", async () => {
    const { outcome, weights } = await rehearseOnce({
      change: (rollout) => Object.assign(rollout, { increments: [10, 40, 100] }),
    });
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [10, 40, 100] });
    expect(weights).toEqual([0, 10, 40, 100, 0]);
  });
});
