/** A counter's samples on a grid of equal steps; undefined where it had none. */
export type Track = readonly (number | undefined)[];

/** Whether a series that first appears at a step started from 0 there (or had been counting unseen before). */
export type BornFromZero = (step: number) => boolean;

/**
 * What a counter grew by up to each step since the step before. A decrease is a reset: the new value counts
 * from 0. Over a gap the growth falls into the step where the series is back. The first sample of the grid
 * is a base line; a series born later counts whole if `bornFromZero` says so. `increase()` of PromQL loses
 * exactly that (prometheus#1673, #3886, #12967), which is why this is computed here.
 */
export function increases(track: Track, bornFromZero: BornFromZero): number[] {
  return slowIncreases(
    track,
    track.map((value) => (value === undefined ? undefined : 0)),
    bornFromZero,
  );
}

/**
 * The same for the requests that are *not* within a bucket: `all` minus `fast`, both of one histogram of
 * one target. They reset together, also where only one of them shows it.
 */
export function slowIncreases(all: Track, fast: Track, bornFromZero: BornFromZero): number[] {
  let last: { readonly all: number; readonly fast: number } | undefined;
  return all.map((value, step) => {
    const within = fast[step];
    if (value === undefined || within === undefined) return 0;
    const before = last;
    last = { all: value, fast: within };
    if (before === undefined) return step > 0 && bornFromZero(step) ? Math.max(0, value - within) : 0;
    const reset = value < before.all || within < before.fast;
    const grown = reset ? value - within : value - before.all - (within - before.fast);
    return Math.max(0, grown); // A target that isn't read in one piece can be off by a request for one scrape.
  });
}

/** Adds up step by step: sum after differencing, never before, or one target's reset swallows the others. */
export function addUp(series: readonly (readonly number[])[], steps: number): number[] {
  const sum = new Array<number>(steps).fill(0);
  for (const one of series) {
    for (const [step, value] of one.entries()) sum[step] = (sum[step] ?? 0) + value;
  }
  return sum;
}

/** At which steps at least one of the tracks has a sample. */
export function presence(tracks: readonly Track[], steps: number): boolean[] {
  return Array.from({ length: steps }, (_, step) => tracks.some((track) => track[step] !== undefined));
}
