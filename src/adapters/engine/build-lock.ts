import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Who holds a build lock. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** ms since the epoch. */
  readonly startedAt: number;
}

/** A lock that this process holds. */
export interface BuildLock {
  /** Shows that the holder is alive; call it at least once a minute. */
  touch(): void;
  release(): void;
}

/** Settings of `takeLock`. */
export interface TakeLockOptions {
  /** Called once for each other holder that we wait for. */
  readonly onWait: (owner: LockOwner) => void;
  /** Looked at before each try; true ends the wait without the lock (someone else finished the work). */
  readonly done: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A holder that hasn't touched its lock for so long is gone, whatever its pid says (ms). */
const silenceMs = 180_000;
const pollMs = 250;
let takes = 0;

/**
 * Takes the lock file at `path`, waiting for a living holder. A lock whose process is dead on this host,
 * or which nobody has touched for 3 minutes, is taken over.
 *
 * @returns the lock, or undefined once `done` says that there is nothing left to do
 * @throws the signal's reason when it aborts
 */
export async function takeLock(path: string, options: TakeLockOptions): Promise<BuildLock | undefined> {
  let waitedFor: number | undefined;
  while (!options.done()) {
    options.signal?.throwIfAborted();
    const lock = tryLock(path);
    if (lock) return lock;
    const owner = readOwner(path);
    if (owner && isStale(path, owner)) {
      breakLock(path, owner);
      continue;
    }
    if (owner && waitedFor !== owner.pid) {
      waitedFor = owner.pid;
      options.onWait(owner);
    }
    await sleep(pollMs);
  }
  return undefined;
}

/** link() gives the lock its name and its content in one step, so nobody reads an empty lock. */
function tryLock(path: string): BuildLock | undefined {
  const own = `${path}.${process.pid}-${++takes}`;
  const owner: LockOwner = { pid: process.pid, host: hostname(), startedAt: Date.now() };
  writeFileSync(own, JSON.stringify(owner));
  try {
    linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return {
    touch() {
      const now = new Date();
      if (isOwner(path, owner)) utimesSync(path, now, now);
    },
    release() {
      if (isOwner(path, owner)) rmSync(path, { force: true });
    },
  };
}

function readOwner(path: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockOwner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    // Not ours, or torn: nobody can be asked whether it is alive.
    return { pid: -1, host: hostname(), startedAt: 0 };
  }
}

function isOwner(path: string, owner: LockOwner): boolean {
  const now = readOwner(path);
  return now?.pid === owner.pid && now.startedAt === owner.startedAt && now.host === owner.host;
}

function isStale(path: string, owner: LockOwner): boolean {
  if (owner.host === hostname() && !isAlive(owner.pid)) return true;
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return touched !== undefined && Date.now() - touched > silenceMs;
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Two waiters may find the same stale lock: the rename decides, and a fresh lock moved by mistake goes back. */
function breakLock(path: string, stale: LockOwner): void {
  const aside = `${path}.stale-${process.pid}-${++takes}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (!isOwner(aside, stale)) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one has locked meanwhile; the two builds end in the same rename, which is harmless.
    }
  }
  rmSync(aside, { force: true });
}
