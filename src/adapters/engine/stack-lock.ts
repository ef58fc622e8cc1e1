import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { Clock } from "../../lib/runtime.ts";

/** Whose locks, and what may be done about them. */
export interface LockOptions {
  /** Folder of the file backend: the one that holds `.pulumi`. */
  readonly backendDir: string;
  readonly project: string;
  readonly stack: string;
  /** This machine's name. */
  readonly host: string;
  /** Whether a process of this machine still runs an engine. */
  readonly alive: (pid: number) => boolean;
  readonly wall: Clock;
  /** How long a live owner is waited for, ms. */
  readonly waitMs: number;
  /** Age after which another machine's lock counts as left behind, ms. */
  readonly foreignTermMs: number;
  /** Removes another machine's lock at any age. A live process of this machine is never overruled. */
  readonly force?: boolean;
}

const lockFile = z.looseObject({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});
type Lock = z.infer<typeof lockFile> & { readonly file: string };
const pollMs = 250;

/**
 * Removes the lock files that a dead engine left, one by one: `pulumi cancel` would take a live one's away too.
 * Waits for an owner that lives.
 *
 * @returns what was done, for people
 * @throws RolloutError `locked` where a lock is still held after the wait
 */
export async function clearStaleLocks(options: LockOptions): Promise<readonly string[]> {
  const folder = join(options.backendDir, ".pulumi", "locks", "organization", options.project, options.stack);
  const deadline = options.wall.now() + options.waitMs;
  const done: string[] = [];
  for (;;) {
    const held: Lock[] = [];
    for (const lock of await locksIn(folder)) {
      const stale = staleness(lock, options);
      if (stale === undefined) held.push(lock);
      else if (await removed(lock)) done.push(`Removed the lock of ${ownerOf(lock)}: ${stale}.`);
    }
    const [first] = held;
    if (first === undefined) return done;
    if (options.wall.now() >= deadline) throw stillLocked(first, options);
    await options.wall.sleep(Math.min(pollMs, Math.max(1, deadline - options.wall.now())));
  }
}

/** Why a lock is nobody's any more; undefined where it may be somebody's. */
function staleness(lock: Lock, options: LockOptions): string | undefined {
  if (lock.hostname === options.host) {
    return options.alive(lock.pid) ? undefined : "that process is gone";
  }
  const age = options.wall.now() - Date.parse(lock.timestamp);
  if (age > options.foreignTermMs) return `it is ${Math.round(age / 1000)} s old, no update runs that long`;
  return options.force === true ? "removed by force" : undefined;
}

async function locksIn(folder: string): Promise<readonly Lock[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const locks: Lock[] = [];
  for (const name of names.filter((item) => item.endsWith(".json"))) {
    const file = join(folder, name);
    // Gone between the listing and the read: its owner has finished.
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    locks.push({ ...parseLock(file, text), file });
  }
  return locks;
}

function parseLock(file: string, text: string): z.infer<typeof lockFile> {
  try {
    return lockFile.parse(JSON.parse(text));
  } catch (error) {
    throw new RolloutError(`${file} is no lock file that we can read.`, {
      code: "locked",
      exit: "leaseHeld",
      hint: "make sure that no update of this stack runs, then `pulumi cancel`",
      cause: error,
    });
  }
}

/** False where the owner was quicker. */
async function removed({ file }: Lock): Promise<boolean> {
  try {
    await rm(file);
    // The backend keeps the file's attributes beside it.
    await rm(`${file}.attrs`, { force: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function ownerOf({ pid, username, hostname }: Lock): string {
  return `${username}@${hostname} (pid ${pid})`;
}

function stillLocked(lock: Lock, options: LockOptions): RolloutError {
  const here = lock.hostname === options.host;
  return new RolloutError(
    `The stack is locked by ${ownerOf(lock)} since ${lock.timestamp}; waited ${Math.round(options.waitMs / 1000)} s.`,
    {
      code: "locked",
      exit: "leaseHeld",
      hint: here
        ? `wait for process ${lock.pid}, or end it, then try again`
        : `make sure that no update runs on ${lock.hostname}, then \`rollouts recover --force\``,
    },
  );
}
