import { describe, expect, it } from "vitest";
import type { Metrics } from "../../src/ports/metrics.ts";
import type { MetricsAnswer } from "../../src/types/observation.ts";
import type { BinCounts, Side } from "../support/memory-metrics.ts";

/** Start of the suite's first bin: a multiple of 10 s. */
export const originMs = Date.UTC(2026, 0, 15, 10, 0, 0);

export interface MetricsUnderTest {
  /** Bins of 10 s, complete 30 s after their end. */
  readonly metrics: Metrics;
  /** Counts of the bins from `originMs` on, by side; undefined: the side is silent throughout. */
  readonly load: (traffic: Readonly<Record<Side, readonly BinCounts[] | undefined>>) => Promise<void>;
  /** The source stops working. */
  readonly breakIt: () => Promise<void>;
}

const bin = (n: number, errors: number, slow: number, exceptions: number): BinCounts => ({
  n,
  errors,
  slow: { 1000: slow, 500: slow * 2 },
  exceptions,
});
const candidate = [bin(10, 0, 0, 0), bin(12, 3, 1, 2), bin(0, 0, 0, 0), bin(7, 1, 0, 0), bin(9, 0, 2, 1)];
const stable = [bin(200, 1, 4, 0), bin(190, 0, 3, 0), bin(0, 0, 0, 0), bin(210, 2, 5, 1), bin(205, 0, 1, 0)];
const at = (seconds: number) => originMs + seconds * 1000;
const ask = (sinceMs: number, nowMs: number, signal?: AbortSignal) => ({
  sinceMs,
  nowMs,
  thresholdsMs: [1000, 500],
  ...(signal ? { signal } : {}),
});

function value(answer: MetricsAnswer) {
  if (answer.status !== "value") throw new Error(`expected a value, got ${answer.status}: ${answer.message}`);
  return answer;
}

/** What every metrics source keeps to. */
export function metricsSuite(name: string, open: () => Promise<MetricsUnderTest>): void {
  describe(`metrics: ${name}`, () => {
    it("counts per side and bin", async () => {
      const { metrics, load } = await open();
      await load({ candidate, stable });
      const answer = value(await metrics.observe(ask(originMs, at(80))));
      expect(answer).toMatchObject({ binMs: 10_000, watermarkMs: at(50) });
      const full = (counts: readonly BinCounts[]) =>
        counts.map((one, index) => ({ startMs: at(index * 10), weightSquared: one.n, ...one }));
      expect(answer.candidate.bins).toEqual(full(candidate));
      expect(answer.stable.bins).toEqual(full(stable));
      expect(metrics.name).not.toBe("");
    });

    it.each([
      ["a bin that began before the start is left out", at(0) + 1, at(80), [10, 20, 30, 40]],
      ["a bin that is not complete is left out", at(0), at(79), [0, 10, 20, 30]],
      ["both", at(15), at(65), [20]],
    ])("%s", async (_, sinceMs, nowMs, starts) => {
      const { metrics, load } = await open();
      await load({ candidate, stable });
      const answer = value(await metrics.observe(ask(sinceMs, nowMs)));
      for (const side of [answer.candidate, answer.stable]) {
        expect(side.bins.map((one) => (one.startMs - originMs) / 1000)).toEqual(starts);
      }
    });

    it("gives the same for the same span however often it is asked: a restarted driver loses nothing", async () => {
      const { metrics, load } = await open();
      await load({ candidate, stable });
      const first = await metrics.observe(ask(originMs, at(80)));
      await metrics.observe(ask(at(20), at(70)));
      expect(await metrics.observe(ask(originMs, at(80)))).toEqual(first);
    });

    it("is empty where nothing was heard, and before the first bin is complete", async () => {
      const { metrics, load } = await open();
      await load({ candidate: undefined, stable: undefined });
      expect((await metrics.observe(ask(originMs, at(80)))).status).toBe("empty");
      await load({ candidate, stable });
      expect((await metrics.observe(ask(originMs, at(39)))).status).toBe("empty");
      expect((await metrics.observe(ask(originMs, at(0)))).status).toBe("empty");
    });

    it("shows a silent candidate beside a stable that reports as no bins, never as zeros", async () => {
      const { metrics, load } = await open();
      await load({ candidate: undefined, stable });
      const answer = value(await metrics.observe(ask(originMs, at(80))));
      expect(answer.candidate.bins).toEqual([]);
      expect(answer.stable.bins).toHaveLength(5);
    });

    it("answers error, with a message and without a throw, when the source is broken or the look is cancelled", async () => {
      const { metrics, load, breakIt } = await open();
      await load({ candidate, stable });
      const cancelled = await metrics.observe(ask(originMs, at(80), AbortSignal.abort()));
      expect(cancelled).toMatchObject({ status: "error", message: expect.stringMatching(/cancelled/) });
      await breakIt();
      const broken = await metrics.observe(ask(originMs, at(80)));
      expect(broken).toMatchObject({ status: "error", message: expect.stringMatching(/./) });
    });
  });
}
