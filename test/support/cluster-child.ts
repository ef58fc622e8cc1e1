import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { ClusterStack } from "./cluster-stack.ts";
import { waitUntil } from "./process.ts";

/** How a driver process ended. `code` is null where a signal ended it. */
export interface ChildEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A driver in a process group of its own. */
export interface DriverChild {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** SIGKILL to the driver alone, or with its engine: as when a CI agent dies. Also ends what that orphans. */
  kill(what: "driver" | "driver-and-engine"): Promise<void>;
}

/** Starts `cluster-driver-child.ts` on a stack. It is gone when the test's process ends, at the latest. */
export function startDriver(stack: ClusterStack, version: string): DriverChild {
  const script = join(import.meta.dirname, "cluster-driver-child.ts");
  const child = spawn(process.execPath, [script, stack.specFile, version], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid ?? -1;
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (text.stdout += String(data)));
  child.stderr.on("data", (data) => (text.stderr += String(data)));
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once("exit", (code) => resolve({ code, ...text }));
  });
  const onExit = () => void signal(-pid);
  process.once("exit", onExit);
  void ended.then(() => process.off("exit", onExit));
  return {
    pid,
    ended,
    kill: async (what) => {
      const family = descendants(pid);
      signal(what === "driver" ? pid : -pid);
      await ended;
      // Plugins live in groups of their own: nothing of ours may be left behind.
      if (what === "driver-and-engine") for (const one of family) signal(one);
    },
  };
}

/** Waits for an entry that another process's driver writes. */
export async function journaled(
  { deps }: ClusterStack,
  what: string,
  wanted: (entry: JournalEntry) => boolean,
): Promise<JournalEntry> {
  let found: JournalEntry | undefined;
  const ready = async () => {
    found = (await deps.record.journal.read()).find(wanted);
    return found !== undefined;
  };
  await waitUntil({ what, timeoutMs: 90_000, pollMs: 50, ready });
  return found as JournalEntry;
}

/** Lock files of the stack's backend, with the engine's pid in each. */
export function locksOf({ spec }: ClusterStack): readonly { readonly file: string; readonly pid: number }[] {
  const folder = join(spec.dir, "state/.pulumi/locks/organization/atp/prod");
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name))
      .map((file) => ({ file, pid: Number(JSON.parse(readFileSync(file, "utf8")).pid) }));
  } catch {
    return [];
  }
}

function descendants(pid: number): readonly number[] {
  let text = "";
  try {
    text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    return [];
  }
  const children = text.split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
