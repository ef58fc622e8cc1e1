import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/driver/outcome.ts";
import { openStack, type RehearsedRun, rehearseOnce } from "../support/rehearse.ts";

// A version in stable's place, on the real engine, program and driver, each in a cloud of its own: rolling (test),
// direct without a watch (dev), direct with one that any error ends (hotfix). Two at a time, one for each core.

const hotfix = (rollout: Record<string, unknown>) => Object.assign(rollout, { preset: "hotfix" });

interface Row {
  readonly why: string;
  readonly faults: readonly string[];
  readonly outcome: RehearsedRun["outcome"]["outcome"];
  readonly exit: number;
  readonly cause?: string;
  readonly gate?: string;
}

const back = { outcome: "reverted", exit: 20 } as const;
const breach = { ...back, cause: "HardLimitBreached" };
const evidence = { ...back, cause: "EvidenceAgainst", gate: "evidence" };

/** What must be true of the cloud at the end: whose pods there are, and that nothing of the other version is left. */
function expectVersion(run: Awaited<ReturnType<typeof rehearse>>, version: string): void {
  const pods = run.pods.map(({ image, state }) => `${image.split(":").at(-1)} ${state}`);
  expect(pods).toEqual(pods.map(() => `${version} ready`));
  expect(pods.length).toBeGreaterThan(0);
  expect(run.weights, "the route is left alone").toEqual([0]);
}

async function rehearse(options: Parameters<typeof openStack>[0]) {
  const stack = await openStack(options);
  try {
    const outcome = await stack.run("1.2.4");
    const { namespace } = stack.sandbox.cloud.list("Deployment")[0]?.ref ?? { namespace: "" };
    return {
      outcome,
      exit: exitOf(outcome),
      entries: stack.entries,
      pods: stack.sandbox.cloud.pods(namespace, { app: "atp-ingestion" }),
      weights: [...new Set(stack.sandbox.routeHistory.map(({ exposure }) => exposure))],
    };
  } finally {
    await stack.close();
  }
}

describe.concurrent("rolling, watched for 5 minutes (test)", () => {
  const rows: readonly Row[] = [
    { why: "a good version", faults: [], outcome: "promoted", exit: 0 },
    { why: "errors from the first pod on", faults: ["errors=3%"], ...breach, gate: "error-rate" },
    { why: "errors once all pods are new", faults: ["errors=3%@100"], ...evidence },
    { why: "slow", faults: ["latency=1500ms@100"], ...evidence },
    { why: "exceptions", faults: ["exceptions=40@100"], ...breach, gate: "exceptions" },
    { why: "ill in the middle of the update", faults: ["health=503"], ...breach, gate: "health" },
    { why: "ill once it is watched", faults: ["health=503@100"], ...breach, gate: "health" },
    { why: "never gets ready", faults: ["crashloop@100"], ...back, cause: "UpdateFailed" },
    { why: "never starts", faults: ["image-pull"], ...back, cause: "UpdateFailed" },
    { why: "errors that end in time", faults: ["errors=1.1%@100:119s"], outcome: "promoted", exit: 0 },
    {
      why: "nobody can tell: neither on nor back",
      faults: ["metrics-outage@100"],
      outcome: "held",
      exit: 22,
      cause: "SourceError",
    },
  ];
  it.each(rows)("$why: $faults → $outcome", async ({ faults, outcome, exit, cause, gate }) => {
    const run = await rehearse({ stack: "test", faults });
    expect({ outcome: run.outcome.outcome, exit: run.exit }).toEqual({ outcome, exit });
    expect(run.outcome.cause?.reason).toBe(cause);
    if (gate !== undefined) expect(run.outcome.cause).toMatchObject({ gate });
    if (outcome === "reverted") {
      expect(run.outcome.failedAt).toBe("roll");
      expect(run.outcome.revert).toMatchObject({ stateEqual: true, inPlace: true });
      // By the rollout's clock: pods take their time, and the guide gives an undo 5 minutes.
      expect(run.outcome.revert?.leverMs).toBeLessThan(300_000);
    }
    if (outcome === "held") expect(run.outcome.heldAt).toBe("roll");
    expectVersion(run, outcome === "reverted" ? "1.2.3" : "1.2.4");
  });

  it("says how far it is, there and back", async () => {
    const { entries } = await rehearse({ stack: "test", faults: ["errors=3%@100"] });
    const progress = entries.flatMap(({ data, step }) =>
      typeof data["progress"] === "string" ? [`${step}: ${data["progress"]}`] : [],
    );
    expect(progress).toContain("roll: 4 of 6 updated, 3 old pending, 5 available");
    expect(progress).toContain("revert: 4 of 6 updated, 3 old pending, 5 available");
    expect(progress.at(-1)).toBe("revert: 6 of 6 updated");
  });

  it("an ordinary update after a revert is not fenced off: the next version rolls", async () => {
    const stack = await openStack({ stack: "test", faults: ["errors=3%@100"] });
    try {
      expect((await stack.run("1.2.4")).outcome).toBe("reverted");
      expect(await stack.run("1.2.5")).toMatchObject({ outcome: "promoted" });
      expect(stack.sandbox.cloud.violations).toEqual([]);
    } finally {
      await stack.close();
    }
  });

  it("a fix rolls in a stack of canaries, and leaves the canary's route alone", async () => {
    const run = await rehearse({
      change: (rollout) =>
        Object.assign(rollout, {
          strategy: "rolling",
          strategyReason: "the fix cannot run beside 1.2.3",
          soak: "15m",
        }),
    });
    expect(run.outcome).toMatchObject({ outcome: "promoted", exposures: [100] });
    expectVersion(run, "1.2.4");
  });
});

describe.concurrent("direct, not watched (dev)", () => {
  it("a good version, and one whose faults nobody sees, go through", async () => {
    for (const faults of [[], ["errors=30%"], ["health=503@100"]]) {
      const run = await rehearse({ stack: "dev", faults });
      expect({ exit: run.exit, outcome: run.outcome.outcome }).toEqual({ exit: 0, outcome: "promoted" });
      expectVersion(run, "1.2.4");
    }
  });

  it("an update that fails waits for a person, and goes back by hand", async () => {
    const stack = await openStack({ stack: "dev", faults: ["image-pull"] });
    try {
      const held = await stack.run("1.2.4");
      expect({ exit: exitOf(held), at: held.heldAt, cause: held.cause?.reason }).toEqual({
        exit: 22,
        at: "direct",
        cause: "UpdateFailed",
      });
      const taken = await stack.rollback("other: does not start");
      expect(taken).toMatchObject({ outcome: "reverted", failedAt: "direct", revert: { stateEqual: true } });
      expect(taken.cause).toMatchObject({ reason: "Aborted", kind: "person" });
    } finally {
      await stack.close();
    }
  });

  it("from a version that went through, the way back is a rollout of its own", async () => {
    const stack = await openStack({ stack: "dev", faults: ["errors=30%"] });
    try {
      expect((await stack.run("1.2.4")).outcome).toBe("promoted");
      expect(await stack.run("1.2.3")).toMatchObject({ outcome: "promoted", version: "1.2.3" });
    } finally {
      await stack.close();
    }
  });
});

describe.concurrent("direct, watched for 30 minutes, back on any error (hotfix)", () => {
  const rows: readonly Row[] = [
    { why: "a good version", faults: [], outcome: "promoted", exit: 0 },
    // 12 in a million of 100,000 requests in ten seconds: one of them fails.
    { why: "one failed request", faults: ["errors=0.0012%@100:10s"], ...breach, gate: "error-rate" },
    { why: "one exception", faults: ["exceptions=1@100"], ...breach, gate: "exceptions" },
    { why: "ill", faults: ["health=500@100"], ...breach, gate: "health" },
    { why: "never starts", faults: ["crashloop"], ...back, cause: "UpdateFailed" },
  ];
  it.each(rows)("$why → $outcome", async ({ faults, outcome, exit, cause, gate }) => {
    const { outcome: ended, exit: code, weights } = await rehearseOnce({ change: hotfix, faults });
    expect({ outcome: ended.outcome, exit: code }).toEqual({ outcome, exit });
    expect(ended.cause?.reason).toBe(cause);
    if (gate !== undefined) expect(ended.cause).toMatchObject({ gate });
    if (gate === "error-rate") expect(ended.cause?.message).toMatch(/^the service 1 of \d+ requests failed/);
    if (outcome === "reverted") {
      expect(ended.failedAt).toBe("direct");
      expect(ended.revert).toMatchObject({ stateEqual: true });
    }
    expect(weights).toEqual([0]);
  });
});
