import { describe, expect, it } from "vitest";
import { type Budget, budgetOfAnswer } from "../../../src/analysis/budget.ts";
import { budgetSpan, daysToCount } from "../../../src/analysis/budget-window.ts";
import { burnVerdict, burnWindows, readBurn } from "../../../src/analysis/burn.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { createSandboxMetrics } from "../../../src/sandbox/metrics.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import { createSandboxTotals } from "../../../src/sandbox/totals.ts";
import { canaryWorld, deployment, MINUTE, route, SECOND, START_MS, service, shift } from "./world.ts";

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH_REQUESTS = 25_920_000_000;

type Value = { readonly total: number; readonly bad: number };

async function count(
  sandbox: Sandbox,
  span: { readonly fromMs: number; readonly toMs: number },
  sloPercent?: number,
): Promise<Value> {
  const options = sloPercent === undefined ? {} : { availabilityPercent: sloPercent };
  const answer = await createSandboxTotals(sandbox, options).count(span);
  if (answer.status !== "value") throw new Error(`${answer.status}: ${answer.message}`);
  return answer;
}

const last = (sandbox: Sandbox, ms: number): Promise<Value> =>
  count(sandbox, { fromMs: sandbox.clock.now() - ms, toMs: sandbox.clock.now() });

async function budget(sandbox: Sandbox, sloPercent = 99.9): Promise<Budget> {
  const value = await count(sandbox, budgetSpan("rolling-30d", sandbox.clock.now()), sloPercent);
  return budgetOfAnswer({ status: "value", ...value }, sloPercent);
}

async function burning(sandbox: Sandbox) {
  const readings = burnWindows.map(async (window) => {
    const [long, short] = await Promise.all([last(sandbox, window.longMs), last(sandbox, window.shortMs)]);
    const answers = { long: { status: "value", ...long }, short: { status: "value", ...short } } as const;
    return readBurn({ window, ...answers }, { sloPercent: 99.9 });
  });
  return await Promise.all(readings);
}

const empty = (): Sandbox => createSandbox({ seed: 1, startMs: START_MS, faults: [] });

describe("the time before the sandbox", () => {
  it("served 10,000 requests a second and used a quarter of a budget of 99.9 %", async () => {
    const sandbox = empty();
    expect(await last(sandbox, 30 * DAY)).toEqual({
      status: "value",
      total: MONTH_REQUESTS,
      bad: MONTH_REQUESTS / 4_000,
    });
    expect(await budget(sandbox)).toMatchObject({ band: "safe", remainingPercent: 75 });
    expect(await last(sandbox, HOUR)).toMatchObject({ total: 36_000_000, bad: 9_000 });
  });

  it.each([99, 99.99, 99.5])(
    "used a quarter of the budget of a stack that promises %d %%, too",
    async (slo) => {
      expect(await budget(empty(), slo)).toMatchObject({ band: "safe", remainingPercent: 75 });
    },
  );

  it("has no failures where nothing may fail", async () => {
    const sandbox = empty();
    const span = { fromMs: START_MS - DAY, toMs: START_MS };
    expect(await count(sandbox, span, 100)).toMatchObject({ total: 864_000_000, bad: 0 });
  });

  it("is no zero for an empty span, and cancelled is an `error`", async () => {
    const totals = createSandboxTotals(empty());
    const span = { fromMs: START_MS, toMs: START_MS + MINUTE };
    expect(await totals.count(span)).toMatchObject({ status: "empty" });
    expect(await totals.count({ fromMs: 0, toMs: START_MS, signal: AbortSignal.abort() })).toMatchObject({
      status: "error",
    });
  });
});

describe("the time since", () => {
  it("is what telemetry has counted, both versions together", async () => {
    const sandbox = await canaryWorld({ faults: ["errors=50%@20"] });
    await shift(sandbox, 20);
    const fromMs = Math.ceil(sandbox.clock.now() / 10_000) * 10_000;
    await sandbox.clock.advance(3 * MINUTE);
    const answer = await createSandboxMetrics(sandbox).observe({
      sinceMs: fromMs,
      nowMs: 0,
      thresholdsMs: [],
    });
    if (answer.status !== "value") throw new Error(answer.message);
    const bins = [...answer.candidate.bins, ...answer.stable.bins];
    expect(answer.candidate.bins).toHaveLength(17);
    const seen = await count(sandbox, { fromMs, toMs: sandbox.clock.now() });
    expect(seen).toMatchObject({
      total: bins.reduce((sum, { n }) => sum + n, 0),
      bad: bins.reduce((sum, { errors }) => sum + errors, 0),
    });
    expect(seen.bad / seen.total).toBeGreaterThan(0.1);
  });

  it("joins the time before: spans that touch add up", async () => {
    const sandbox = await canaryWorld();
    await sandbox.clock.advance(10 * MINUTE);
    const nowMs = sandbox.clock.now();
    const edges = [nowMs - DAY, START_MS - 12_345, START_MS + 31_000, START_MS + 77_777, nowMs - 1, nowMs];
    let [total, bad] = [0, 0];
    for (const [at, fromMs] of edges.slice(0, -1).entries()) {
      const answer = await createSandboxTotals(sandbox).count({ fromMs, toMs: edges[at + 1] ?? 0 });
      if (answer.status !== "value") continue;
      total += answer.total;
      bad += answer.bad;
    }
    expect(await last(sandbox, DAY)).toMatchObject({ total, bad });
  });

  it("begins when the first version answers: an install is no outage", async () => {
    const sandbox = empty();
    sandbox.cloud.create(service("stable"));
    sandbox.cloud.create(route(100));
    sandbox.cloud.create(deployment("stable", { replicas: 2 }));
    await sandbox.clock.advance(MINUTE);
    const { stable } = await telemetryOf(sandbox);
    // The sandbox did see requests that nobody answered.
    expect(stable[0]?.errors).toBe(stable[0]?.n);
    const { total, bad } = await last(sandbox, MINUTE);
    expect(bad / total).toBeLessThan(0.002);
    expect((await budget(sandbox)).band).toBe("safe");
  });

  it("is calm in a healthy rehearsal of four hours", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 50);
    await sandbox.clock.advance(4 * HOUR);
    for (const reading of await burning(sandbox)) expect(reading.state).toBe("quiet");
    expect((await budget(sandbox)).band).toBe("safe");
  });

  it("fires where a fault of the rehearsal burns for long", async () => {
    const sandbox = await canaryWorld({ faults: ["environment-errors=30%@5"] });
    await shift(sandbox, 5);
    await sandbox.clock.advance(10 * MINUTE);
    expect(burnVerdict(await burning(sandbox)).start).toBe("blocked");
  });
});

async function telemetryOf(sandbox: Sandbox) {
  const answer = await createSandboxMetrics(sandbox).observe({ sinceMs: 0, nowMs: 0, thresholdsMs: [] });
  if (answer.status !== "value") throw new Error(answer.message);
  return { stable: answer.stable.bins };
}

describe("budget=…", () => {
  const bands: readonly [string, string][] = [
    ["100", "safe"],
    ["99.5", "safe"],
    ["75", "safe"],
    ["50.01", "safe"],
    ["50", "caution"],
    ["33.33", "caution"],
    ["20", "caution"],
    ["19.99", "defer"],
    ["15", "defer"],
    ["0", "defer"],
    ["-0.01", "freeze"],
    ["-50", "freeze"],
    ["-999", "freeze"],
  ];

  it.each(bands)("%s %% is exactly that, at any moment: %s", async (remaining, band) => {
    const sandbox = await canaryWorld({ faults: [`budget=${remaining}%`] });
    const bad = Math.round((100 - Number(remaining)) * 100) * 2_592;
    for (const ms of [0, 1, 7 * SECOND, 47 * MINUTE, 3 * HOUR]) {
      await sandbox.clock.advance(ms);
      expect(await last(sandbox, 30 * DAY)).toMatchObject({ total: MONTH_REQUESTS, bad });
      expect(await budget(sandbox)).toMatchObject({ band });
    }
    const known = await budget(sandbox);
    if (known.band === "unknown") throw new Error(known.why);
    expect(known.remainingPercent).toBeCloseTo(Number(remaining), 9);
    // The last hours are calm, however bad the month was.
    for (const { state, longBurn = NaN, shortBurn = NaN } of await burning(sandbox)) {
      expect(state).toBe("quiet");
      expect(Math.max(longBurn, shortBurn)).toBeLessThanOrEqual(0.25);
    }
  });

  it.each(["budget=15%", "budget-burn"])("%s is so before anything is installed", async (fault) => {
    const sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [parseFault(fault)] });
    const healthy = MONTH_REQUESTS / 4_000;
    const { bad } = await last(sandbox, 30 * DAY);
    expect(bad).toBe(fault === "budget-burn" ? healthy + 720_000 : 8_500 * 2_592);
  });

  it("holds whatever the rehearsal does to requests", async () => {
    const sandbox = await canaryWorld({ faults: ["budget=20%", "environment-errors=50%@5"] });
    await shift(sandbox, 5);
    await sandbox.clock.advance(30 * MINUTE);
    expect(await last(sandbox, 30 * DAY)).toMatchObject({ bad: 8_000 * 2_592 });
  });

  it("is of the stack's own objective", async () => {
    const sandbox = await canaryWorld({ faults: ["budget=20%"] });
    expect(await budget(sandbox, 99.5)).toMatchObject({ band: "caution", remainingPercent: 20 });
    expect(await budget(sandbox, 99.95)).toMatchObject({ band: "caution", remainingPercent: 20 });
  });

  it("adds up by the day", async () => {
    const sandbox = await canaryWorld({ faults: ["budget=-30%"] });
    let [total, bad] = [0, 0];
    for (const day of daysToCount(sandbox.clock.now())) {
      const counted = await count(sandbox, day);
      total += counted.total;
      bad += counted.bad;
    }
    expect({ total, bad }).toEqual({ total: MONTH_REQUESTS, bad: 13_000 * 2_592 });
  });

  it("with an exposure it is worse from there on", async () => {
    const sandbox = await canaryWorld({ faults: ["budget=15%@20"] });
    await shift(sandbox, 5);
    expect((await budget(sandbox)).band).toBe("safe");
    await shift(sandbox, 20);
    expect((await budget(sandbox)).band).toBe("defer");
  });

  it("leaves metrics alone", async () => {
    const [with15, without] = [await canaryWorld({ faults: ["budget=15%"] }), await canaryWorld()];
    expect(await telemetryOf(with15)).toEqual(await telemetryOf(without));
  });
});

describe("budget-burn", () => {
  it.each([[[]], [["budget=50%"]], [["budget=-20%"]]])("beside %j: a page fires", async (others) => {
    const sandbox = await canaryWorld({ faults: ["budget-burn", ...others] });
    await sandbox.clock.advance(20 * MINUTE);
    const [hour, sixHours] = await burning(sandbox);
    expect(hour).toMatchObject({ state: "fires" });
    expect(hour?.longBurn).toBeGreaterThanOrEqual(20);
    expect(hour?.longBurn).toBeLessThan(22);
    expect(sixHours).toMatchObject({ state: "quiet" });
    expect(burnVerdict(await burning(sandbox)).start).toBe("blocked");
  });

  it("counts in what is left: still exactly 50 %", async () => {
    const sandbox = await canaryWorld({ faults: ["budget-burn", "budget=50%"] });
    expect(await last(sandbox, 30 * DAY)).toMatchObject({ total: MONTH_REQUESTS, bad: 5_000 * 2_592 });
    expect(await last(sandbox, HOUR)).toMatchObject({ total: 36_000_000, bad: 720_000 });
  });

  it("never has more failures than requests", async () => {
    const sandbox = await canaryWorld({ faults: ["budget-burn"] });
    for (const slo of [80, 95]) {
      const span = { fromMs: sandbox.clock.now() - 5 * MINUTE, toMs: sandbox.clock.now() };
      const { total, bad } = await count(sandbox, span, slo);
      expect(bad).toBe(total);
    }
  });
});
