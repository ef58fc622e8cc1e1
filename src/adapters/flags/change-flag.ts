import { RolloutError } from "../../errors/errors.ts";
import type { Clock } from "../../lib/runtime.ts";
import {
  absentFlag,
  type FlagContent,
  type FlagReading,
  type Flags,
  type FlagWrite,
} from "../../ports/flags.ts";

export interface ChangeFlagOptions {
  readonly clock: Pick<Clock, "sleep">;
  /** Reads, each with the write that follows. Default 8. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** What is to stand in the store instead of what is there; undefined where that is right as it is. Called anew after each read. */
export type FlagChange = (there: FlagReading | undefined) => FlagContent | undefined;

export interface FlagChanged {
  /** The flag as it is now, by the last read or write; undefined: there is none. */
  readonly etag: string | undefined;
  /** False: nothing had to be written. */
  readonly written: boolean;
  readonly attempts: number;
}

/**
 * Reads, changes, writes on top of what was read, and begins again where somebody came between: so two changes at once
 * both last. A lost answer is found out about by the next read. Throws RolloutError: `flag-locked`; `flag-contended`
 * where the attempts are used up; whatever the change throws.
 */
export async function changeFlag(
  flags: Flags,
  change: FlagChange,
  { clock, attempts = 8, signal }: ChangeFlagOptions,
): Promise<FlagChanged> {
  let last: FlagWrite | undefined;
  let maybeWritten = false;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    signal?.throwIfAborted();
    const there = await flags.read(signal);
    const content = change(there);
    if (content === undefined) return { etag: there?.etag, written: maybeWritten, attempts: attempt };
    // Locked is known before the write, and a write can't unlock.
    if (there?.locked) throw locked(flags);
    last = await flags.write(content, {
      ifMatch: there?.etag ?? absentFlag,
      ...(signal ? { signal } : {}),
    });
    if (last.status === "ok") return { etag: last.etag, written: true, attempts: attempt };
    if (last.status === "locked") throw locked(flags);
    if (last.status === "unknown") maybeWritten = true;
    if (last.status === "throttled" && attempt < attempts) await clock.sleep(last.retryAfterMs, signal);
  }
  throw new RolloutError(`${flags.name} could not be changed in ${attempts} attempts: ${reason(last)}.`, {
    code: "flag-contended",
    exit: "resource",
    hint: "Find out who else writes the flag; to change it again is safe.",
  });
}

function reason(last: FlagWrite | undefined): string {
  switch (last?.status) {
    case "conflict":
      return "somebody else wrote it between each read and write";
    case "throttled":
      return `the store asks to wait for ${last.retryAfterMs} ms`;
    case "unknown":
      return `the last write has no sure answer (${last.message})`;
    default:
      return "none was allowed";
  }
}

function locked({ name }: Flags): RolloutError {
  return new RolloutError(`${name} is locked: nobody can change it.`, {
    code: "flag-locked",
    exit: "resource",
    hint: "`az appconfig feature unlock` unlocks it; find out first who locked it, and why.",
  });
}
