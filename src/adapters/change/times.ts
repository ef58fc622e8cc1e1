import type { ChangeTimes } from "../../types/change-request.ts";

/**
 * A time as a change system writes it, in ms since the epoch. Undefined for what isn't in the named form: a time
 * without a zone is never guessed at.
 */
export function parseChangeTime(value: unknown, times: ChangeTimes): number | undefined {
  if (times === "epoch-ms" || times === "epoch-seconds") {
    const count = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof count !== "number" || !Number.isFinite(count)) return undefined;
    return times === "epoch-ms" ? count : count * 1000;
  }
  if (typeof value !== "string") return undefined;
  const form =
    times === "iso"
      ? /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/
      : /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;
  if (!form.test(value)) return undefined;
  const ms = Date.parse(times === "iso" ? value : `${value.replace(" ", "T")}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
