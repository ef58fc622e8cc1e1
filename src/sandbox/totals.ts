import type { Totals } from "../ports/gauge.ts";
import type { TotalsAnswer } from "../types/gauge.ts";
import type { Observed } from "./observed.ts";
import type { Telemetry } from "./telemetry.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 10,000 requests a second. */
const PER_MS = 10;
/** The guide's objective. */
const AVAILABILITY_PERCENT = 99.9;
/** `budget-burn`: this many times faster than the objective allows, in the last hour. 14.4 pages. */
const BURN_RATE = 20;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Counts {
  readonly total: number;
  readonly bad: number;
}

export interface SandboxTotalsOptions {
  /** What the stack promises, percent of the requests; default 99.9. Budgets of the past are of it. */
  readonly availabilityPercent?: number;
}

/**
 * Requests of the service, also of before the sandbox was: there it served 10,000 a second and used a quarter of its
 * error budget, 0.025 % of 99.9 %. Since then telemetry counts, once the first version answers; the seconds in which
 * it was installed are nobody's outage. Under the fault `budget` all of it is a past that leaves exactly that share of
 * 30 days at any moment, with the last three days as calm as ever; `budget-burn` adds failures to the last hour.
 */
export function createSandboxTotals(sandbox: Observed, options: SandboxTotalsOptions = {}): Totals {
  const allowedPpm = allowedBy(options);
  return { name: "sandbox", count: (query) => Promise.resolve(count(sandbox, allowedPpm, query)) };
}

/** Failed requests per million of a healthy service: a quarter of what its objective allows. */
export function healthyPpm(options: SandboxTotalsOptions = {}): number {
  return Math.floor(allowedBy(options) / 4);
}

function allowedBy({ availabilityPercent = AVAILABILITY_PERCENT }: SandboxTotalsOptions): number {
  return Math.round((100 - availabilityPercent) * 10_000);
}

function count(
  { cloud, clock, faults, telemetry }: Observed,
  allowedPpm: number,
  { fromMs, toMs: asked, signal }: Parameters<Totals["count"]>[0],
): TotalsAnswer {
  if (signal?.aborted === true) return { status: "error", message: "the count was cancelled" };
  cloud.settle();
  const nowMs = clock.now();
  const span = { fromMs, toMs: Math.min(asked, nowMs) };
  if (span.toMs <= fromMs) return { status: "empty", message: "no time has passed in the span" };
  const burning = faults.now("budget-burn").length > 0;
  const left = faults.now("budget").map(({ remainingPercent }) => remainingPercent);
  if (left.length > 0) {
    const past = pastThatLeaves(Math.min(...left), { allowedPpm, burning });
    const until = (ms: number): number => badUpTo(past, nowMs - ms, allowedPpm);
    return { status: "value", total: requestsIn(span), bad: until(fromMs) - until(span.toMs) };
  }
  const { total, bad } = healthyAndSeen(telemetry, span, allowedPpm);
  if (total === 0) return { status: "empty", message: "no request was counted in the span" };
  const burnt = (ms: number): number => (burning ? burntIn(Math.min(nowMs - ms, HOUR_MS), allowedPpm) : 0);
  return { status: "value", total, bad: Math.min(total, bad + burnt(fromMs) - burnt(span.toMs)) };
}

function requestsIn({ fromMs, toMs }: Span): number {
  return PER_MS * Math.max(0, toMs - fromMs);
}

/** Failed requests of a healthy span of that length: a quarter of what its objective allows. */
function healthyBad(ms: number, allowedPpm: number): number {
  return Math.floor((PER_MS * ms * allowedPpm) / 4_000_000);
}

function burntIn(ms: number, allowedPpm: number): number {
  return Math.min(PER_MS * ms, Math.floor((PER_MS * ms * BURN_RATE * allowedPpm) / 1_000_000));
}

/** The past up to the first bin after the one in which a version first answered, and what was seen since. */
function healthyAndSeen(telemetry: Telemetry, { fromMs, toMs }: Span, allowedPpm: number): Counts {
  const series = (["stable", "candidate"] as const).map((cohort) => telemetry.series(cohort, 0, []).bins);
  const answered = series.flatMap((bins) => bins.find(({ n, errors }) => errors < n) ?? []);
  const liveMs = Math.min(...answered.map(({ startMs }) => startMs + telemetry.binMs), Infinity);
  const past = { fromMs: Math.min(fromMs, liveMs), toMs: Math.min(toMs, liveMs) };
  // Reckoned from one fixed moment, so that neighbouring spans add up.
  const until = (ms: number): number => healthyBad(telemetry.startMs - ms, allowedPpm);
  const seen = series.flat().filter(({ startMs }) => startMs >= Math.max(fromMs, liveMs) && startMs < toMs);
  return {
    total: requestsIn(past) + seen.reduce((sum, { n }) => sum + n, 0),
    bad: until(past.fromMs) - until(past.toMs) + seen.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** A stretch of the past with failures spread evenly over it. */
interface Stretch {
  readonly ms: number;
  readonly bad: number;
}

/**
 * The last 30 days, newest first: an hour, the rest of three days, the 27 days before them. The old days pay for the
 * budget, so that no burn rate of the last three days is higher than of a healthy service. Where the burning
 * hour alone has used more than the fault says, the old days have no failures, and less is left.
 */
function pastThatLeaves(
  remainingPercent: number,
  { allowedPpm, burning }: { readonly allowedPpm: number; readonly burning: boolean },
): readonly Stretch[] {
  const month = (PER_MS * 30 * DAY_MS * allowedPpm) / 1_000_000;
  // In hundredths of a percent: whole numbers, so that 20 % is exactly 20 %.
  const used = Math.round((month * (10_000 - Math.round(remainingPercent * 100))) / 10_000);
  const calm = (ms: number): number =>
    Math.min(healthyBad(ms, allowedPpm), Math.floor((used * ms) / (30 * DAY_MS)));
  const hour = { ms: HOUR_MS, bad: burning ? burntIn(HOUR_MS, allowedPpm) : calm(HOUR_MS) };
  const days = { ms: 3 * DAY_MS - HOUR_MS, bad: calm(3 * DAY_MS - HOUR_MS) };
  return [hour, days, { ms: 27 * DAY_MS, bad: Math.max(0, used - hour.bad - days.bad) }];
}

/** Failed requests of the last `ageMs`; before the stretches it was healthy. */
function badUpTo(stretches: readonly Stretch[], ageMs: number, allowedPpm: number): number {
  let left = ageMs;
  let sum = 0;
  for (const { ms, bad } of stretches) {
    if (left < ms) return sum + Math.floor((bad * left) / ms);
    left -= ms;
    sum += bad;
  }
  return sum + healthyBad(left, allowedPpm);
}
