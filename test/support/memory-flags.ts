import { RolloutError } from "../../src/errors/errors.ts";
import {
  absentFlag,
  type FlagContent,
  type FlagReading,
  type Flags,
  type FlagWrite,
} from "../../src/ports/flags.ts";

export interface MemoryFlags extends Flags {
  /** The flag as it is now. */
  readonly flag: FlagReading | undefined;
  /** Writes past the port, as another process does; undefined removes it. */
  put(content: FlagContent | undefined): void;
  lock(locked: boolean): void;
  /** Runs once, before the next write is looked at. */
  beforeNextWrite(act: () => void): void;
  /** What the next writes answer instead; `lost` writes all the same. */
  nextWrites(...answers: readonly ("throttled" | "lost" | "not-sent")[]): void;
  /** From now on reading and writing fail; undefined: they work again. */
  failWith(error: Error | undefined): void;
  /** Writes that were asked for. */
  readonly writes: number;
}

/** A flag in memory; there is none at first. */
export function createMemoryFlags(): MemoryFlags {
  let flag: FlagReading | undefined;
  let version = 0;
  let writes = 0;
  let failure: Error | undefined;
  const between: (() => void)[] = [];
  const answers: ("throttled" | "lost" | "not-sent")[] = [];
  const set = (content: FlagContent, locked = false): string => {
    version++;
    flag = { ...content, tags: { ...content.tags }, etag: `v${version}`, locked };
    return flag.etag;
  };
  const attempt = (content: FlagContent, ifMatch: string): FlagWrite => {
    if (ifMatch !== (flag?.etag ?? absentFlag)) return { status: "conflict" };
    return flag?.locked ? { status: "locked" } : { status: "ok", etag: set(content) };
  };
  return {
    name: "memory",
    get flag() {
      return flag;
    },
    get writes() {
      return writes;
    },
    put: (content) => {
      if (content) set(content);
      else flag = undefined;
    },
    lock: (locked) => {
      if (flag) set(flag, locked);
    },
    beforeNextWrite: (act) => void between.push(act),
    nextWrites: (...more) => void answers.push(...more),
    failWith: (error) => {
      failure = error;
    },
    read: async (signal) => {
      signal?.throwIfAborted();
      if (failure) throw failure;
      return flag;
    },
    write: async (content, { ifMatch, signal }) => {
      signal?.throwIfAborted();
      writes++;
      if (failure) throw new RolloutError("down", { code: "flag-store", exit: "resource", cause: failure });
      between.shift()?.();
      const answer = answers.shift();
      if (answer === "throttled") return { status: "throttled", retryAfterMs: 40 };
      if (answer === "not-sent") return { status: "unknown", message: "ECONNRESET" };
      const result = attempt(content, ifMatch);
      return answer === "lost" ? { status: "unknown", message: "ECONNRESET" } : result;
    },
  };
}
