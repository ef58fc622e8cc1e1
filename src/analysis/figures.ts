/** A share as percent with two decimals. One that is not 0 never reads as 0. */
export function formatShare(bad: number, n: number): string {
  const percent = ((bad / n) * 100).toFixed(2);
  return bad > 0 && percent === "0.00" ? "< 0.01" : percent;
}

/** Odds against "all is well", rounded down: evidence short of a threshold never reads as having reached it. */
export function formatOdds(odds: number): string {
  if (odds >= 1e6) return "more than 1,000,000";
  if (odds >= 100) return grouped(odds);
  // 18.6 is stored a bit below 18.6, and must not fall to 18.5.
  const tenths = Math.floor(odds * 10 + 1e-9);
  return tenths % 10 === 0 ? `${tenths / 10}` : (tenths / 10).toFixed(1);
}

/** A count, rounded down to whole: `2,410`. */
export function grouped(count: number): string {
  return `${Math.floor(count)}`.replace(/\B(?=(\d{3})+$)/g, ",");
}
