import { describe, expect, it } from "vitest";
import { createFaultBoard } from "../../../src/sandbox/fault-board.ts";
import { createTelemetry, usual } from "../../../src/sandbox/telemetry.ts";
import { thinned } from "../../../src/sandbox/thinned.ts";
import { createTraffic } from "../../../src/sandbox/traffic.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { MINUTE, START_MS } from "./world.ts";

const hour = 60 * MINUTE;
const thresholds = [1000, 500];

/** A service whose candidate has half of the requests but for the hour from `silentMs` on. */
function open(options: { readonly silentMs?: number } = {}) {
  const clock = { ms: START_MS };
  const traffic = createTraffic();
  const flow = (cohort: "candidate" | "stable", share: number) =>
    ({ cohort, share, build: cohort, served: true, service: "app" }) as const;
  const both = [flow("candidate", 0.5), flow("stable", 0.5)];
  traffic.change(START_MS, both);
  if (options.silentMs !== undefined) {
    traffic.change(options.silentMs, [flow("stable", 1)]);
    traffic.change(options.silentMs + hour, both);
  }
  const telemetry = createTelemetry({
    startMs: START_MS,
    seed: 3,
    rps: 100,
    now: () => clock.ms,
    settle: () => {},
    traffic,
    faults: createFaultBoard(() => clock.ms, MINUTE),
    healthy: usual,
    binMs: MINUTE,
  });
  return { clock, telemetry, series: thinned(telemetry) };
}

const totals = (bins: readonly CohortBin[]) => ({
  n: bins.reduce((sum, bin) => sum + bin.n, 0),
  errors: bins.reduce((sum, bin) => sum + bin.errors, 0),
  slow: bins.reduce((sum, bin) => sum + (bin.slow[500] ?? Number.NaN), 0),
  exceptions: bins.reduce((sum, bin) => sum + bin.exceptions, 0),
  weightSquared: bins.reduce((sum, bin) => sum + bin.weightSquared, 0),
});

describe("a telemetry of days", () => {
  it("has the same sums, old hours as one bin each, and the last six hours bin by bin", () => {
    const { clock, telemetry, series } = open();
    const sinceMs = START_MS + 90 * MINUTE;
    for (const days of [0.3, 1, 3]) {
      clock.ms = START_MS + days * 24 * hour + 7 * MINUTE;
      const { bins } = series("candidate", sinceMs, thresholds);
      const every = telemetry.series("candidate", sinceMs, thresholds).bins;
      expect(totals(bins)).toEqual(totals(every));
      const recent = (of: readonly CohortBin[]) => of.filter(({ startMs }) => startMs >= clock.ms - 6 * hour);
      expect(recent(bins)).toEqual(recent(every));
      expect(bins.map(({ startMs }) => startMs)).toEqual(
        bins.map(({ startMs }) => startMs).sort((a, b) => a - b),
      );
      expect(bins[0]?.startMs).toBe(sinceMs);
    }
    // Half an hour and seven hours by the minute, the rest by the hour.
    expect(series("candidate", sinceMs, thresholds).bins.length).toBeLessThan(30 + 7 * 60 + 70);
    expect(telemetry.series("candidate", sinceMs, thresholds).bins.length).toBeGreaterThan(4000);
  });

  it("is as it is while it is young", () => {
    const { clock, telemetry, series } = open();
    clock.ms = START_MS + 6 * hour + 59 * MINUTE;
    expect(series("stable", START_MS, thresholds)).toEqual(telemetry.series("stable", START_MS, thresholds));
  });

  it("has no bin for an hour without any, and never a zero for it", () => {
    const { clock, series } = open({ silentMs: START_MS + 3 * hour });
    clock.ms = START_MS + 24 * hour;
    const hours = series("candidate", START_MS, thresholds).bins.filter(({ n }) => n > 60 * 60 * 45);
    expect(hours.map(({ startMs }) => (startMs - START_MS) / hour)).not.toContain(3);
    expect(hours).toHaveLength(17);
  });

  it("gives whoever looks again the same bins", () => {
    const { clock, series } = open();
    clock.ms = START_MS + 12 * hour;
    const first = series("stable", START_MS, thresholds).bins;
    clock.ms += MINUTE;
    const second = series("stable", START_MS, thresholds).bins;
    expect(second.length).toBe(first.length + 1);
    for (const [at, bin] of first.entries()) expect(second[at]).toBe(bin);
  });
});
