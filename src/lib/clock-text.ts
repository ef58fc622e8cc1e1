import { localOf } from "./local-time.ts";

/**
 * A moment as people of a zone read it, with the zone's short name then: `2:30 PM EST`. On another day than `besideMs`
 * with its date: `Fri, Jan 16, 9:00 AM EST`. Throws a RangeError on an unknown zone.
 */
export function clockText(atMs: number, zone: string, besideMs = atMs): string {
  const time = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(atMs);
  const day = (ms: number) => Math.floor(localOf(ms, zone) / 86_400_000);
  if (day(atMs) === day(besideMs)) return plain(time);
  const date = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    month: "short",
    day: "numeric",
  }).format(atMs);
  return plain(`${date}, ${time}`);
}

/** ICU puts a narrow no-break space before PM, which many a mail client shows as a box. */
function plain(text: string): string {
  return text.replace(/[\u00a0\u202f]/g, " ");
}
