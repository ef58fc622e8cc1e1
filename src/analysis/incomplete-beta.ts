import { RolloutError } from "../errors/errors.ts";
import { stirlingError } from "./log-gamma.ts";

const tiny = 1e-300;
const closeEnough = 2 ** -52;
/** It takes about the square root of the larger parameter: this is enough for 1e11 requests. */
const longestFraction = 1_000_000;

/**
 * Regularised incomplete beta function I_x(a, b), a and b > 0, x in 0-1: the chance of at least `a` hits in
 * `a + b - 1` tries of chance x. By its continued fraction (DLMF 8.17.22, evaluated as Lentz does it), on the side of
 * the mean where that is short.
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return lowerTail(a, b, { x, rest: 1 - x });
}

/** A share and what is left of 1: computed from each other, the smaller of the two would lose its digits. */
interface Split {
  readonly x: number;
  readonly rest: number;
}

function lowerTail(a: number, b: number, split: Split): number {
  const { x, rest } = split;
  if (x > (a + 1) / (a + b + 2)) return 1 - lowerTail(b, a, { x: rest, rest: x });
  return (front(a, b, split) / a) * fraction(a, b, x);
}

/** The x in 0-1 with I_x(a, b) = p: Newton steps within a bracket, halved where a step would leave it. */
export function inverseIncompleteBeta(a: number, b: number, p: number): number {
  let [low, high] = [0, 1];
  let x = a / (a + b);
  for (let round = 0; round < 200; round += 1) {
    const miss = incompleteBeta(a, b, x) - p;
    if (miss > 0) high = x;
    else low = x;
    const slope = front(a, b, { x, rest: 1 - x }) / (x * (1 - x));
    const step = x - miss / slope;
    const next = step > low && step < high ? step : (low + high) / 2;
    if (Math.abs(next - x) <= closeEnough * x) return next;
    x = next;
  }
  return x;
}

/**
 * x^a (1-x)^b / B(a, b), as Loader computes binomial probabilities ("Fast and accurate computation of binomial
 * probabilities", 2000): log-gammas of millions would cancel and leave seven digits.
 */
function front(a: number, b: number, { x, rest }: Split): number {
  const n = a + b;
  const log =
    stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * rest);
  return Math.sqrt((a / (2 * Math.PI)) * (b / n)) * Math.exp(log);
}

/** count·ln(count/mean) + mean - count, by a series where the two are close. */
function deviance(count: number, mean: number): number {
  const gap = count - mean;
  if (Math.abs(gap) >= 0.1 * (count + mean)) return count * Math.log(count / mean) - gap;
  const ratio = gap / (count + mean);
  let sum = gap * ratio;
  let power = 2 * count * ratio;
  for (let odd = 3; ; odd += 2) {
    power *= ratio * ratio;
    const next = sum + power / odd;
    if (next === sum) return sum;
    sum = next;
  }
}

function fraction(a: number, b: number, x: number): number {
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let numerator = 1;
  let denominator = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = denominator;
  for (let m = 1; m < longestFraction; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    denominator = 1 / away(1 + even * denominator);
    numerator = away(1 + even / numerator);
    value *= denominator * numerator;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / away(1 + odd * denominator);
    numerator = away(1 + odd / numerator);
    const change = denominator * numerator;
    value *= change;
    if (Math.abs(change - 1) <= closeEnough) return value;
  }
  throw new RolloutError(`I_x(${a}, ${b}) at ${x} did not converge.`, {
    code: "beta-not-converged",
    exit: "internal",
    hint: "Counts of up to 1e11 requests are served.",
  });
}
