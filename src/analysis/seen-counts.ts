import type { Counts, SeenCounts } from "../types/counts.ts";
import type { CohortBin, MetricsAnswer } from "../types/observation.ts";

/** The span that messages tell metrics of, ms: the guide's. */
const recentMs = 900_000;

/**
 * What was counted from the first exposure (`sinceMs`) until the counts are complete. Undefined where a source says
 * nothing: nobody may take that for nothing happened.
 */
export function seenCounts(answer: MetricsAnswer, sinceMs: number): SeenCounts | undefined {
  if (answer.status !== "value") return undefined;
  const { watermarkMs: untilMs, binMs } = answer;
  if (untilMs <= sinceMs) return undefined;
  const inside = (bins: readonly CohortBin[], fromMs: number) =>
    bins.filter(({ startMs }) => startMs >= fromMs && startMs + binMs <= untilMs);
  const recentSince = Math.max(sinceMs, untilMs - recentMs);
  return {
    sinceMs,
    untilMs,
    candidate: sum(inside(answer.candidate.bins, sinceMs)),
    stable: sum(inside(answer.stable.bins, sinceMs)),
    recent: {
      seconds: Math.round((untilMs - recentSince) / 1000),
      ...sum(inside(answer.candidate.bins, recentSince)),
    },
  };
}

function sum(bins: readonly CohortBin[]): Counts {
  const slow: Record<string, number> = {};
  // A threshold that one bin lacks was not counted: it is none of the sum's.
  const counted = Object.keys(bins[0]?.slow ?? {}).filter((ms) =>
    bins.every((bin) => bin.slow[Number(ms)] !== undefined),
  );
  for (const ms of counted) slow[ms] = total(bins, (bin) => bin.slow[Number(ms)] ?? 0);
  return {
    requests: total(bins, ({ n }) => n),
    failed: total(bins, ({ errors }) => errors),
    exceptions: total(bins, ({ exceptions }) => exceptions),
    slow,
  };
}

function total(bins: readonly CohortBin[], of: (bin: CohortBin) => number): number {
  return bins.reduce((all, bin) => all + of(bin), 0);
}
