import { z } from "zod";
import { RolloutError } from "../errors/errors.ts";
import { invalidFlag } from "./flag-schema.ts";

const windowSchema = z.object({
  Start: z.string().exactOptional(),
  End: z.string().exactOptional(),
  Recurrence: z.unknown().optional(),
});

/**
 * Whether `Microsoft.TimeWindow` is open: from `Start` on, before `End`; never with neither, or with a time that
 * nobody can read. Throws RolloutError `flag-recurrence` where only a recurrence could open it: weeks of local time are
 * not read here, and no answer is better than a wrong one.
 */
export function isInWindow(flagId: string, parameters: unknown, now: number): boolean {
  const parsed = windowSchema.safeParse(parameters);
  if (!parsed.success) throw invalidFlag(flagId, parsed.error.issues);
  const { Start, End, Recurrence } = parsed.data;
  if (Start === undefined && End === undefined) return false;
  const start = Start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(Start);
  const end = End === undefined ? Number.POSITIVE_INFINITY : Date.parse(End);
  if (Number.isNaN(start) || Number.isNaN(end)) return false;
  if (start <= now && now < end) return true;
  // Nothing recurs before its first time, or without both ends.
  if (Recurrence === undefined || Start === undefined || End === undefined || now < start) return false;
  throw new RolloutError(`Whether ${flagId} is on now depends on the recurrence of its time window.`, {
    code: "flag-recurrence",
    exit: "resource",
    hint: "A rollout can't tell who is in while a window recurs: give the filter one window, from Start to End.",
  });
}
