import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Recording } from "../../src/cli/bins.ts";
import type { CohortBin } from "../../src/types/observation.ts";
import type { Random } from "../../tools/judge/random.ts";

/** Other people's telemetry, beside the checkout. Nothing of it is part of the project. */
const folder = resolve(import.meta.dirname, "../../../shared/data");
export const tracesAreHere = existsSync(join(folder, "petshop")) && existsSync(join(folder, "delag"));

/** Requests of one bin by what became of them: what a split at random draws from. */
export interface Classes {
  readonly failed: number;
  /** Slower than 1000 ms. */
  readonly verySlow: number;
  /** Slower than 500 ms, up to 1000. */
  readonly slow: number;
  readonly good: number;
}

/** Bins of one length, in order; undefined where nothing was recorded. */
export interface RealTrace {
  readonly binMs: number;
  readonly bins: readonly (Classes | undefined)[];
}

/** How many of `n` are drawn, each with this chance: by the gaps between them, so that a rare one is cheap. */
export function binomial(n: number, chance: number, random: Random): number {
  if (chance <= 0 || n <= 0) return 0;
  if (chance >= 1) return n;
  const perGap = Math.log1p(-chance);
  let drawn = -1;
  for (let at = 0; at <= n; at += Math.floor(Math.log(random()) / perGap) + 1) drawn += 1;
  return drawn;
}

/**
 * A service of the pet shop (amazon-science/petshop-root-cause-analysis, CC-BY-4.0): every five minutes requests,
 * availability and percentiles of latency. Counts are made of them so: requests as they are; failed ones are what
 * availability lacks of 100 %, which gives whole numbers; the slow ones are drawn binomially with the share that the
 * percentiles say is slower (see `shareSlowerThan`). Failed requests count as quick: no percentile is of them alone.
 */
export function petshop(file: string, random: Random, service = "PetSite"): RealTrace {
  const rows = readFileSync(join(folder, "petshop", file), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const [services = [], metrics = [], statistics = []] = rows;
  const column = (metric: string, statistic: string) =>
    services.findIndex(
      (name, at) => name === service && metrics[at] === metric && statistics[at] === statistic,
    );
  const at = {
    n: column("requests", "Sum"),
    availability: column("availability", "Average"),
    percentiles: (["p50", "p90", "p95", "p99"] as const).map((name) => column("latency", name)),
  };
  const bins = rows.slice(4).map((row): Classes | undefined => {
    const number = (index: number) => (row[index] === "" ? Number.NaN : Number(row[index]));
    const n = number(at.n);
    const failed = Math.round((n * (100 - number(at.availability))) / 100);
    const percentiles = at.percentiles.map((index) => number(index) * 1000);
    if (![n, failed, ...percentiles].every(Number.isFinite)) return undefined;
    const answered = n - failed;
    const [over500, over1000] = [shareSlowerThan(500, percentiles), shareSlowerThan(1000, percentiles)];
    const late = binomial(answered, over500, random);
    const verySlow = binomial(late, over500 === 0 ? 0 : over1000 / over500, random);
    return { failed, verySlow, slow: late - verySlow, good: answered - late };
  });
  return { binMs: 300_000, bins };
}

/**
 * The share of requests slower than a time, of P50, P90, P95 and P99 in ms: between two percentiles the logarithm of
 * the share falls along a line, and past P99 it goes on as between P95 and P99.
 */
export function shareSlowerThan(ms: number, percentiles: readonly number[]): number {
  const known = [
    { ms: 0, share: 1 },
    ...[0.5, 0.1, 0.05, 0.01].map((share, index) => ({ ms: percentiles[index] ?? Number.NaN, share })),
  ];
  const index = Math.min(
    Math.max(
      1,
      known.findIndex((point) => point.ms > ms),
    ),
    known.length - 1,
  );
  const upper = known.findIndex((point) => point.ms > ms) === -1 ? known.length - 1 : index;
  const [left, right] = [known[upper - 1], known[upper]];
  if (left === undefined || right === undefined || right.ms <= left.ms) return right?.share ?? 0;
  const along = (ms - left.ms) / (right.ms - left.ms);
  return left.share * (right.share / left.share) ** along;
}

interface DelagRow {
  readonly latencyMs: number;
  /** 0: nothing was injected. */
  readonly anomaly: number;
}

/**
 * Requests of DeLag's data (SpencerLabAQ/icpe-data-challenge-delag, MIT): each with its latency in ms, and whether
 * something was injected into it. The files have no times: requests are played in their order, so many a second.
 */
export function delag(
  file: string,
  {
    perSecond,
    which = () => true,
  }: { readonly perSecond: number; readonly which?: (row: DelagRow) => boolean },
): RealTrace {
  const [head = "", ...lines] = readFileSync(join(folder, "delag", file), "utf8")
    .trim()
    .split("\n");
  const names = head.trim().split(",");
  const rows = lines
    .map((line) => line.trim().split(",").map(Number))
    .map((row) => ({
      latencyMs: row[names.indexOf("Latency")] ?? Number.NaN,
      anomaly: row[names.indexOf("anomaly")] ?? Number.NaN,
    }))
    .filter(which);
  const bins: Classes[] = [];
  const n = perSecond * 10;
  for (let from = 0; from + n <= rows.length; from += n) {
    const bin = rows.slice(from, from + n);
    const over = (ms: number) => bin.filter(({ latencyMs }) => latencyMs > ms).length;
    bins.push({ failed: 0, verySlow: over(1000), slow: over(500) - over(1000), good: n - over(500) });
  }
  return { binMs: 10_000, bins };
}

/** Each request goes to the canary with this chance, whatever became of it: canary and stable are the same. */
export function splitAtRandom({ binMs, bins }: RealTrace, share: number, random: Random): Recording {
  const split = (all: Classes) => {
    const canary = mapClasses(all, (count) => binomial(count, share, random));
    return { canary, stable: mapClasses(all, (count, name) => count - canary[name]) };
  };
  const sides = bins.map((all) => (all === undefined ? undefined : split(all)));
  return recordingOf(binMs, sides);
}

/** Two traces side by side, as long as the shorter one. */
export function beside(canary: RealTrace, stable: RealTrace): Recording {
  const length = Math.min(canary.bins.length, stable.bins.length);
  const sides = Array.from({ length }, (_, at) => {
    const [own, other] = [canary.bins[at], stable.bins[at]];
    return own === undefined || other === undefined ? undefined : { canary: own, stable: other };
  });
  return recordingOf(canary.binMs, sides);
}

function recordingOf(
  binMs: number,
  sides: readonly ({ readonly canary: Classes; readonly stable: Classes } | undefined)[],
): Recording {
  const bins = sides.flatMap((both, t) => {
    const startMs = t * binMs;
    return both === undefined
      ? []
      : [{ t, startMs, canary: toBin(both.canary, startMs), stable: toBin(both.stable, startMs) }];
  });
  return { binMs, bins };
}

function mapClasses(all: Classes, map: (count: number, name: keyof Classes) => number): Classes {
  return {
    failed: map(all.failed, "failed"),
    verySlow: map(all.verySlow, "verySlow"),
    slow: map(all.slow, "slow"),
    good: map(all.good, "good"),
  };
}

function toBin({ failed, verySlow, slow, good }: Classes, startMs: number): CohortBin {
  const n = failed + verySlow + slow + good;
  return {
    startMs,
    n,
    errors: failed,
    slow: { 500: verySlow + slow, 1000: verySlow },
    exceptions: 0,
    weightSquared: n,
  };
}
