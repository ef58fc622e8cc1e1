import type { Clock } from "../../lib/runtime.ts";
import type { Decision } from "../../types/decision.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { RolloutPlan } from "../../types/plan.ts";

/** A soak is long from here on, seconds. */
export const longSoakSeconds = 86_400;
/** How long each look is taken after something has happened, ms. */
const closeMs = 1_800_000;
/** How far apart looks are where nothing has, ms. */
const strideMs = 3_600_000;

/** A driver's clock, and what it has to hear of its rollout. */
export interface StridingClock {
  readonly clock: Clock;
  hear(entry: JournalEntry): void;
}

export interface StridingOptions {
  readonly clock: Clock;
  readonly lookMs: number;
  /** How long an extension of a soak is, ms: a hold is looked at that often. */
  readonly holdMs: number;
  /** When something happens that a look could see, ms since the epoch: past and future, in any order. */
  readonly changes: () => readonly number[];
}

/**
 * Soaks of a day and more, without a thousand looks at the same: half an hour after a step is in force, after a hold
 * begins and after each of `changes` a look's pause takes as long as was asked; then until the next of them or the end of
 * the soak an hour. Every other pause is as it is. The plan stays the stack's own.
 */
export function createStridingClock({ clock, lookMs, holdMs, changes }: StridingOptions): StridingClock {
  let soaks: Readonly<Record<string, number>> = {};
  let watch: { readonly sinceMs: number; readonly endMs: number; readonly paceMs: number } | undefined;
  const pauseMs = (): number => {
    const nowMs = clock.now();
    if (watch === undefined) return lookMs;
    const times = [watch.sinceMs, watch.endMs, ...changes()];
    const last = Math.max(...times.filter((ms) => ms <= nowMs));
    if (nowMs < last + closeMs) return lookMs;
    const next = Math.min(...times.filter((ms) => ms > nowMs), Number.POSITIVE_INFINITY);
    return Math.max(lookMs, Math.min(watch.paceMs, next - nowMs));
  };
  return {
    clock: {
      now: () => clock.now(),
      sleep: (ms, signal) => clock.sleep(ms === lookMs ? pauseMs() : ms, signal),
    },
    hear: ({ kind, step, at, data }) => {
      if (kind === "begin") soaks = soaksOf(data["plan"] as RolloutPlan);
      if (kind !== "decision") return;
      const decision = data["decision"] as Decision;
      const sinceMs = Date.parse(at);
      const soakMs = soaks[step] ?? 0;
      const isLong = soakMs >= longSoakSeconds * 1000;
      if (decision.kind === "continue" && decision.confirmed && isLong)
        watch = { sinceMs, endMs: sinceMs + soakMs, paceMs: strideMs };
      else if (decision.kind === "hold" && watch !== undefined) watch = { ...watch, paceMs: holdMs };
      else watch = undefined;
    },
  };
}

/** Of each step, ms. */
function soaksOf({ steps }: RolloutPlan): Readonly<Record<string, number>> {
  return Object.fromEntries(steps.map(({ id, soakSeconds = 0 }) => [id, soakSeconds * 1000]));
}
