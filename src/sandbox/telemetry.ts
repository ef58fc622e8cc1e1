import type { CohortBin, CohortSeries } from "../types/observation.ts";
import { BIN_MS, type FaultBoard } from "./fault-board.ts";
import type { Cohort, Flow } from "./flows.ts";
import { HEALTHY_P95_MS, slowShare, TAIL_MS, TAIL_PPM } from "./latency.ts";
import { indexFrom, slowBy } from "./thinned.ts";
import { type FlowSpan, type Traffic, volumeOf } from "./traffic.ts";

/** What a healthy service does that serves everything. */
export interface Healthy {
  /** Errors per million requests. */
  readonly errorsPpm: number;
  /** In 15 minutes. */
  readonly exceptions: number;
}

/** 0.1 % errors, and 2 exceptions at 20 % of the traffic: the guide's example. */
export const usual: Healthy = { errorsPpm: 1_000, exceptions: 10 };
const QUARTER_HOUR_MS = 900_000;

/** What the sandbox's monitoring knows. */
export interface Telemetry {
  /** Start of the sandbox, ms since the epoch. */
  readonly startMs: number;
  /** Decides every jitter. */
  readonly seed: number;
  /** Length of a bin, ms. */
  readonly binMs: number;
  /** Up to here everything is known, ms since the epoch: the end of the last closed bin. */
  watermarkMs(): number;
  /** Closed bins from `sinceMs` on; a cohort that no route had in a bin has no bin there. */
  series(cohort: Cohort, sinceMs: number, thresholdsMs: readonly number[]): CohortSeries;
}

interface Context {
  readonly startMs: number;
  readonly seed: number;
  readonly rps: number;
  readonly now: () => number;
  readonly settle: () => void;
  readonly traffic: Traffic;
  readonly faults: FaultBoard;
  readonly healthy: Healthy;
  /** Default 10 s. */
  readonly binMs?: number;
}

/** One build's part of a bin: counts that add up. */
interface Part {
  readonly flow: Flow;
  readonly n: number;
  readonly errors: number;
  readonly p95Ms: number;
  /** Requests on top of those that its P95 makes slow: they take `TAIL_MS`. */
  readonly tail: number;
}

interface CohortRecord {
  readonly startMs: number;
  readonly parts: readonly Part[];
  readonly exceptions: number;
}

/**
 * Telemetry over the traffic. A bin is counted once, when it has closed, and never changes afterwards; whoever asks again
 * gets the same objects, so that a look costs what is new.
 */
export function createTelemetry(context: Context): Telemetry {
  const { startMs, seed, binMs = BIN_MS } = context;
  const records: CohortRecords = { candidate: [], stable: [] };
  const counter = () => new ExceptionCounter(context.healthy.exceptions);
  const exceptions = { candidate: counter(), stable: counter() };
  const counted = { candidate: new Map<string, CohortBin[]>(), stable: new Map<string, CohortBin[]>() };
  let nextMs = Math.floor(startMs / binMs) * binMs;
  const record = (): void => {
    context.settle();
    for (; nextMs + binMs <= context.now(); nextMs += binMs) {
      const spans = context.traffic.between(nextMs, nextMs + binMs);
      for (const cohort of ["candidate", "stable"] as const) {
        const found = recordOf({
          context,
          binMs,
          startMs: nextMs,
          spans: spans.filter(({ flow }) => flow.cohort === cohort),
          counter: exceptions[cohort],
        });
        if (found !== undefined) records[cohort].push(found);
      }
    }
  };
  return {
    startMs,
    seed,
    binMs,
    watermarkMs: () => Math.floor(context.now() / binMs) * binMs,
    series: (cohort, sinceMs, thresholdsMs) => {
      record();
      const key = thresholdsMs.join();
      const bins = counted[cohort].get(key) ?? [];
      counted[cohort].set(key, bins);
      for (const entry of records[cohort].slice(bins.length)) bins.push(binOf(entry, thresholdsMs));
      return { bins: bins.slice(indexFrom(bins, sinceMs)) };
    },
  };
}

type CohortRecords = Readonly<Record<Cohort, CohortRecord[]>>;

interface RecordInput {
  readonly context: Context;
  readonly binMs: number;
  readonly startMs: number;
  readonly spans: readonly FlowSpan[];
  readonly counter: ExceptionCounter;
}

function recordOf({ context, binMs, startMs, spans, counter }: RecordInput): CohortRecord | undefined {
  if (spans.length === 0) return undefined;
  const volume = volumeOf(startMs, { rps: context.rps, seed: context.seed, binMs });
  const parts = merged(spans, binMs).map((part) => measured(part, { ...context, volume, startMs }));
  const { faults } = context;
  return {
    startMs,
    parts,
    exceptions: counter.count(parts.length === 0 ? [] : spans, { startMs, binMs, faults }),
  };
}

interface Merged {
  readonly flow: Flow;
  /** Share of the whole bin's requests, 0-1. */
  readonly weight: number;
}

/** Pods of one build answer alike: their flows become one part, so that a count is rounded once. */
function merged(spans: readonly FlowSpan[], binMs: number): readonly Merged[] {
  const parts = new Map<string, Merged>();
  for (const { flow, ms } of spans) {
    const key = `${flow.served} ${flow.build}`;
    const weight = (parts.get(key)?.weight ?? 0) + (flow.share * ms) / binMs;
    parts.set(key, { flow, weight });
  }
  return [...parts.values()];
}

interface Measure {
  readonly volume: number;
  readonly startMs: number;
  readonly faults: FaultBoard;
  readonly healthy: Healthy;
}

function measured({ flow, weight }: Merged, { volume, startMs, faults, healthy }: Measure): Part {
  const n = Math.round(volume * weight);
  if (!flow.served) return { flow, n, errors: n, p95Ms: 0, tail: 0 };
  const own = faults.onBin("errors", startMs).filter(({ fault }) => faults.hits(fault, flow.build));
  const rates = [...own, ...faults.onBin("environment-errors", startMs)].map(({ fault }) => fault.ratePpm);
  const slow = faults.onBin("latency", startMs).filter(({ fault }) => faults.hits(fault, flow.build));
  const drawnOut = faults.onBin("slo-miss", startMs).some(({ fault }) => faults.hits(fault, flow.build));
  // Floored, in whole numbers: a rate of exactly 1 % is never above 1 % in any window.
  const errors = Math.floor((n * Math.max(healthy.errorsPpm, ...rates)) / 1_000_000);
  const tail = drawnOut ? Math.floor((n * TAIL_PPM) / 1_000_000) : 0;
  return { flow, n, errors, p95Ms: Math.max(HEALTHY_P95_MS, ...slow.map(({ fault }) => fault.p95Ms)), tail };
}

function binOf({ startMs, parts, exceptions }: CohortRecord, thresholdsMs: readonly number[]): CohortBin {
  const sum = (count: (part: Part) => number): number =>
    parts.reduce((total, part) => total + count(part), 0);
  const slowerThan = (limit: number): number => sum((part) => slowerIn(part, limit));
  const n = sum((part) => part.n);
  return {
    startMs,
    n,
    errors: sum((part) => part.errors),
    slow: slowBy(thresholdsMs, slowerThan),
    exceptions,
    weightSquared: n,
  };
}

function slowerIn({ n, p95Ms, tail }: Part, limit: number): number {
  if (p95Ms === 0) return 0;
  return Math.min(n, Math.floor(n * slowShare(limit, p95Ms)) + (limit < TAIL_MS ? tail : 0));
}

/** Counts exceptions of one cohort over successive bins: evenly spread, never a fraction more than the rate. */
class ExceptionCounter {
  /** Shares × ms so far, in whole millionths: integers stay exact. */
  #served = 0;
  readonly #usual: number;

  constructor(usual: number) {
    this.#usual = usual;
  }

  count(
    spans: readonly FlowSpan[],
    { startMs, binMs, faults }: Pick<Measure, "startMs" | "faults"> & { readonly binMs: number },
  ): number {
    const hit = faults
      .onBin("exceptions", startMs)
      .find(({ fault }) => spans.some(({ flow }) => flow.served && faults.hits(fault, flow.build)));
    if (hit !== undefined) {
      // The first at once: so a soak of 15 minutes sees all of them.
      const until = (ms: number): number =>
        Math.ceil(((ms - hit.sinceMs) * hit.fault.count) / QUARTER_HOUR_MS);
      return until(startMs + binMs) - until(startMs);
    }
    const before = this.#total();
    const served = spans.filter(({ flow }) => flow.served);
    this.#served += served.reduce((sum, { flow, ms }) => sum + Math.round(flow.share * 1e6) * ms, 0);
    return this.#total() - before;
  }

  #total(): number {
    return Math.floor((this.#served * this.#usual) / (1e6 * QUARTER_HOUR_MS));
  }
}
