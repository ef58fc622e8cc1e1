import type { Flow } from "./flows.ts";

/** The flows from `atMs` on, until the next entry. */
export interface TrafficChange {
  readonly atMs: number;
  readonly flows: readonly Flow[];
}

/** A flow over a part of a bin. */
export interface FlowSpan {
  readonly flow: Flow;
  readonly ms: number;
}

/** Which requests went where since the beginning. */
export interface Traffic {
  /** From now on these flows. */
  change(atMs: number, flows: readonly Flow[]): void;
  /** What flowed in a span of time that is over. */
  between(startMs: number, endMs: number): readonly FlowSpan[];
}

/** A record of traffic: piecewise constant, kept as its changes. */
export function createTraffic(): Traffic {
  const changes: TrafficChange[] = [];
  return {
    change: (atMs, flows) => {
      if (changes.at(-1)?.atMs === atMs) changes.pop();
      changes.push({ atMs, flows });
    },
    between: (startMs, endMs) => {
      const spans: FlowSpan[] = [];
      for (let index = changes.length - 1; index >= 0; index -= 1) {
        const entry = changes[index];
        if (entry === undefined) break;
        const ms = Math.min(endMs, changes[index + 1]?.atMs ?? endMs) - Math.max(startMs, entry.atMs);
        if (ms > 0) spans.unshift(...entry.flows.map((flow) => ({ flow, ms })));
        if (entry.atMs <= startMs) break;
      }
      return spans;
    },
  };
}

/**
 * Requests of all flows together in the bin that starts at `binStartMs`, were it a full one: the base rate
 * with a jitter of ± 3 % that depends on nothing but seed and bin.
 */
export function volumeOf(
  binStartMs: number,
  options: { readonly rps: number; readonly seed: number; readonly binMs: number },
): number {
  const unit = hashToUnit(Math.floor(binStartMs / options.binMs), options.seed);
  return Math.round(((options.rps * options.binMs) / 1_000) * (1 + 0.03 * (2 * unit - 1)));
}

/** A well-mixed number in [0, 1) out of two integers (the finalizer of MurmurHash3). */
function hashToUnit(value: number, seed: number): number {
  let hash = (Math.imul(value | 0, 0x9e3779b1) ^ Math.imul(seed | 0, 0x85ebca77)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
