import { watch } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Runtime } from "../../lib/runtime.ts";
import type { Requests } from "../../ports/record.ts";
import { duringItems, postItems, preItems } from "../../types/checklist.ts";
import { concerns } from "../../types/concern.ts";
import { appendLine, readLines } from "./jsonl.ts";
import type { StoreLock } from "./store-lock.ts";

const common = { rolloutId: z.string(), by: z.string(), reason: z.string(), at: z.string() };
const content = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("abort"), concern: z.enum(concerns).optional(), ...common }),
  z.object({ kind: z.literal("release"), ...common }),
  z.object({ kind: z.enum(["pause", "resume", "note", "acknowledge", "sev1", "all-clear"]), ...common }),
  z.object({ kind: z.literal("approve"), step: z.string(), ...common }),
  z.object({
    kind: z.literal("confirm"),
    item: z.enum([...preItems, ...duringItems, ...postItems]),
    ...common,
  }),
]);

export interface FileRequestsOptions {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly lock: StoreLock;
  /** How often the file is looked at where the file system tells nothing (network shares), ms. */
  readonly pollMs?: number;
}

/**
 * Requests as `requests.jsonl`, on disk before `submit` resolves. `changed` rests on the file's size since
 * the last `read` (or the last `changed`), so a request that came in between wakes the driver at once.
 */
export function createFileRequests({ dir, runtime, lock, pollMs = 1_000 }: FileRequestsOptions): Requests {
  const path = join(dir, "requests.jsonl");
  let seen: number | undefined;

  return {
    submit: (request) => lock(() => appendLine(path, () => JSON.stringify(request), { sync: true })),
    read: async (rolloutId) => {
      // The size is taken first: a line that comes while we read wakes the next `changed` for nothing, at worst.
      seen = await sizeOf(path);
      const all = await readLines(path, content);
      return all.filter((one) => one.rolloutId === rolloutId).map(({ rolloutId: _, ...request }) => request);
    },
    changed: async (signal) => {
      await mkdir(dir, { recursive: true });
      seen ??= await sizeOf(path);
      while (!signal.aborted) {
        const touched = nextTouch({ dir, runtime, pollMs, signal });
        try {
          // Looked at after the watcher stands, or a change between the two would be missed.
          const size = await sizeOf(path);
          if (size !== seen) {
            seen = size;
            return;
          }
          await touched.happened;
        } finally {
          touched.stop();
        }
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

interface Touch {
  /** Resolves when something in the folder changed, the poll is due, or the signal aborted. */
  readonly happened: Promise<void>;
  readonly stop: () => void;
}

function nextTouch(options: { dir: string; runtime: Runtime; pollMs: number; signal: AbortSignal }): Touch {
  const { dir, runtime, pollMs, signal } = options;
  const ended = new AbortController();
  const stop = () => ended.abort();
  const poll = runtime.wall.sleep(pollMs, AbortSignal.any([signal, ended.signal]));
  const told = new Promise<void>((resolve) => {
    try {
      const watcher = watch(dir, { signal: ended.signal, persistent: false });
      watcher.on("change", (_event, name) => (name === null || name === "requests.jsonl") && resolve());
      watcher.on("error", () => undefined); // Out of watches, or the folder went: the poll remains.
    } catch {
      // No watching on this file system: the poll remains.
    }
  });
  return { happened: Promise.race([poll, told]), stop };
}
