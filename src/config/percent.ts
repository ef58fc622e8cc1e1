/** `1%`, `0.5%`, `100%`. */
export const percentPattern = /^(\d{1,3}(?:\.\d{1,4})?)\s?%$/;

/**
 * Percent as a number, 0-100, of a text with its sign (`"1%"` → 1). A bare number is undefined on purpose:
 * 0.01 may mean 1 % or a hundredth of it.
 */
export function parsePercent(written: unknown): number | undefined {
  if (typeof written !== "string") return undefined;
  const digits = percentPattern.exec(written)?.[1];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  return value <= 100 ? value : undefined;
}
