import { RolloutError } from "../errors/errors.ts";
import { incompleteBeta, inverseIncompleteBeta } from "./incomplete-beta.ts";

/** `bad` of `n` requests: whole counts, 0 <= bad <= n. */
export interface ShareCount {
  readonly bad: number;
  readonly n: number;
}

/**
 * Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934): the exact bounds of a share,
 * here each one-sided, as quantiles of the beta distribution. Counts under sampling must be divided by the mean sample
 * weight first: a record that stands for 20 requests is one observation.
 */

/**
 * The share (0-1) that the true one is at most, with `confidence` (0-1, default 0.95): the one at which as few as
 * `bad` bad ones would have a chance of 1 - confidence. 1 without a request: nothing is known.
 * @throws RolloutError `share-invalid` for counts or a confidence that are none.
 */
export function upperBound(count: ShareCount, confidence = 0.95): number {
  const { bad, n } = checked(count, confidence);
  if (bad === n) return 1;
  if (bad === 0) return 1 - (1 - confidence) ** (1 / n);
  return inverseIncompleteBeta(bad + 1, n - bad, confidence);
}

/** The share (0-1) that the true one is at least, with `confidence`; 0 without a request. Throws as `upperBound`. */
export function lowerBound(count: ShareCount, confidence = 0.95): number {
  const { bad, n } = checked(count, confidence);
  if (bad === 0) return 0;
  if (bad === n) return (1 - confidence) ** (1 / n);
  return inverseIncompleteBeta(bad, n - bad + 1, 1 - confidence);
}

/**
 * Whether the counts prove the share to be below the limit (gates.md 2.5, item 4): the upper bound is strictly below
 * it. 299, 473, 628 and 773 requests with 0, 1, 2 and 3 errors prove less than 1 % at 95 % (1.6). Silence proves nothing.
 */
export function certifies(count: ShareCount, limitShare: number, confidence = 0.95): boolean {
  const { bad, n } = checked(count, confidence);
  if (bad === n || !(limitShare > 0)) return false;
  if (limitShare >= 1) return true;
  // The same as upperBound < limitShare, without the search: at the limit, is as few as `bad` too rare?
  return incompleteBeta(bad + 1, n - bad, limitShare) > confidence;
}

function checked(count: ShareCount, confidence: number): ShareCount {
  const { bad, n } = count;
  const whole = Number.isSafeInteger(n) && Number.isSafeInteger(bad) && bad >= 0 && bad <= n;
  if (whole && confidence > 0 && confidence < 1) return count;
  throw new RolloutError(`There is no bound for ${bad} of ${n} requests at a confidence of ${confidence}.`, {
    code: "share-invalid",
    exit: "internal",
    hint: "Counts are whole, none is bad that isn't counted, and a confidence is above 0 and below 1.",
  });
}
