import { formatDuration } from "../lib/duration.ts";

export const dayMs = 86_400_000;

/** Clocks of two machines that differ by less than this tell the same time, ms. */
const skewMs = 60_000;

/** Whether a moment lies within a span before now; what is dated in the future doesn't. */
export function within(atMs: number, { now, spanMs }: { readonly now: number; readonly spanMs: number }) {
  return now - atMs <= spanMs && atMs - now <= skewMs;
}

/** A span for people: whole days from a day on. */
export function spanText(ms: number): string {
  const days = Math.floor(ms / dayMs);
  if (ms < dayMs) return formatDuration(Math.round(ms / 1000));
  return days === 1 ? "1 day" : `${days} days`;
}

/** ISO 8601. A date beyond what dates can be is the last one there is. */
export function iso(ms: number): string {
  return new Date(Math.min(Math.max(ms, -8.64e15), 8.64e15)).toISOString();
}
