/** A number as a fraction of whole numbers. */
export interface Fraction {
  readonly num: bigint;
  /** Greater than 0. */
  readonly den: bigint;
}

/**
 * Exactly the decimal that a number is written as: 0.1 is 1/10, and not the binary number nearest to it. So that
 * "exactly the limit" is exactly the limit. Undefined for what isn't finite.
 */
export function fractionOf(value: number): Fraction | undefined {
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) return undefined;
  const [, whole = "0", decimals = "", exponent = "0"] = match;
  const shift = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return shift >= 0
    ? { num: digits * 10n ** BigInt(shift), den: 1n }
    : { num: digits, den: 10n ** BigInt(-shift) };
}

/** Requests of a span, and the bad ones among them, as whole numbers. */
export interface Counts {
  readonly total: bigint;
  readonly bad: bigint;
}

/**
 * Counts that say something: at least one request, and not more bad ones than requests. Else undefined: no traffic
 * and nonsense are both no data. A source that extrapolates is rounded to whole requests.
 */
export function countsOf(total: number | undefined, bad: number | undefined): Counts | undefined {
  if (total === undefined || bad === undefined) return undefined;
  if (!Number.isFinite(total) || !Number.isFinite(bad)) return undefined;
  const counts = { total: BigInt(Math.round(total)), bad: BigInt(Math.round(bad)) };
  return counts.total > 0n && counts.bad >= 0n && counts.bad <= counts.total ? counts : undefined;
}

/** How a share of requests stands to a limit in percent, exactly: -1 below, 0 exactly at it, 1 above. */
export function compareShare({ total, bad }: Counts, limit: Fraction): -1 | 0 | 1 {
  const difference = bad * 100n * limit.den - limit.num * total;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
