import { describe, expect, it } from "vitest";
import { PaceEvidence } from "../../../src/analysis/pace.ts";
import { sloStateOfCounts } from "../../../src/analysis/slo.ts";
import { createSandboxMetrics } from "../../../src/sandbox/metrics.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { CohortBin, MetricsAnswer } from "../../../src/types/observation.ts";
import { canaryWorld, MINUTE, shift } from "./world.ts";

type Value = Extract<MetricsAnswer, { status: "value" }>;
const thresholdsMs = [200, 500, 800, 1_000, 1_500, 2_000];

async function observe(sandbox: Sandbox, sinceMs: number): Promise<Value> {
  const nowMs = sandbox.clock.now();
  const answer = await createSandboxMetrics(sandbox).observe({ sinceMs, nowMs, thresholdsMs });
  if (answer.status !== "value") throw new Error(`${answer.status}: ${answer.message}`);
  return answer;
}

async function at(exposure: number, faults: readonly string[], minutes = 15): Promise<Value> {
  const sandbox = await canaryWorld({ faults });
  await shift(sandbox, exposure);
  const sinceMs = Math.ceil(sandbox.clock.now() / 10_000) * 10_000;
  await sandbox.clock.advance(minutes * MINUTE);
  return await observe(sandbox, sinceMs);
}

function total(bins: readonly CohortBin[]) {
  const sum = (of: (bin: CohortBin) => number) => bins.reduce((all, bin) => all + of(bin), 0);
  const slow = Object.fromEntries(thresholdsMs.map((ms) => [ms, sum((bin) => bin.slow[ms] ?? Number.NaN)]));
  return { n: sum(({ n }) => n), errors: sum(({ errors }) => errors), slow };
}

describe("slo-miss", () => {
  it.each([5, 20, 50])(
    "at %d %%: 2 %% more are slower than anything up to 2 s, all else stays",
    async (exposure) => {
      const [ill, well] = [await at(exposure, [`slo-miss@${exposure}`]), await at(exposure, [])];
      expect(ill.stable).toEqual(well.stable);
      expect(ill.candidate.bins.length).toBeGreaterThanOrEqual(89);
      for (const [index, bin] of ill.candidate.bins.entries()) {
        const before = well.candidate.bins[index];
        if (before === undefined) throw new Error("a bin is missing");
        const tail = Math.floor(bin.n * 0.02);
        const slow = Object.fromEntries(
          thresholdsMs.map((ms) => [ms, (before.slow[ms] ?? Number.NaN) + tail]),
        );
        expect(bin).toEqual({ ...before, slow });
      }
    },
  );

  it.each([5, 20, 50, 100])("at %d %%: P99 is critical, nothing else is past a warning", async (exposure) => {
    const { candidate } = await at(exposure, [`slo-miss@${exposure}`]);
    const counts = total(candidate.bins);
    expect(sloStateOfCounts("p99-latency", counts)).toBe("critical");
    expect(sloStateOfCounts("availability", counts)).toBe("met");
    expect(sloStateOfCounts("error-rate", counts)).toBe("met");
    // 4.4 % of a healthy service are slower than 500 ms: with the tail its target is missed, its warning isn't reached.
    expect(sloStateOfCounts("p95-latency", counts)).toBe("missed");
    expect(sloStateOfCounts("p99-latency", total((await at(exposure, [])).candidate.bins))).toBe("met");
  });

  it.each([5, 20, 50])("at %d %%: hard limits hold, and the evidence never reverts", async (exposure) => {
    const { candidate, stable } = await at(exposure, [`slo-miss@${exposure}`], 45);
    expect(candidate.bins.length).toBeGreaterThanOrEqual(269);
    const pace = new PaceEvidence();
    for (const [index, canary] of candidate.bins.entries()) {
      expect(canary.errors * 100).toBeLessThanOrEqual(canary.n);
      expect((canary.slow[1_000] ?? Number.NaN) * 20).toBeLessThanOrEqual(canary.n);
      const quarter = candidate.bins.slice(index, index + 90);
      expect(quarter.reduce((sum, { exceptions }) => sum + exceptions, 0)).toBeLessThanOrEqual(10);
      pace.add({ startMs: canary.startMs, canary, stable: stable.bins[index] });
      expect(pace.evidence()).toBeLessThan(20);
    }
  });

  it("lasts as long as is said", async () => {
    const { candidate } = await at(20, ["slo-miss@20+1m:2m"], 5);
    const ill = candidate.bins.filter(({ n, slow }) => (slow[2_000] ?? Number.NaN) * 100 > n);
    expect(ill).toHaveLength(12);
    expect((ill[0]?.startMs ?? 0) - (candidate.bins[0]?.startMs ?? 0)).toBe(60_000);
  });
});

describe("thresholds", () => {
  it("are counted, whichever are asked for, once each", async () => {
    const sandbox = await canaryWorld();
    await shift(sandbox, 20);
    await sandbox.clock.advance(MINUTE);
    const query = { sinceMs: 0, nowMs: sandbox.clock.now(), thresholdsMs: [1_000, 500] };
    const metrics = createSandboxMetrics(sandbox);
    const [few, more] = [
      await metrics.observe(query),
      await metrics.observe({ ...query, alsoThresholdsMs: [500, 1_234.5, 2_000] }),
    ];
    if (few.status !== "value" || more.status !== "value") throw new Error("no value");
    for (const cohort of ["candidate", "stable"] as const) {
      expect(more[cohort].bins.length).toBeGreaterThan(0);
      for (const [index, bin] of more[cohort].bins.entries()) {
        const before = few[cohort].bins[index];
        expect(Object.keys(bin.slow).sort()).toEqual(["1000", "1234.5", "2000", "500"]);
        expect(bin).toMatchObject({ ...before });
        expect(bin.slow[1_234.5]).toBeLessThan(bin.slow[1_000] ?? 0);
        expect(bin.slow[1_234.5]).toBeGreaterThan(bin.slow[2_000] ?? 0);
      }
    }
  });
});
