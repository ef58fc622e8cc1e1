/** A wall clock's reading: ms since 1970-01-01T00:00 of that clock, as if it were UTC. */
export type LocalMs = number;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether this runtime knows a time zone by its IANA name. */
export function isTimeZone(zone: string): boolean {
  try {
    return formatterOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** What the wall clock of a zone shows at an instant (ms since the epoch). Throws a RangeError on an unknown zone. */
export function localOf(instantMs: number, zone: string): LocalMs {
  const found: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(instantMs)) found[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instantMs % 1000) + 1000) % 1000);
}

/**
 * The instant at which the wall clock of a zone shows a reading. A reading that comes twice (clocks set back) has an
 * `earlier` and a `later` one; one that never comes (clocks set forward) is the moment of the jump.
 */
export function instantOf(local: LocalMs, zone: string, which: "earlier" | "later"): number {
  // No zone is further from UTC than 26 h, and none changes twice in three days.
  const margin = 36 * 3_600_000;
  const offset = (instant: number) => localOf(instant, zone) - instant;
  const before = offset(local - margin);
  const after = offset(local + margin);
  const fits = [...new Set([local - before, local - after])]
    .filter((instant) => localOf(instant, zone) === local)
    .sort((a, b) => a - b);
  const found = which === "earlier" ? fits[0] : fits.at(-1);
  if (found !== undefined) return found;
  return jumpBetween(local - after, local - before, (instant) => offset(instant) === after);
}

/** The first ms from which on `changed` holds; it does at `to` and doesn't at `from`. */
function jumpBetween(from: number, to: number, changed: (instant: number) => boolean): number {
  let [low, high] = [from - 1, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (changed(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** `Fri 16 Jan 2026, 16:00 (Europe/Berlin)`. */
export function formatLocal(instantMs: number, zone: string): string {
  const local = new Date(localOf(instantMs, zone));
  const date = local.toUTCString().slice(0, 16).replace(",", "");
  return `${date}, ${local.toISOString().slice(11, 16)} (${zone})`;
}

/** Formatters are dear to make and hold no state. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formatters.set(zone, made);
  return made;
}
