import { afterEach, describe, expect, it, vi } from "vitest";
import type { CommandContext, OptionValues } from "../../../src/cli/command.ts";
import { judgeCommand } from "../../../src/cli/commands/judge.ts";
import type { WatchPorts } from "../../../src/cli/compose/ports.ts";
import type { Decision } from "../../../src/cli/decision.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import { createVirtualClock } from "../../../src/sandbox/clock.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import type { Versions } from "../../../src/types/versions.ts";
import { aPolicy } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryGauge } from "../../support/memory-gauge.ts";
import { createMemoryHealth } from "../../support/memory-health.ts";
import { createMemoryMetrics, type Traffic } from "../../support/memory-metrics.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const opened = vi.hoisted(() => ({ ports: undefined as WatchPorts | undefined }));
vi.mock("../../../src/cli/compose/ports.ts", async (original) => {
  const real = await original<typeof import("../../../src/cli/compose/ports.ts")>();
  return {
    ...real,
    openPorts: async (...args: Parameters<typeof real.openPorts>) => opened.ports ?? real.openPorts(...args),
  };
});
afterEach(() => {
  opened.ports = undefined;
});

const start = Date.UTC(2026, 0, 15, 10);
const minute = 60_000;
const gates = { ...aPolicy().gates, evidence: { odds: 20, tolerance: 1.5, noise: 0.5 } };

/** Of 100 requests a second 5 % on the canary; from a minute on so many of its requests fail. */
function traffic(failsFrom = Number.POSITIVE_INFINITY, share = 0.1): Traffic {
  return (side, startMs) => {
    const n = side === "stable" ? 950 : 50;
    const ill = side === "candidate" && startMs >= start + failsFrom * minute;
    return { n, errors: ill ? Math.round(n * share) : side === "stable" ? 1 : 0, slow: { 1000: 0 } };
  };
}

interface LiveOptions {
  readonly argv?: OptionValues;
  readonly policy?: Partial<EnvironmentPolicy>;
  readonly traffic?: Traffic;
  readonly ports?: Partial<WatchPorts>;
  readonly driver?: ReturnType<typeof aDriver>;
}

interface LiveData {
  readonly decision: Decision;
  readonly looks: number;
  readonly gates: readonly { readonly gate: string; readonly verdict: string }[];
}

/** The verb on a clock that jumps from sleep to sleep; whoever moves traffic fails the test. */
function live(options: LiveOptions = {}) {
  const clock = createVirtualClock({ startMs: start });
  const stop = new AbortController();
  const { runtime: base } = createMemoryRuntime();
  const runtime = { ...base, clock, signal: stop.signal };
  const metrics = createMemoryMetrics({ traffic: options.traffic ?? traffic() });
  const health = createMemoryHealth();
  const moved: string[] = [];
  const lever = {
    name: "memory",
    setExposure: async () => void moved.push("moved"),
    read: async () => ({ exposure: 5, accepted: true, hasCandidate: true }),
  };
  opened.ports = { metrics, health, lever, ...options.ports };
  const driver = options.driver ?? aDriver();
  const world = aWorld(driver, aStackConfig({ gates, ...options.policy }));
  const talk: string[] = [];
  const argv = { live: true, stack: "prod", ...options.argv };
  const context: CommandContext = {
    options: argv,
    stack: "prod",
    projectDir: "/project",
    json: true,
    color: false,
    env: {},
    talk: { line: (text) => void talk.push(text), color: false, addSecrets: () => {} },
    runtime,
    world,
    interrupts: { signal: stop.signal, track: (work) => work },
  };
  const run = async () => {
    const result = await judgeCommand.handler(context);
    return { ...result, data: result.data as LiveData };
  };
  return { run, metrics, health, clock, talk, moved, world, stop };
}

describe("judge --live", () => {
  it("15 min, a look every 2: passes where every gate does, exit 0", async () => {
    const { run, metrics, health, clock, talk, moved, world } = live();
    const { exit, text, data, problem } = await run();
    expect({ exit, problem }).toEqual({ exit: undefined, problem: undefined });
    expect(data).toMatchObject({ stack: "prod", service: "atp-ingestion", source: "memory", looks: 9 });
    expect(data.decision).toMatchObject({
      kind: "promote",
      gate: "evidence",
      at: "2026-01-15T10:15:00.000Z",
    });
    expect(data.gates.map(({ verdict }) => verdict)).toEqual(data.gates.map(() => "pass"));
    expect(clock.now()).toBe(start + 15 * minute);
    // Everything since the watch began, at once and then every two minutes.
    const looks = [0, 2, 4, 6, 8, 10, 12, 14, 15].map((at) => start + at * minute);
    expect(metrics.queries.map(({ nowMs }) => nowMs)).toEqual(looks);
    expect(new Set(metrics.queries.map(({ sinceMs }) => sinceMs))).toEqual(new Set([start]));
    expect(health.probes).toBe(9);
    expect(talk).toHaveLength(9);
    expect(talk[0]).toContain("15 min left");
    expect(talk[4]).toMatch(/^10:08:00 {2}errors .*health ok .*7 min left$/);
    expect(talk[8]).toContain("the end");
    expect(text).toMatch(/^promote at 2026-01-15T10:15:00Z \(evidence\): canary 0 of 4,350 failed/);
    expect({ moved, drivers: world.opened }).toEqual({ moved: [], drivers: [] });
  });

  it("a breach ends it at once, exit 20, and nothing is moved", async () => {
    const { run, clock, moved } = live({ traffic: traffic(5) });
    const { exit, problem, data } = await run();
    expect(exit).toBe(20);
    expect(data.decision).toMatchObject({ kind: "revert", cause: "canary", at: "2026-01-15T10:06:00.000Z" });
    expect(problem).toMatchObject({
      code: "breached",
      hint: expect.stringContaining("nothing here has moved"),
    });
    expect(clock.now()).toBe(start + 6 * minute);
    expect(moved).toEqual([]);
  });

  it("a canary that is ill from the start is found by the first look", async () => {
    const { run, health, clock } = live();
    health.set("candidate", { status: "unhealthy", httpStatus: 503, path: "/health/ready" });
    const { exit, data } = await run();
    expect(exit).toBe(20);
    expect(data.decision).toMatchObject({ kind: "revert", gate: "health" });
    expect(clock.now()).toBe(start);
  });

  it("a level of the stack above its limit reverts too", async () => {
    const pool = { limit: 90, forSeconds: 180, source: "memory" };
    const quiet = { limit: 1, forSeconds: 60, source: "none" };
    const levels = { "db-pool": pool, "queue-depth": quiet, memory: quiet };
    const { run } = live({
      policy: { gates: { ...gates, gauges: levels } },
      ports: { gauges: { "db-pool": createMemoryGauge((atMs) => (atMs < start + 3 * minute ? 40 : 95)) } },
    });
    const { exit, data } = await run();
    expect(exit).toBe(20);
    expect(data.decision).toMatchObject({ kind: "revert", gate: "db-pool" });
  });

  const slo = {
    availabilityPercent: 99.9,
    resolveWithinSeconds: 600,
    window: "rolling-30d",
    queueLag: true,
  } as const;
  const calm: Traffic = (side) => ({ n: side === "stable" ? 9500 : 500, errors: 0, slow: { 1000: 0 } });
  it.each([
    { why: "short", lag: 20, exit: undefined },
    { why: "critical for ten minutes", lag: 400, exit: 20 },
    { why: "past its warning", lag: 130, exit: 22 },
    { why: "not measured", lag: undefined, exit: 22 },
  ])("the queue's lag, where the objectives have it: $why", async ({ lag, exit }) => {
    const queueLag = createMemoryGauge(() => lag);
    const { run } = live({ traffic: calm, policy: { gates: { ...gates, slo } }, ports: { queueLag } });
    const result = await run();
    expect(result.exit).toBe(exit);
    if (exit !== undefined) expect(result.data.decision.gate).toBe("slo");
  });

  const unproved: readonly { why: string; options: LiveOptions; outage?: string; gate: string }[] = [
    { why: "silence", options: { traffic: () => undefined }, gate: "error-rate" },
    { why: "a source that fails", options: {}, outage: "HTTP 503", gate: "error-rate" },
    { why: "too little time", options: { argv: { duration: "1m", interval: "10s" } }, gate: "error-rate" },
    {
      why: "a review that waits for a person",
      options: {
        policy: { gates: { ...gates, reviews: [{ name: "checkout-rate", limit: 0.9, worse: "below" }] } },
        ports: { reviews: { "checkout-rate": createMemoryGauge(() => 0.5) } },
      },
      gate: "review:checkout-rate",
    },
  ];
  it.each(unproved)("$why is no pass: exit 22 at the end", async ({ options, outage, gate }) => {
    const { run, metrics, clock } = live(options);
    metrics.setOutage(outage);
    const { exit, problem, data } = await run();
    expect(exit).toBe(22);
    expect(problem).toMatchObject({ code: "not-proved" });
    expect(data.decision).toMatchObject({ kind: "hold", gate });
    expect(clock.now()).toBe(start + (options.argv === undefined ? 15 : 1) * minute);
  });

  it("a process that is asked to stop has no verdict: exit 8", async () => {
    const { run, health, stop } = live();
    health.set("stable", () => {
      if (health.probes === 3) stop.abort();
      return { status: "ok" };
    });
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RolloutError);
    expect(error).toMatchObject({ code: "cancelled", exit: "cancelled" });
    expect(health.probes).toBe(3);
  });

  it("counts by version where the sides have no other name: in service, and in config", async () => {
    const asked: Versions[] = [];
    const own = createMemoryMetrics({ traffic: traffic() });
    const metricsFor = (versions: Versions) => {
      asked.push(versions);
      return own;
    };
    const driver = aDriver();
    await driver.run();
    const { run, metrics } = live({ driver, ports: { metricsFor } });
    expect((await run()).data.decision.kind).toBe("promote");
    expect(asked).toMatchObject([{ from: "1.2.4", to: "1.2.4" }]);
    expect(metrics.queries).toEqual([]);
    const unknown = live({ ports: { metricsFor } });
    await expect(unknown.run()).rejects.toMatchObject({ code: "versions-unknown", exit: "config" });
  });

  it("counts the versions of the rollout that is in flight", async () => {
    const asked: Versions[] = [];
    const driver = aDriver();
    await driver.run({ stopAfter: "20" });
    const own = createMemoryMetrics({ traffic: traffic() });
    const { run } = live({
      driver,
      ports: {
        metricsFor: (versions) => {
          asked.push(versions);
          return own;
        },
      },
    });
    await run();
    expect(asked).toMatchObject([{ from: "1.2.3", to: "1.2.4" }]);
  });

  it("a version in stable's place has nothing beside it: exit 2", async () => {
    const { run } = live({ policy: { strategy: "rolling" } });
    await expect(run()).rejects.toMatchObject({ code: "nothing-to-compare", exit: "config" });
  });

  it("a stack with the sandbox's metrics: exit 2, with a hint", async () => {
    const { code, json } = await cli(["judge", "--live", "--stack", "prod", "--json"], {
      world: aWorld(aDriver()),
    });
    expect(code).toBe(2);
    expect(json).toMatchObject({ ok: false, error: { code: "not-here" } });
  });
});
