import type { AlarmStand } from "../../driver/escalate-alone.ts";
import { formatDuration } from "../../lib/duration.ts";

/** How an alarm stands, for people: a line each. */
export function standText({ alarm, now, nextAtMs }: AlarmStand, nowMs: number): string {
  const { openSinceMs, acknowledged, down, sev1, told } = alarm;
  const ago = (ms: number) => `for ${formatDuration(Math.max(0, Math.round((nowMs - ms) / 1000)))}`;
  const lines = [
    openSinceMs === undefined
      ? "No alarm is open."
      : `An alarm is open ${ago(openSinceMs)}${acknowledged === undefined ? ", and nobody has acknowledged it" : `; ${acknowledged.by} has it`}.`,
    ...(down === undefined ? [] : [`The service is down ${ago(down.sinceMs)}: ${down.why}.`]),
    ...(sev1 === undefined ? [] : [`SEV1 ${ago(sev1.sinceMs)}: ${sev1.why}.`]),
    ...(now.length === 0 ? [] : [`Called now: ${now.join(", ")}.`]),
    ...(told.size === 0 ? [] : [`Called so far: ${[...told].join(", ")}.`]),
    ...(nextAtMs === undefined
      ? []
      : [`The next one is called in ${formatDuration(Math.ceil((nextAtMs - nowMs) / 1000))}.`]),
  ];
  return lines.join("\n");
}
