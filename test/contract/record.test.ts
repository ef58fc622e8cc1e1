import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createFileRecord } from "../../src/adapters/record/file-record.ts";
import { createMemoryRecord, memoryJournal, memoryRecordState } from "../support/memory-record.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { recordSuite } from "./record-suite.ts";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

recordSuite("memory", async () => {
  const { runtime, wall } = createMemoryRuntime();
  const state = memoryRecordState();
  const a = createMemoryRecord({ runtime, state });
  return { name: memoryJournal, a, b: createMemoryRecord({ runtime, state }), wall, killA: a.die };
});

recordSuite("file", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rollouts-record-"));
  folders.push(dir);
  const { runtime, wall } = createMemoryRuntime();
  const dead = new Set<number>();
  const name = "atp/prod";
  const open = (pid: number) =>
    createFileRecord({ dir, name, runtime, host: "box", pid, isAlive: (other) => !dead.has(other) });
  return { name, a: open(101), b: open(102), wall, killA: () => dead.add(101) };
});
