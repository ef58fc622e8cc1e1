import { logGamma } from "../../src/analysis/log-gamma.ts";

/** The next number: uniform above 0 and below 1 where nothing else is said. */
export type Random = () => number;

/** Draws whole counts. */
export type Sampler = (random: Random) => number;

/** The same numbers on every machine: xoshiro128** with 53 bits a number, its state from the seed by splitmix32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const split = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  const next = xoshiro([split(), split(), split(), split()]);
  // Half a step up: never 0, whose logarithm is none.
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6) + 0.5) * 2 ** -53;
}

/** Blackman and Vigna's xoshiro128** ("Scrambled linear pseudorandom number generators", 2018): 32 bits a call. */
export function xoshiro([first, second, third, fourth]: readonly [number, number, number, number]): Random {
  let [a, b, c, d] = [first, second, third, fourth];
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled;
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/**
 * Exact Poisson counts of one mean: inversion below 10, else Hörmann's PTRS ("The transformed rejection method for
 * generating Poisson random variables", 1993), whose time doesn't grow with the mean.
 *
 * No binomial is needed: of Poisson requests of which a share fails, the failed and the good ones are independent
 * Poisson counts. That is an identity, not an approximation.
 */
export function poisson(mean: number): Sampler {
  if (mean <= 0) return () => 0;
  return mean < 10 ? byInversion(mean) : byRejection(mean);
}

function byInversion(mean: number): Sampler {
  const none = Math.exp(-mean);
  return (random) => {
    let left = random();
    let chance = none;
    let count = 0;
    while (left > chance && count < 1000) {
      left -= chance;
      count += 1;
      chance *= mean / count;
    }
    return count;
  };
}

function byRejection(mean: number): Sampler {
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const quick = 0.9277 - 3.6224 / (b - 2);
  return (random) => {
    for (;;) {
      const u = random() - 0.5;
      const v = random();
      const us = 0.5 - Math.abs(u);
      const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= quick) return count;
      if (count < 0 || (us < 0.013 && v > us)) continue;
      const log = Math.log((v * inverseAlpha) / (a / (us * us) + b));
      if (log <= count * logMean - mean - logGamma(count + 1)) return count;
    }
  };
}
