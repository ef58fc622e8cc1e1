import { describe, expect, it } from "vitest";
import type { Recording } from "../../../src/cli/bins.ts";
import { type Replay, replay, replayDefaults } from "../../../src/cli/replay.ts";
import type { CohortBin } from "../../../src/types/observation.ts";
import { seeded } from "../../../tools/judge/random.ts";
import {
  beside,
  binomial,
  delag,
  petshop,
  type RealTrace,
  shareSlowerThan,
  splitAtRandom,
  tracesAreHere,
} from "../../support/traces.ts";

describe("counts made of rates", () => {
  it("a binomial draw has its mean and its variance", () => {
    const random = seeded(11);
    const draws = Array.from({ length: 20_000 }, () => binomial(40, 0.3, random));
    const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(12, 1);
    expect(variance).toBeGreaterThan(8.4 * 0.95);
    expect(variance).toBeLessThan(8.4 * 1.05);
    expect([binomial(7, 0, random), binomial(7, 1, random), binomial(0, 0.5, random)]).toEqual([0, 7, 0]);
    expect(Math.max(...draws)).toBeLessThanOrEqual(40);
  });

  it("shares between percentiles: exact at each of them, falling between and past them", () => {
    const percentiles = [50, 280, 340, 450];
    for (const [ms, share] of [
      [50, 0.5],
      [280, 0.1],
      [340, 0.05],
      [450, 0.01],
    ] as const)
      expect(shareSlowerThan(ms, percentiles)).toBeCloseTo(share, 10);
    const shares = [0, 20, 100, 300, 400, 500, 1000].map((ms) => shareSlowerThan(ms, percentiles));
    expect(shares[0]).toBe(1);
    expect(shares.every((share, at) => at === 0 || share < (shares[at - 1] ?? 0))).toBe(true);
    expect(shares[6]).toBeGreaterThan(0);
  });
});

/** Whether the comparison with stable alone, at its whole weight, ever reached the odds that revert. */
const relativeReverts = ({ bins }: Replay) => bins.some(({ eRel }) => eRel >= replayDefaults.odds);

const where = tracesAreHere ? "" : " (skipped: ../shared/data isn't beside the checkout)";
describe.skipIf(!tracesAreHere)(`real traces, healthy and split at random${where}`, () => {
  const splits = 200;
  const healthy: readonly { name: string; trace: () => RealTrace }[] = [
    { name: "pet shop, busy, 49 h", trace: () => petshop("high_traffic_noissue_metrics.csv", seeded(1)) },
    { name: "pet shop, quiet, 49 h", trace: () => petshop("low_traffic_noissue_metrics.csv", seeded(2)) },
    { name: "e-shopper, 17 min", trace: () => delag("eshopper_000.csv", { perSecond: 10 }) },
    { name: "train ticket, 19 min", trace: () => delag("trainticket_000.csv", { perSecond: 10 }) },
  ];
  it.each(healthy)("$name: at most 2 % of 200 splits revert on relative evidence", ({ name, trace }) => {
    const real = trace();
    const found = Array.from({ length: splits }, (_, seed) =>
      replay(splitAtRandom(real, [0.05, 0.2, 0.5][seed % 3] ?? 0.5, seeded(1000 + seed)), replayDefaults),
    );
    const relative = found.filter(relativeReverts).length;
    const whole = found.filter(({ decision }) => decision.kind === "revert");
    const shared = whole.filter(({ decision }) => decision.cause === "environment").length;
    const most = Math.max(...found.flatMap(({ bins }) => bins.map(({ eRel }) => eRel)));
    console.info(
      `${name}: ${real.bins.length} bins, ${splits} splits: ${relative} revert on relative evidence (at most ${most.toFixed(1)}:1); ${whole.length} by the whole judge, ${shared} of them with stable ill too`,
    );
    expect(relative).toBeLessThanOrEqual(splits * 0.02);
  });
});

/** What the bins of both sides say, as shares; the limits are PACE's own. */
function differs({ bins }: Recording) {
  const share = (side: "canary" | "stable", bad: (bin: CohortBin) => number) => {
    const own = bins.flatMap((bin) => bin[side] ?? []);
    return own.reduce((sum, bin) => sum + bad(bin), 0) / own.reduce((sum, bin) => sum + bin.n, 0);
  };
  const metrics = [
    { sloShare: 0.001, bad: ({ errors }: CohortBin) => errors },
    { sloShare: 0.05, bad: ({ slow }: CohortBin) => slow[500] ?? Number.NaN },
  ].map(({ sloShare, bad }) => {
    const [canary, stable] = [share("canary", bad), share("stable", bad)];
    return { canary, stable, over: canary / (replayDefaults.tolerance * Math.max(stable, sloShare)) };
  });
  return { metrics, most: Math.max(...metrics.map(({ over }) => over)) };
}

const percent = (share = Number.NaN) => `${(share * 100).toFixed(2)} %`;

describe.skipIf(!tracesAreHere)(`real traces, a fault beside normal operation${where}`, () => {
  const faults = [0, 1, 2, 3, 4, 5].map((issue) => ({
    name: `pet shop, issue ${issue}`,
    recording: () =>
      beside(
        petshop(`high_traffic_test_issue_${issue}_metrics.csv`, seeded(20 + issue)),
        petshop("high_traffic_noissue_metrics.csv", seeded(30 + issue)),
      ),
  }));
  const anomalies = ["eshopper_000.csv", "trainticket_000.csv"].map((file) => ({
    name: `DeLag ${file}, injected delays`,
    recording: () =>
      beside(
        delag(file, { perSecond: 1, which: ({ anomaly }) => anomaly !== 0 }),
        delag(file, { perSecond: 1, which: ({ anomaly }) => anomaly === 0 }),
      ),
  }));
  const judged = [...faults, ...anomalies];

  // Latency of the first two minutes is left out, as of every new pod set; a trace is half an hour.
  it.each(judged)(
    "$name: reverts where it is past the tolerance, and only outside of the SLO",
    ({ name, recording }) => {
      const both = recording();
      const found = replay(both, replayDefaults);
      const { metrics, most } = differs(both);
      const [errors, slow] = metrics;
      console.info(
        `${name}: failed ${percent(errors?.canary)} beside ${percent(errors?.stable)}, over 500 ms ${percent(slow?.canary)} beside ${percent(slow?.stable)}: ${most.toFixed(2)} × tolerated; ${found.decision.kind} after bin ${found.decision.at} of ${both.bins.length}`,
      );
      if (most > 1) expect(found.decision).toMatchObject({ kind: "revert", cause: "canary" });
      // Worse than stable, but within what the SLO allows: no evidence, however many times worse.
      const within = (errors?.canary ?? 1) <= 0.001 && (slow?.canary ?? 1) <= 0.05;
      if (within) expect(relativeReverts(found)).toBe(false);
    },
  );

  it("has faults on both sides of the tolerance, so that both rules were tried", () => {
    const verdicts = judged.map(({ recording }) => differs(recording()).most > 1);
    expect(new Set(verdicts)).toEqual(new Set([true, false]));
  });
});
