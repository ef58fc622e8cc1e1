import { join } from "node:path";
import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import {
  clearGenerations,
  createGeneration,
  highestGeneration,
  type Owner,
  readGeneration,
  replaceGeneration,
} from "./store-files.ts";

/** Runs `action` while no other process or caller holds the store. */
export type StoreLock = <T>(action: () => Promise<T>) => Promise<T>;

export interface StoreLockOptions {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly owner: Owner;
  readonly isAlive: (pid: number) => boolean;
}

/** An action takes milliseconds: a lock this old belongs to a process that is gone (or to a reused pid). */
const staleMs = 60_000;
/** How long a caller waits for the lock before it says so. */
const patienceMs = 10_000;
const pauseMs = 5;
/** Old generations are cleared once in this many grants: nearly every grant is then two file operations. */
const clearEvery = 64;

// A file that a power cut emptied reads as a free lock: its process is gone. (Links and renames show no half
// written ones otherwise, and syncing each would cost more than what the lock guards.)
const gone = { host: "", pid: 0, atMs: 0, free: true };
const content = z.object({ host: z.string(), pid: z.number(), atMs: z.number(), free: z.boolean() });

/** Callers of this process wait here in line, by folder, instead of polling each other's files. */
const lines = new Map<string, Promise<unknown>>();

/**
 * The store's own lock: short, over processes. Each grant is a new generation that a hard link creates
 * (exactly one racer can), so no live lock is ever deleted: the classic way in which two breakers of one
 * stale lock both win. A generation is passed over when it is marked free, when its process is dead on this
 * host, or when it is older than a minute. Throws `record-busy` after 10 s.
 */
export function createStoreLock(options: StoreLockOptions): StoreLock {
  const dir = lockDir(options.dir);
  const locked = async <T>(action: () => Promise<T>): Promise<T> => {
    const grant = await take(options);
    try {
      return await action();
    } finally {
      await replaceGeneration(mark(options, grant, true));
      if (grant % clearEvery === 0) await clearGenerations(dir, grant);
    }
  };
  return (action) => {
    const before = lines.get(dir) ?? Promise.resolve();
    const run = before.then(() => locked(action));
    const settled = run.catch(() => undefined);
    lines.set(dir, settled);
    // The last one in line takes the line away with it.
    void settled.then(() => lines.get(dir) === settled && lines.delete(dir));
    return run;
  };
}

async function take(options: StoreLockOptions): Promise<number> {
  const dir = lockDir(options.dir);
  const { wall } = options.runtime;
  const until = wall.now() + patienceMs;
  for (;;) {
    const highest = await highestGeneration(dir);
    const held = highest === 0 ? undefined : await readGeneration(dir, highest, content).catch(emptied);
    const open = highest === 0 || (held !== undefined && isOpen(held, options));
    if (open && (await createGeneration(mark(options, highest + 1, false)))) return highest + 1;
    if (wall.now() >= until) throw busy(options.dir, held);
    await wall.sleep(pauseMs);
  }
}

function emptied(error: unknown): typeof gone {
  if (error instanceof RolloutError && error.code === "record-corrupt") return gone;
  throw error;
}

function isOpen(held: z.infer<typeof content>, { owner, isAlive, runtime }: StoreLockOptions): boolean {
  if (held.free) return true;
  if (held.host === owner.host && held.pid !== owner.pid && !isAlive(held.pid)) return true;
  return runtime.wall.now() - held.atMs > staleMs;
}

function mark({ dir, owner, runtime }: StoreLockOptions, generation: number, free: boolean) {
  const content = { host: owner.host, pid: owner.pid, atMs: runtime.wall.now(), free };
  return { dir: lockDir(dir), generation, content, durable: false };
}

function lockDir(dir: string): string {
  return join(dir, "lock");
}

function busy(dir: string, held: z.infer<typeof content> | undefined): RolloutError {
  const by = held ? `process ${held.pid} on ${held.host}` : "another process";
  return new RolloutError(
    `The record in ${dir} has been locked by ${by} for more than ${patienceMs / 1000} s.`,
    {
      code: "record-busy",
      exit: "leaseHeld",
      hint: `It frees itself once that process goes on or ends, and ${staleMs / 1000} s after it was taken at the latest.`,
    },
  );
}
