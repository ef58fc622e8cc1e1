/** A parsed duration in both units, or why the text is none. */
export type DurationResult =
  | { readonly ok: true; readonly ms: number; readonly seconds: number }
  | { readonly ok: false; readonly rule: string; readonly hint: string };

/** Each unit at most once, the longer before the shorter: `1h30m`, `90s`, `500ms`. */
export const durationPattern = /^(?=\d)(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

const rule = "a duration with units, like 15m, 90s, 1h30m or 500ms";

/**
 * Parses a duration as people write it in config and on the command line. A bare number is refused: nobody
 * can tell whether 15 are seconds or minutes, and the hint offers the two of `bareUnits`. Never throws.
 */
export function parseDuration(
  written: unknown,
  bareUnits: readonly [string, string] = ["s", "m"],
): DurationResult {
  if (typeof written === "number" || (typeof written === "string" && /^\d+(\.\d+)?$/.test(written))) {
    const [first, second] = bareUnits;
    const hint = `A bare number has no unit: write "${written}${first}" or "${written}${second}".`;
    return { ok: false, rule, hint };
  }
  if (typeof written !== "string") return { ok: false, rule, hint: 'Write it as a text: "15m".' };
  const match = durationPattern.exec(written);
  if (!match) return { ok: false, rule, hint: hintFor(written) };
  const [hours, minutes, seconds, millis] = match.slice(1).map((part) => Number(part ?? 0));
  const ms = (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000 + (millis ?? 0);
  return { ok: true, ms, seconds: ms / 1000 };
}

function hintFor(written: string): string {
  const loose = /^\s*(\d+)\s*(s|sec|m|min|h|hr|hours?|minutes?|seconds?)\.?\s*$/i.exec(written);
  const [, count, unit] = loose ?? [];
  if (count !== undefined && unit !== undefined) return `Write "${count}${unit.charAt(0).toLowerCase()}".`;
  return "Units are h, m, s and ms, whole numbers, the longer unit first, no spaces.";
}

const units = [
  { short: "h", long: "h", ms: 3_600_000 },
  { short: "m", long: "min", ms: 60_000 },
  { short: "s", long: "s", ms: 1000 },
  { short: "ms", long: "ms", ms: 1 },
] as const;

/** For people: `15 min`, `1 h 30 min`, `500 ms`; `0 s` for nothing. Rounds to whole milliseconds. */
export function formatDuration(seconds: number): string {
  return parts(seconds, (count, unit) => `${count} ${unit.long}`).join(" ") || "0 s";
}

/** As config writes it: `15m`, `1h30m`, `500ms`; `0s` for nothing. `parseDuration` reads it back. */
export function writeDuration(seconds: number): string {
  return parts(seconds, (count, unit) => `${count}${unit.short}`).join("") || "0s";
}

function parts(seconds: number, render: (count: number, unit: (typeof units)[number]) => string): string[] {
  let rest = Math.round(seconds * 1000);
  const rendered: string[] = [];
  for (const unit of units) {
    const count = Math.floor(rest / unit.ms);
    rest -= count * unit.ms;
    if (count > 0) rendered.push(render(count, unit));
  }
  return rendered;
}
