import type { CohortBin } from "../types/observation.ts";

/** Counts of one window. Times in ms since the epoch. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly n: number;
  readonly errors: number;
  readonly slow: Readonly<Record<number, number>>;
}

export interface WindowOptions {
  readonly binMs: number;
  /** Nothing older is evidence: when the route was first read back with an exposure. */
  readonly sinceMs: number;
  /** Bins that end after it are not complete. */
  readonly watermarkMs: number;
  /** A window is at least this long … */
  readonly minMs: number;
  /** … and holds at least this many requests. */
  readonly minRequests: number;
  /** How many windows are wanted. */
  readonly count: number;
}

/**
 * The latest windows, newest first, each growing backwards from the end of the one after it until it is long
 * enough and full enough (gates.md 2.5). Bins that the backend left out count as silence: time, no requests.
 * Fewer than `count` come back where the rollout is too young or too quiet: never a padded one.
 *
 * In a quiet service two failures fill a window, and cutting it anew at each look would try every way to have them
 * together (3.2 false reverts in 1,000 healthy rollouts at 10 requests/s, where gates.md 2.1 has 2.0 with windows laid
 * end to end). There the newest window ends at a whole multiple of its length since the start.
 */
export function latestWindows(bins: readonly CohortBin[], options: WindowOptions): readonly Window[] {
  const byStart = new Map(bins.map((bin) => [bin.startMs, bin]));
  const oldest = Math.ceil(options.sinceMs / options.binMs) * options.binMs;
  const windows: Window[] = [];
  let end = newestEnd(byStart, { ...options, oldest });
  while (windows.length < options.count) {
    const window = growBackwards(byStart, end, { ...options, oldest });
    if (window === undefined) break;
    windows.push(window);
    end = window.fromMs;
  }
  return windows;
}

/** Fewer requests than this many times `minRequests` in the shortest window are a quiet service. */
export const quietFactor = 10;

function newestEnd(
  byStart: ReadonlyMap<number, CohortBin>,
  { watermarkMs, binMs, minMs, minRequests, oldest }: WindowOptions & { readonly oldest: number },
): number {
  const end = Math.floor(watermarkMs / binMs) * binMs;
  let n = 0;
  for (let start = end - binMs; start >= end - minMs; start -= binMs) n += byStart.get(start)?.n ?? 0;
  if (n >= quietFactor * minRequests || end < oldest) return end;
  return oldest + Math.floor((end - oldest) / minMs) * minMs;
}

function growBackwards(
  byStart: ReadonlyMap<number, CohortBin>,
  end: number,
  bounds: WindowOptions & { readonly oldest: number },
): Window | undefined {
  const members: CohortBin[] = [];
  let n = 0;
  for (let start = end - bounds.binMs; start >= bounds.oldest; start -= bounds.binMs) {
    const bin = byStart.get(start);
    if (bin) {
      members.push(bin);
      n += bin.n;
    }
    if (end - start >= bounds.minMs && n >= bounds.minRequests) return total(members, start, end);
  }
  return undefined;
}

/** Sum of bins as one window. A threshold that one of them doesn't count isn't counted: its sum would be too small. */
export function total(bins: readonly CohortBin[], fromMs: number, toMs: number): Window {
  const slow: Record<number, number> = {};
  const counted = Object.keys(bins[0]?.slow ?? {}).map(Number);
  let n = 0;
  let errors = 0;
  for (const bin of bins) {
    n += bin.n;
    errors += bin.errors;
    for (const threshold of counted) {
      slow[threshold] = (slow[threshold] ?? 0) + (bin.slow[threshold] ?? Number.NaN);
    }
  }
  for (const threshold of counted) if (Number.isNaN(slow[threshold])) delete slow[threshold];
  return { fromMs, toMs, n, errors, slow };
}
