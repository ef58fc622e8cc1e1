import { redactValue } from "../lib/redact.ts";
import type { JournalDraft, JournalEntry } from "../types/journal.ts";
import type { DriverDeps } from "./session.ts";

/** Appends one entry of whatever rollout, redacted. */
export async function append(
  { record, runtime, secrets, observer }: Pick<DriverDeps, "record" | "runtime" | "secrets" | "observer">,
  entry: Omit<JournalDraft, "at" | "wallAt">,
): Promise<JournalEntry> {
  const { kind } = entry;
  const draft = {
    ...entry,
    at: new Date(runtime.clock.now()).toISOString(),
    wallAt: new Date(runtime.wall.now()).toISOString(),
    data: redactValue(entry.data, secrets),
  };
  // What is about to be done has to be on disk before it is; what was done, after.
  const sync = kind !== "observed" && kind !== "verdict";
  const written = await record.journal.append(draft, { sync });
  observer?.(written);
  return written;
}
