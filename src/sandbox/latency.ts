/** 95 % of a standard normal lie below this. */
const Z95 = 1.6448536269514722;
/** P95 of a healthy service, ms. */
export const HEALTHY_P95_MS = 480;
/** Spread of the logarithm: with P95 480 ms the median is 150 ms. */
const SIGMA = Math.log(480 / 150) / Z95;
/** The tail of a service that misses its P99 alone: 2 % of the requests take 2.5 s, whatever the others do. */
export const TAIL_MS = 2_500;
export const TAIL_PPM = 20_000;

/**
 * Share of requests slower than `thresholdMs`, 0-1, where latency is log-normal with the given P95: exactly
 * 5 % at the P95 itself.
 */
export function slowShare(thresholdMs: number, p95Ms: number): number {
  if (thresholdMs <= 0) return 1;
  if (thresholdMs === p95Ms) return 0.05;
  const ratio = thresholdMs / p95Ms;
  const known = shares.get(ratio) ?? upperTail(Z95 + Math.log(ratio) / SIGMA);
  shares.set(ratio, known);
  return known;
}

/** Few ratios are asked for, each in every bin. */
const shares = new Map<number, number>();

/**
 * P(Z > z) of a standard normal: the continued fraction of Laplace in the tail, the power series around 0.
 * Good to 1e-10, far below one request in a bin.
 */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n += 1) {
      term *= (z * z) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let n = 80; n > 0; n -= 1) fraction = z + n / fraction;
  return density / fraction;
}
