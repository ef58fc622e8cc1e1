import type { SeenCounts } from "../types/counts.ts";
import type { GateLimits } from "../types/gates.ts";
import type { Impact } from "../types/message.ts";
import { formatShare, grouped } from "./figures.ts";

/** What an impact is told of. */
export interface ImpactInput {
  /** As counted last; absent: nobody knows. */
  readonly counts?: SeenCounts;
  /** Up to when it was counted: `as counted until the verdict`. */
  readonly until: string;
  /** 0-100 %; `text`: whom that share is of, `20 % of the traffic was on it`. */
  readonly exposure: number;
  readonly whom: string;
  readonly versions: { readonly from: string; readonly to: string };
  readonly gates: GateLimits;
}

/** The error budget's month, s. */
const monthSeconds = 30 * 86_400;

/**
 * What a version has done to users: failed requests as counted, and beyond what stable's own share of failures would
 * have been (harm.ts has the same for what is planned). Without counts it is unknown, never none.
 */
export function impactOf(input: ImpactInput): Impact {
  const { counts, exposure, whom, versions, until } = input;
  if (counts === undefined || counts.candidate.requests === 0) {
    const why = counts === undefined ? "nothing was counted" : `no request to ${versions.to} was counted`;
    return { text: `Unknown: ${why} ${until}; ${whom}.`, exposure };
  }
  const { requests, failed } = counts.candidate;
  const extraFailures = extraFailuresOf(counts);
  const budgetPercent = budgetPercentOf(counts, extraFailures, input.gates);
  const text = [
    failedText(input, counts),
    ...slowText(input, counts),
    ...(extraFailures === undefined || extraFailures === 0
      ? []
      : [`about ${grouped(extraFailures)} more than ${versions.from} would have failed`]),
    ...(budgetPercent === undefined || budgetPercent === 0
      ? []
      : [`${budgetPercent} % of a month's error budget`]),
  ].join(", ");
  return {
    text: `${text}; ${whom}.`,
    exposure,
    requests,
    failed,
    ...(extraFailures === undefined ? {} : { extraFailures }),
    ...(budgetPercent === undefined ? {} : { budgetPercent }),
  };
}

function failedText({ versions, until }: ImpactInput, { candidate }: SeenCounts): string {
  const { requests, failed } = candidate;
  if (failed === 0) return `None of ${grouped(requests)} requests to ${versions.to} failed, ${until}`;
  const share = formatShare(failed, requests);
  return `${grouped(failed)} of ${grouped(requests)} requests to ${versions.to} failed (${share} %), ${until}`;
}

function slowText({ gates }: ImpactInput, { candidate }: SeenCounts): readonly string[] {
  const slow = candidate.slow[String(gates.p95.limitMs)] ?? 0;
  return slow === 0 ? [] : [`${grouped(slow)} took longer than ${gates.p95.limitMs} ms`];
}

/** Undefined where no stable served beside it: there is nothing to compare with. */
function extraFailuresOf({ candidate, stable }: SeenCounts): number | undefined {
  if (stable.requests === 0) return undefined;
  const usual = (candidate.requests * stable.failed) / stable.requests;
  return Math.max(0, Math.round(candidate.failed - usual));
}

/** Of a month at this traffic, in hundredths of a percent rounded up; undefined where nothing is promised. */
function budgetPercentOf(
  { candidate, stable, sinceMs, untilMs }: SeenCounts,
  extraFailures: number | undefined,
  { slo }: GateLimits,
): number | undefined {
  if (slo === undefined || extraFailures === undefined) return undefined;
  const perSecond = ((candidate.requests + stable.requests) * 1000) / (untilMs - sinceMs);
  const allowed = perSecond * monthSeconds * (1 - slo.availabilityPercent / 100);
  return allowed === 0 ? undefined : Math.ceil((extraFailures / allowed) * 1e4) / 100;
}
