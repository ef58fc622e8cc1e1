import { configError, type Issue } from "../errors/errors.ts";
import type { ChangeKind } from "../types/change.ts";
import type { ClosedPeriod, Freeze, WindowRules } from "../types/window.ts";
import { formatLocal, instantOf, isTimeZone, localOf } from "./local-time.ts";

const weekdays: readonly string[] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** The guide's "avoid Friday evenings!", and the weekend behind it, when nobody is there to see. */
export const defaultClosed: readonly ClosedPeriod[] = [
  {
    from: "Fri 16:00",
    to: "Mon 08:00",
    reason: "no rollout starts between Friday evening and Monday morning",
  },
];

export interface WindowVerdict {
  readonly open: boolean;
  /** Why, with local times. */
  readonly reason: string;
  /** When it opens, ms since the epoch; absent where it is open, or never opens within a year. */
  readonly opensAtMs?: number;
  /** It is closed, and the change may start all the same: recorded. */
  readonly exempt?: true;
}

export interface WindowCheck extends WindowRules {
  /** ms since the epoch. */
  readonly now: number;
  /** A hotfix is exempt. */
  readonly change?: ChangeKind;
}

/**
 * Whether a rollout may start now, and when it may if not. A period is closed from its first moment on and open
 * again at its last. Where the clocks are set back within its first or last hour, it is closed through both passes.
 * Pure. Throws `config-invalid` on rules that `windowIssues` finds fault with.
 */
export function checkWindow(check: WindowCheck): WindowVerdict {
  const issues = windowIssues(check);
  if (issues.length > 0) throw configError(issues);
  const { now, zone, change } = check;
  const closed = closedAt(now, check);
  if (closed === undefined) return { open: true, reason: `the deployment window is open (${zone})` };
  const opensAtMs = opening(closed.endMs, check);
  const until = opensAtMs === undefined ? "not within a year" : formatLocal(opensAtMs, zone);
  const reason = `${closed.reason}; opens ${until}`;
  if (change === "hotfix") return { open: true, exempt: true, reason: `a hotfix is exempt: ${reason}` };
  return { open: false, reason, ...(opensAtMs === undefined ? {} : { opensAtMs }) };
}

/** What is wrong with window rules; paths are relative to them. */
export function windowIssues({ rules, freezes, zone }: WindowRules): readonly Issue[] {
  if (!isTimeZone(zone)) {
    const rule = "an IANA time zone";
    return [
      { path: "zone", received: JSON.stringify(zone), rule, hint: "Write it like Europe/Berlin or UTC." },
    ];
  }
  const weekly = rules.flatMap(({ from, to }, index) => weeklyIssues(from, to, `rules[${index}]`));
  const dated = freezes.flatMap((freeze, index) => freezeIssues(freeze, `freezes[${index}]`, zone));
  return [...weekly, ...dated];
}

function weeklyIssues(from: string, to: string, path: string): readonly Issue[] {
  const hint = 'Write a weekday and a time: "Fri 16:00".';
  const rule = "a moment of the week";
  const wrong = Object.entries({ from, to }).filter(([, text]) => minuteOfWeek(text) === undefined);
  if (wrong.length > 0) {
    return wrong.map(([key, text]) => ({
      path: `${path}.${key}`,
      received: JSON.stringify(text),
      rule,
      hint,
    }));
  }
  if (minuteOfWeek(from) !== minuteOfWeek(to)) return [];
  const never = "To close the whole week, write a freeze with its dates.";
  return [{ path, received: JSON.stringify(from), rule: "two different moments", hint: never }];
}

function freezeIssues(freeze: Freeze, path: string, zone: string): readonly Issue[] {
  const start = dateOf(freeze.from, zone, "start");
  const end = dateOf(freeze.to, zone, "end");
  const rule = "a date, or a date and time";
  const hint = "Write 2026-12-20, 2026-12-20T16:00 or 2026-12-20T16:00:00Z.";
  const issues: Issue[] = [];
  if (start === undefined)
    issues.push({ path: `${path}.from`, received: JSON.stringify(freeze.from), rule, hint });
  if (end === undefined) issues.push({ path: `${path}.to`, received: JSON.stringify(freeze.to), rule, hint });
  if (start !== undefined && end !== undefined && end <= start) {
    issues.push({ path, rule: "an end after its start", hint: "Swap from and to." });
  }
  return issues;
}

interface Closed {
  readonly endMs: number;
  readonly reason: string;
}

/** What closes a moment: of several, the one that lasts longest. */
function closedAt(now: number, { rules, freezes, zone }: WindowRules): Closed | undefined {
  const weekly = rules.flatMap((rule) => occurrences(rule, now, zone));
  const dated = freezes.map((freeze) => ({
    startMs: dateOf(freeze.from, zone, "start") ?? 0,
    endMs: dateOf(freeze.to, zone, "end") ?? 0,
    reason: `freeze: ${freeze.reason}`,
  }));
  const holding = [...dated, ...weekly].filter(({ startMs, endMs }) => startMs <= now && now < endMs);
  return holding.sort((a, b) => b.endMs - a.endMs)[0];
}

const weekMs = 7 * 86_400_000;
const yearMs = 366 * 86_400_000;

/** The end of everything that is closed in one piece from `from` on. */
function opening(from: number, rules: WindowRules): number | undefined {
  let at = from;
  for (let next = closedAt(at, rules); next !== undefined; next = closedAt(at, rules)) {
    at = next.endMs;
    if (at > from + yearMs) return undefined;
  }
  return at;
}

/** A weekly period around a moment: last week's, this week's and next week's. */
function occurrences({ from, to, reason }: ClosedPeriod, now: number, zone: string) {
  const [first, last] = [minuteOfWeek(from) ?? 0, minuteOfWeek(to) ?? 0];
  const lengthMs = ((((last - first) * 60_000) % weekMs) + weekMs) % weekMs;
  const local = localOf(now, zone);
  // 1970-01-04 was the first Sunday.
  const sunday = local - ((((local - 3 * 86_400_000) % weekMs) + weekMs) % weekMs);
  return [-1, 0, 1].map((week) => {
    const start = sunday + week * weekMs + first * 60_000;
    return {
      startMs: instantOf(start, zone, "earlier"),
      endMs: instantOf(start + lengthMs, zone, "later"),
      reason,
    };
  });
}

function minuteOfWeek(written: string): number | undefined {
  const [, name = "", hour, minute] = /^([A-Z][a-z]{2}) ([01]\d|2[0-3]):([0-5]\d)$/.exec(written) ?? [];
  const day = weekdays.indexOf(name);
  return day < 0 ? undefined : (day * 24 + Number(hour)) * 60 + Number(minute);
}

/** The instant of a date in the calendar; a date alone is the start of its day, or the end of it. */
function dateOf(written: string, zone: string, edge: "start" | "end"): number | undefined {
  const [, date, time, offset] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(written) ?? [];
  if (date === undefined) return undefined;
  const local = Date.parse(`${date}T${time ?? "00:00"}Z`);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 10) !== date) return undefined;
  if (offset !== undefined) return Date.parse(written);
  const whole = time === undefined && edge === "end" ? 86_400_000 : 0;
  return instantOf(local + whole, zone, edge === "start" ? "earlier" : "later");
}
