import type { CohortBin } from "../types/observation.ts";
import { type Found, met, unmet } from "./checklist-status.ts";
import { upperBound } from "./clopper-pearson.ts";
import { formatShare, grouped } from "./figures.ts";

/** The whole service in a span: both versions together. */
export interface ServiceCounts {
  readonly requests: number;
  readonly failed: number;
  /** Requests slower than the threshold; absent where a bin didn't count it. */
  readonly slow?: number;
  /** How many requests a record stands for, on average: above 1 under sampling. Default 1. */
  readonly recordWeight?: number;
}

export interface BaselineInput {
  /** Before the rollout touched anything, and now; a text: why they can't be told. */
  readonly before: ServiceCounts | string;
  readonly now: ServiceCounts | string;
  /** Fewer requests in one of the spans say nothing. */
  readonly minRequests: number;
  /** Of `slow`, ms. */
  readonly thresholdMs: number;
}

/** How many times the share before may be there now, where both are known well: what the comparison tolerates too. */
const tolerance = 1.5;

const hint =
  "Look at the service; it is asked again by `rollouts checklist` and by the next `run`. Where it can't be told, somebody waives it: rollout.checklist.waive.";

/**
 * Whether error rate and slow share are what they were before the start. Each is where its share now is at most what the
 * counts before allow: their upper bound (Clopper and Pearson, one-sided 95 %), or 1.5 times the share itself where there
 * were so many requests that the bound is tighter than that. Too few requests, or none that were counted, prove
 * nothing. Pure.
 */
export function metricsAtBaseline({ before, now, minRequests, thresholdMs }: BaselineInput): Found {
  if (typeof now === "string") return unmet(`the metrics of now can't be told: ${now}`, hint);
  if (typeof before === "string") return unmet(`the metrics before the start can't be told: ${before}`, hint);
  const few = Object.entries({ "the last 15 min": now, "the hour before the start": before }).find(
    ([, { requests }]) => requests < Math.max(1, minRequests),
  );
  if (few !== undefined) {
    const [when, { requests }] = few;
    return unmet(`${grouped(requests)} requests in ${when}; ${minRequests} are needed to tell`, hint);
  }
  if (before.slow === undefined || now.slow === undefined)
    return unmet(`the source has no count of requests slower than ${thresholdMs} ms`, hint);
  const pair = (label: string, badBefore: number, badNow: number): Compared =>
    compare(
      label,
      { bad: badBefore, n: before.requests, recordWeight: before.recordWeight ?? 1 },
      {
        bad: badNow,
        n: now.requests,
      },
    );
  const compared = [
    pair("failed", before.failed, now.failed),
    pair(`slower than ${thresholdMs} ms`, before.slow, now.slow),
  ];
  const worse = compared.filter(({ within }) => !within);
  if (worse.length > 0) return unmet(worse.map(({ text }) => text).join("; "), hint);
  return met(compared.map(({ text }) => text).join("; "));
}

interface Compared {
  readonly within: boolean;
  readonly text: string;
}

interface Share {
  readonly bad: number;
  readonly n: number;
}

function compare(label: string, before: Share & { readonly recordWeight: number }, now: Share): Compared {
  const allowed = Math.max(upperBound(records(before)), (tolerance * before.bad) / before.n);
  const within = now.bad / now.n <= allowed;
  const shares = `${formatShare(now.bad, now.n)} % ${label}, before the start ${formatShare(before.bad, before.n)} %`;
  return { within, text: within ? shares : `${shares}: more than ${(allowed * 100).toFixed(2)} %` };
}

/** A record that stands for 20 requests is one observation; a source that extrapolates counts in fractions. */
function records({ bad, n, recordWeight }: Share & { readonly recordWeight: number }): Share {
  const all = Math.max(1, Math.round(n / recordWeight));
  return { bad: Math.min(all, Math.round(bad / recordWeight)), n: all };
}

/** The counts of both versions in [fromMs, toMs), whole bins of it. */
export function serviceCounts(
  bins: readonly CohortBin[],
  span: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly binMs: number;
    readonly thresholdMs: number;
  },
): ServiceCounts {
  const { fromMs, toMs, binMs, thresholdMs } = span;
  const inside = bins.filter(({ startMs }) => startMs >= fromMs && startMs + binMs <= toMs);
  const sum = (of: (bin: CohortBin) => number) => inside.reduce((all, bin) => all + of(bin), 0);
  const counted = inside.every(({ slow }) => slow[thresholdMs] !== undefined);
  const requests = sum(({ n }) => n);
  const squared = sum(({ weightSquared }) => weightSquared);
  return {
    requests,
    recordWeight: requests > 0 ? Math.max(1, squared / requests) : 1,
    failed: sum(({ errors }) => errors),
    ...(counted ? { slow: sum(({ slow }) => slow[thresholdMs] ?? 0) } : {}),
  };
}
