import { describe, expect, it } from "vitest";
import { type RehearsedRun, rehearseOnce } from "../support/rehearse.ts";

// Fault x increment -> outcome, cause, failedAt, exit code. Each row is a whole rollout on the
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
  engineCrash: {
    reason:
      "an engine that is killed leaves its lock and half an update: both are cleaned up on the way back",
    fault: (exposure) => `engine-crash@${exposure}`,
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

/** The guide's triggers by their letter: the comparison with stable would be there first, and a warning would hold. */
const byTheLetter = (rollout: Record<string, unknown>) => {
  rollout["gates"] = { ...Object(rollout["gates"]), evidence: false };
  rollout["slo"] = false;
};

const increments = [5, 20, 50, 100];

describe.concurrent("fault x increment", () => {
  const table = Object.entries(rows).flatMap(([name, row]) =>
    increments.map((exposure) => ({ name, exposure, row })),
  );
  it.each(table)("$name at $exposure %", async ({ exposure, row }) => {
    const { outcome, exit, weights } = await rehearseOnce({
      faults: [row.fault(exposure)],
      change: byTheLetter,
    });
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
    expect((await rehearseOnce({ faults: [fault], change: byTheLetter })).outcome.outcome).toBe(outcome);
  });
});

// What the guide's letter sees after minutes, or never, the comparison with stable sees in the first bins.
describe.concurrent("evidence", () => {
  const cases: Record<string, { fault: string; outcome: string; cause?: string }> = {
    "3 % at once": { fault: "errors=3%@20", outcome: "reverted", cause: "EvidenceAgainst" },
    "0.5 %, which no limit sees": { fault: "errors=0.5%@20", outcome: "reverted", cause: "EvidenceAgainst" },
    latency: { fault: "latency=1500ms@50", outcome: "reverted", cause: "EvidenceAgainst" },
    "0.11 %: no more than noise": { fault: "errors=0.11%@20", outcome: "promoted" },
  };
  it.each(Object.entries(cases))("%s", async (_name, { fault, outcome, cause }) => {
    const run = await rehearseOnce({ faults: [fault] });
    expect({ outcome: run.outcome.outcome, cause: run.outcome.cause?.reason }).toEqual({ outcome, cause });
  });
});

// The triggers on levels, and what no limit covers.
describe.concurrent("levels, objectives, data", () => {
  const watched = (rollout: Record<string, unknown>) => {
    const source = { kind: "prometheus", url: "http://p:9090", query: "checkout_rate" };
    Object.assign(Object(rollout["watch"]), {
      review: [{ name: "checkout-rate", limit: 0.95, worse: "below", source }],
      integrity: { kind: "command", run: ["./verify-chain"] },
    });
  };
  const cases: Record<string, { fault: string; exit: number; cause: string; gate?: string }> = {
    "a pool": { fault: "db-pool=95%@20", exit: 20, cause: "HardLimitBreached", gate: "db-pool" },
    "a queue": { fault: "queue=20000@20", exit: 20, cause: "HardLimitBreached", gate: "queue-depth" },
    memory: { fault: "memory=95%@20", exit: 20, cause: "HardLimitBreached", gate: "memory" },
    "an SLO that isn't resolved": { fault: "slo-miss@20", exit: 20, cause: "SloNotResolved", gate: "slo" },
    "data that is broken": { fault: "integrity@20", exit: 20, cause: "IntegrityBroken", gate: "integrity" },
    "a business metric holds": { fault: "business-metric=checkout-rate@20", exit: 22, cause: "ReviewNeeded" },
    "a gauge that is out holds": { fault: "gauge-outage=db-pool@20", exit: 22, cause: "SourceError" },
  };
  it.each(Object.entries(cases))("%s", async (_name, { fault, exit, cause, gate }) => {
    const run = await rehearseOnce({ faults: [fault], change: watched });
    expect({ exit: run.exit, cause: run.outcome.cause?.reason }).toEqual({ exit, cause });
    if (gate !== undefined) expect(run.outcome.cause?.gate).toBe(gate);
  });

  it("a budget that is overdrawn lets nothing start", async () => {
    const run = await rehearseOnce({ faults: ["budget=-5%"] });
    expect({ exit: run.exit, cause: run.outcome.cause?.reason }).toEqual({ exit: 23, cause: "BudgetFrozen" });
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
