import { get } from "node:https";
import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/driver/outcome.ts";
import { openStack, type RehearsedStack, rehearseOnce } from "../support/rehearse.ts";

// Blue-green on the real engine, program and driver: staging on App Service (the real swap, validation and SlotRelease
// over HTTPS to an ARM on loopback), prod on Kubernetes.

interface Row {
  readonly why: string;
  readonly faults: readonly string[];
  readonly outcome: "promoted" | "reverted" | "held";
  readonly failedAt?: string;
  readonly cause?: string;
  readonly says?: string;
  /** Swaps that took effect. */
  readonly swaps: number;
}

const back = { outcome: "reverted" } as const;
const refused = { ...back, failedAt: "validate", cause: "ValidationFailed", swaps: 1 } as const;
const breach = { ...back, failedAt: "swap", cause: "HardLimitBreached", swaps: 3 } as const;
const evidence = { ...breach, cause: "EvidenceAgainst" } as const;

// The install is a swap too: the first build comes by the slot.
const rows: readonly Row[] = [
  { why: "a good version", faults: [], outcome: "promoted", swaps: 2 },
  {
    why: "its health",
    faults: ["validation=health"],
    ...refused,
    says: "health: GET /health/live answered 500",
  },
  {
    why: "its readiness",
    faults: ["validation=ready"],
    ...refused,
    says: "ready: GET /health/ready answered 500",
  },
  { why: "the smoke command", faults: ["validation=smoke"], ...refused, says: "smoke: fails" },
  { why: "the database", faults: ["validation=postgres"], ...refused, says: "postgres: fails" },
  { why: "the queue", faults: ["validation=service-bus"], ...refused, says: "is Disabled" },
  { why: "the vault", faults: ["validation=key-vault"], ...refused, says: "does not exist" },
  { why: "errors after the swap", faults: ["errors=3%@100"], ...evidence },
  { why: "slow after the swap", faults: ["latency=1500ms@100"], ...evidence },
  { why: "ill after the swap", faults: ["health=503@100"], ...breach },
  {
    why: "a swap that is stuck",
    faults: ["stuck-swap"],
    ...back,
    failedAt: "swap",
    cause: "UpdateFailed",
    says: "is stuck",
    swaps: 1,
  },
  { why: "nobody can tell: neither on nor back", faults: ["metrics-outage@100"], outcome: "held", swaps: 2 },
];

const withPostgres = (rollout: Record<string, unknown>) => {
  Object.assign(Object(rollout["validate"]), { postgres: "postgres://atp:rehearsed@db.example/atp" });
};

/** Asks production for its build, without a pause, until it is told to stop: each answer but 200 is a lost request. */
function constantTraffic(host: string) {
  const seen = { total: 0, lost: 0, builds: new Set<string>() };
  let stopped = false;
  const ask = () =>
    new Promise<void>((done) => {
      const request = get(`https://${host}/orders`, { agent: false }, (response) => {
        seen.total++;
        if (response.statusCode !== 200) seen.lost++;
        seen.builds.add(String(response.headers["x-build"]).split("+")[0] ?? "");
        response.resume().once("end", done);
      });
      request.once("error", () => {
        seen.total++;
        seen.lost++;
        done();
      });
    });
  const loop = (async () => {
    while (!stopped) await ask();
  })();
  const stop = async () => {
    stopped = true;
    await loop;
    return seen;
  };
  return { stop };
}

function productionOf({ app }: RehearsedStack): string | undefined {
  return app?.model.production.settings["ROLLOUTS_BUILD_ID"]?.split("+")[0];
}

describe.concurrent("staging: blue-green on App Service", () => {
  it.each(rows)("$why → $outcome", async ({ faults, outcome, failedAt, cause, says, swaps }) => {
    const stack = await openStack({ stack: "staging", faults, change: withPostgres });
    try {
      const { app } = stack;
      if (app === undefined) throw new Error("staging has slots");
      expect(productionOf(stack)).toBe("1.2.3");
      const traffic = constantTraffic(app.hosts.production);
      const end = await stack.run("1.2.4");
      const seen = await traffic.stop();
      expect(end).toMatchObject({ outcome, ...(failedAt === undefined ? {} : { failedAt }) });
      expect(end.cause?.reason).toBe(cause ?? (outcome === "held" ? "SourceError" : undefined));
      if (says !== undefined) expect(end.cause?.message).toContain(says);
      expect(exitOf(end)).toBe({ promoted: 0, reverted: 20, held: 22 }[outcome]);
      expect(productionOf(stack)).toBe(outcome === "reverted" ? "1.2.3" : "1.2.4");
      expect(app.model.swaps).toBe(swaps);
      if (outcome === "reverted") expect(end.revert).toMatchObject({ stateEqual: true });
      expect(seen).toMatchObject({ lost: 0 });
      expect(seen.total).toBeGreaterThan(100);
      expect([...seen.builds].sort()).toEqual(swaps === 1 ? ["1.2.3"] : ["1.2.3", "1.2.4"]);
    } finally {
      await stack.close();
    }
  });

  it("a fault of a check that nobody runs is refused", async () => {
    const open = openStack({ stack: "staging", faults: ["validation=postgres"] });
    await expect(open).rejects.toMatchObject({ code: "fault-unknown", exit: "config" });
  });
});

describe.concurrent("prod: blue-green on Kubernetes", () => {
  const blueGreen = (rollout: Record<string, unknown>) =>
    void Object.assign(rollout, {
      strategy: "blue-green",
      strategyReason: "two versions can't share a queue",
    });
  it.each<
    readonly [string, readonly string[], "promoted" | "reverted", string | undefined, readonly number[]]
  >([
    ["a good version", [], "promoted", undefined, [0, 100, 0]],
    ["what doesn't validate is never swapped in", ["validation=ready"], "reverted", "validate", [0]],
    ["what never starts is never validated", ["image-pull"], "reverted", "stage", [0]],
    ["errors after the swap", ["errors=3%@100"], "reverted", "swap", [0, 100, 0]],
  ])("%s", async (_why, faults, outcome, failedAt, weights) => {
    const run = await rehearseOnce({ faults, change: blueGreen });
    expect(run.outcome).toMatchObject({ outcome, ...(failedAt === undefined ? {} : { failedAt }) });
    if (outcome === "reverted") expect(run.outcome.revert).toMatchObject({ stateEqual: true });
    expect(run.weights).toEqual(weights);
  });
});
