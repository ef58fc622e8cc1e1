import { describe, expect, it } from "vitest";
import { createSandboxMetrics } from "../../../src/sandbox/metrics.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { CohortBin, MetricsAnswer } from "../../../src/types/observation.ts";
import { canaryWorld, MINUTE, SECOND, shift } from "./world.ts";

type Value = Extract<MetricsAnswer, { status: "value" }>;

async function observe(sandbox: Sandbox, sinceMs: number): Promise<Value> {
  const answer = await createSandboxMetrics(sandbox).observe({
    sinceMs,
    nowMs: sandbox.clock.now(),
    thresholdsMs: [500, 1_000],
  });
  if (answer.status !== "value") throw new Error(`${answer.status}: ${answer.message}`);
  return answer;
}

const sum = (bins: readonly CohortBin[], of: (bin: CohortBin) => number): number =>
  bins.reduce((total, bin) => total + of(bin), 0);

/** Every run of neighbouring bins, from one bin to all of them. */
function windows(bins: readonly CohortBin[]): readonly (readonly CohortBin[])[] {
  return bins.flatMap((_, from) =>
    bins.slice(from).map((_bin, length) => bins.slice(from, from + length + 1)),
  );
}

describe("errors at a rate", () => {
  const exposures = [5, 20, 50, 100, 10, 40];
  const rates: readonly [string, boolean][] = [
    ["0.9%", false],
    ["1%", false],
    ["1.1%", true],
  ];
  const cases = exposures.flatMap((exposure) => rates.map(([rate, above]) => ({ exposure, rate, above })));

  it.each(cases)(
    "$rate at $exposure %: above 1 % is $above in every window",
    async ({ exposure, rate, above }) => {
      const sandbox = await canaryWorld({ faults: [`errors=${rate}@${exposure}`], seed: exposure });
      await shift(sandbox, exposure);
      const sinceMs = Math.ceil(sandbox.clock.now() / 10_000) * 10_000;
      await sandbox.clock.advance(5 * MINUTE);
      const { candidate, stable } = await observe(sandbox, sinceMs);
      expect(candidate.bins.length).toBeGreaterThanOrEqual(29);
      for (const window of windows(candidate.bins)) {
        const n = sum(window, (bin) => bin.n);
        expect(sum(window, (bin) => bin.errors) * 100 > n).toBe(above);
      }
      if (exposure < 100)
        expect(sum(stable.bins, (b) => b.errors) / sum(stable.bins, (b) => b.n)).toBeLessThan(0.0011);
    },
  );

  it.each([
    ["119s", 11],
    ["120s", 12],
    ["121s", 12],
  ])("that last %s fill %d whole bins", async (duration, bins) => {
    const sandbox = await canaryWorld({ faults: [`errors=1.1%@20:${duration}`] });
    await shift(sandbox, 20);
    const sinceMs = sandbox.clock.now();
    await sandbox.clock.advance(5 * MINUTE);
    const { candidate } = await observe(sandbox, sinceMs);
    expect(candidate.bins.filter((bin) => bin.errors * 100 > bin.n)).toHaveLength(bins);
  });

  it("start when their exposure is in force, not before", async () => {
    const sandbox = await canaryWorld({ faults: ["errors=3%@20"] });
    await shift(sandbox, 5);
    const sinceMs = sandbox.clock.now();
    await sandbox.clock.advance(2 * MINUTE);
    await shift(sandbox, 20);
    const at20 = sandbox.clock.now();
    await sandbox.clock.advance(2 * MINUTE);
    const { candidate } = await observe(sandbox, sinceMs);
    const ill = candidate.bins.filter((bin) => bin.errors * 100 > bin.n);
    expect(ill[0]?.startMs).toBe(Math.ceil(at20 / 10_000) * 10_000);
  });

  it("of the environment hit both sides", async () => {
    const sandbox = await canaryWorld({ faults: ["environment-errors=3%@20"] });
    await shift(sandbox, 20);
    const sinceMs = sandbox.clock.now() + 10 * SECOND;
    await sandbox.clock.advance(MINUTE);
    const { candidate, stable } = await observe(sandbox, sinceMs);
    for (const { bins } of [candidate, stable]) {
      for (const bin of bins) expect(bin.errors).toBe(Math.floor((bin.n * 30_000) / 1_000_000));
    }
  });
});

describe("volume", () => {
  it("splits 10,000 requests a second by the weights, within the jitter of 3 %", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    const sinceMs = sandbox.clock.now() + 10 * SECOND;
    await sandbox.clock.advance(10 * MINUTE);
    const { candidate, stable } = await observe(sandbox, sinceMs);
    for (const [index, bin] of candidate.bins.entries()) {
      const total = bin.n + (stable.bins[index]?.n ?? 0);
      expect(Math.abs(total - 100_000)).toBeLessThanOrEqual(3_001);
      expect(Math.abs(bin.n - total * 0.2)).toBeLessThanOrEqual(1);
    }
    expect(new Set(candidate.bins.map((bin) => bin.n)).size).toBeGreaterThan(10);
  });

  it("is the same for the same seed and another one for another", async () => {
    const run = async (seed: number): Promise<readonly CohortBin[]> => {
      const sandbox = await canaryWorld({ seed });
      await shift(sandbox, 20);
      await sandbox.clock.advance(MINUTE);
      return (await observe(sandbox, 0)).candidate.bins;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it("counts the part of a bin before a new weight by the old one", async () => {
    const sandbox = await canaryWorld();
    await sandbox.clock.advance(4 * SECOND);
    await shift(sandbox, 50);
    await sandbox.clock.advance(5 * SECOND);
    const [bin] = (await observe(sandbox, sandbox.clock.now() - 10 * SECOND)).candidate.bins;
    // Half of the last 5 s of 10.
    expect(Math.abs((bin?.n ?? 0) - 25_000)).toBeLessThanOrEqual(751);
  });
});

describe("latency", () => {
  it.each([
    ["healthy: P95 480 ms lies below both limits", undefined, false, false],
    ["P95 exactly at the limit is not above it", "latency=1000ms@20", true, false],
    ["P95 above the limit shows in every bin", "latency=1050ms@20", true, true],
  ])("%s", async (_reason, fault, above500, above1000) => {
    const sandbox = await canaryWorld({ faults: fault === undefined ? [] : [fault] });
    await shift(sandbox, 20);
    const sinceMs = sandbox.clock.now() + 10 * SECOND;
    await sandbox.clock.advance(5 * MINUTE);
    const { candidate, stable } = await observe(sandbox, sinceMs);
    for (const bin of candidate.bins) {
      expect([(bin.slow[500] ?? NaN) * 20 > bin.n, (bin.slow[1_000] ?? NaN) * 20 > bin.n]).toEqual([
        above500,
        above1000,
      ]);
    }
    for (const bin of stable.bins) expect((bin.slow[500] ?? NaN) * 20).toBeLessThan(bin.n);
  });
});

describe("exceptions in any 15 minutes", () => {
  const worst = (bins: readonly CohortBin[]): number =>
    Math.max(...bins.map((_, from) => sum(bins.slice(from, from + 90), (bin) => bin.exceptions)));

  it.each([
    [5, 1],
    [20, 2],
    [50, 5],
    [100, 10],
  ])("a healthy candidate at %d %% has at most %d", async (exposure, most) => {
    const sandbox = await canaryWorld();
    await shift(sandbox, exposure);
    await sandbox.clock.advance(60 * MINUTE);
    const { candidate } = await observe(sandbox, 0);
    expect(worst(candidate.bins)).toBe(most);
  });

  it.each([
    ["exceptions=11@20", 11],
    ["exceptions=10@20", 10],
  ])("%s: a soak of 15 minutes sees %d", async (fault, count) => {
    const sandbox = await canaryWorld({ faults: [fault] });
    await shift(sandbox, 20);
    const sinceMs = sandbox.clock.now();
    await sandbox.clock.advance(15 * MINUTE);
    const { candidate, stable } = await observe(sandbox, sinceMs);
    expect(sum(candidate.bins, (bin) => bin.exceptions)).toBe(count);
    expect(sum(stable.bins, (bin) => bin.exceptions)).toBeLessThanOrEqual(8);
  });
});

describe("what the source answers", () => {
  it("bins that have closed, from the asked time on, and says up to where", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    await sandbox.clock.advance(64 * SECOND);
    const nowMs = sandbox.clock.now();
    const { candidate, watermarkMs, binMs } = await observe(sandbox, nowMs - 35 * SECOND);
    expect([binMs, watermarkMs]).toEqual([10_000, nowMs - 5 * SECOND]);
    expect(candidate.bins.map((bin) => bin.startMs)).toEqual([
      watermarkMs - 30_000,
      watermarkMs - 20_000,
      watermarkMs - 10_000,
    ]);
  });

  it("`empty` before the first closed bin: silence is no zero", async () => {
    const sandbox = await canaryWorld();
    const query = { sinceMs: sandbox.clock.now(), nowMs: sandbox.clock.now(), thresholdsMs: [] };
    expect(await createSandboxMetrics(sandbox).observe(query)).toMatchObject({ status: "empty" });
  });

  it.each([
    ["metrics-outage@20:60s", "error"],
    ["silent-canary@20:60s", "empty"],
  ])("%s: `%s`, and data again when it is over", async (fault, status) => {
    const sandbox = await canaryWorld({ faults: [fault] });
    const metrics = createSandboxMetrics(sandbox);
    const ask = async (): Promise<string> =>
      (await metrics.observe({ sinceMs: 0, nowMs: sandbox.clock.now(), thresholdsMs: [] })).status;
    expect(await ask()).toBe("value");
    await shift(sandbox, 20);
    expect(await ask()).toBe(status);
    await sandbox.clock.advance(MINUTE);
    expect(await ask()).toBe("value");
  });
});
