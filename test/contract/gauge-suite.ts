import { describe, expect, it } from "vitest";
import { readGaugeGate } from "../../src/analysis/gauge-gate.ts";
import type { Gauge } from "../../src/ports/gauge.ts";
import type { GaugeAnswer } from "../../src/types/gauge.ts";

/** Start of the suite's first sample: a whole minute. */
export const gaugeOriginMs = Date.UTC(2026, 0, 15, 10, 0, 0);

/** A level a step from the origin on; undefined: nothing was measured. */
export type Levels = readonly (number | undefined)[];

export interface GaugeUnderTest {
  readonly gauge: Gauge;
  /** How far apart its samples are, ms. */
  readonly everyMs: number;
  /** Has the levels measured, and asks for them once they are complete. */
  readonly play: (levels: Levels, sinceMs?: number) => Promise<GaugeAnswer>;
  /** Asks now, without anything new. */
  readonly ask: (signal?: AbortSignal) => Promise<GaugeAnswer>;
  /** The source stops working. */
  readonly breakIt: () => Promise<void>;
}

export function gaugeValue(answer: GaugeAnswer) {
  if (answer.status !== "value") throw new Error(`expected a value, got ${answer.status}: ${answer.message}`);
  return answer;
}

/** What every source of a gauge keeps to. */
export function gaugeSuite(name: string, open: () => Promise<GaugeUnderTest>): void {
  describe(`gauge: ${name}`, () => {
    it("gives each sample by time, says how far apart they are and up to when they are complete", async () => {
      const { gauge, everyMs, play } = await open();
      const answer = gaugeValue(await play([40, 91.5, 93, 88]));
      expect(answer.samples).toEqual(
        [40, 91.5, 93, 88].map((value, index) => ({ atMs: gaugeOriginMs + index * everyMs, value })),
      );
      expect(answer.everyMs).toBeGreaterThan(0);
      expect(answer.watermarkMs).toBeGreaterThanOrEqual(gaugeOriginMs + 3 * everyMs);
      expect(gauge.name).not.toBe("");
    });

    it("fills a window of the guide: a pool above 90 % for 3 min is judged, and 40 s of it are not", async () => {
      const { everyMs, play } = await open();
      const full = await play(Array.from({ length: 240_000 / everyMs + 1 }, () => 95));
      const look = (answer: GaugeAnswer) => ({
        answer,
        limit: { limit: 90, forSeconds: 180 },
        exposedSinceMs: gaugeOriginMs,
        nowMs: gaugeValue(answer).watermarkMs,
      });
      expect(readGaugeGate("db-pool", look(full)).verdict).toBe("fail");
      const { play: playAnew } = await open();
      const short = await playAnew(
        Array.from({ length: Math.max(1, Math.floor(40_000 / everyMs)) }, () => 95),
      );
      expect(readGaugeGate("db-pool", look(short)).verdict).toBe("no-data");
    });

    it("leaves out what is older than the span", async () => {
      const { everyMs, play } = await open();
      const answer = gaugeValue(await play([1, 2, 3], gaugeOriginMs + 1));
      expect(answer.samples.map(({ atMs }) => atMs)).toEqual(
        [everyMs, 2 * everyMs].map((ms) => gaugeOriginMs + ms),
      );
    });

    it("knows 0 as a value, and a gap as a gap: never one for the other", async () => {
      const { everyMs, play } = await open();
      const answer = gaugeValue(await play([0, undefined, 7]));
      expect(answer.samples).toEqual([
        { atMs: gaugeOriginMs, value: 0 },
        { atMs: gaugeOriginMs + 2 * everyMs, value: 7 },
      ]);
    });

    it("is empty where nothing was measured", async () => {
      const { play } = await open();
      expect((await play([undefined, undefined])).status).toBe("empty");
    });

    it("answers error, with a message and without a throw, when it is broken or the look is cancelled", async () => {
      const { ask, play, breakIt } = await open();
      await play([1, 2, 3]);
      expect(await ask(AbortSignal.abort())).toMatchObject({
        status: "error",
        message: expect.stringMatching(/cancelled/),
      });
      await breakIt();
      expect(await ask()).toMatchObject({ status: "error", message: expect.stringMatching(/./) });
    });
  });
}
