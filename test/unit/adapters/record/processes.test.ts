import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { createFileRecord } from "../../../../src/adapters/record/file-record.ts";
import { verifyJournal } from "../../../../src/analysis/verify-journal.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

interface Child {
  readonly process: ChildProcess;
  readonly ask: (command: string) => Promise<{ value?: unknown; error?: string }>;
}

const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollouts-fault-"));
  folders.push(dir);
  return dir;
}

function driver(dir: string, holder: string, termMs: number): Child {
  const script = join(import.meta.dirname, "lease-child.ts");
  const child = spawn(process.execPath, [script, dir, holder, String(termMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const ask = (command: string) =>
    new Promise<{ value?: unknown; error?: string }>((resolve) => {
      waiting.push((line) => resolve(JSON.parse(line)));
      child.stdin.write(`${command}\n`);
    });
  return { process: child, ask };
}

it("a driver that was stopped past its term wakes up without the lease, and its journal write is refused", async () => {
  const dir = await folder();
  const stale = driver(dir, "stale", 3_000);
  const fresh = driver(dir, "fresh", 60_000);
  expect(await fresh.ask("check 1")).toEqual({ value: false }); // Both run now: the term starts after that.
  expect(await stale.ask("acquire")).toEqual({ value: { granted: true, token: 1 } });
  expect(await stale.ask("append 1")).toEqual({ value: 1 });
  expect(await fresh.ask("acquire")).toMatchObject({ value: { granted: false, holder: "stale" } });
  stale.process.kill("SIGSTOP");
  await until(async () => ((await fresh.ask("acquire")).value as { granted: boolean }).granted);
  expect(await fresh.ask("append 2")).toEqual({ value: 2 });
  stale.process.kill("SIGCONT");
  expect(await stale.ask("check 1")).toEqual({ value: false });
  expect(await stale.ask("renew 1")).toEqual({ value: false });
  expect(await stale.ask("append 1")).toEqual({ error: "lease-lost" });
  expect(await fresh.ask("append 2")).toEqual({ value: 3 });
  expect(await fresh.ask("check 2")).toEqual({ value: true });
});

it("a killed driver's lease is free at once on its own host, long before its term", async () => {
  const dir = await folder();
  const killed = driver(dir, "killed", 3_600_000);
  expect(await killed.ask("acquire")).toEqual({ value: { granted: true, token: 1 } });
  const gone = new Promise((resolve) => killed.process.once("exit", resolve));
  killed.process.kill("SIGKILL");
  await gone;
  const next = driver(dir, "next", 60_000);
  expect(await next.ask("acquire")).toEqual({ value: { granted: true, token: 2 } });
});

it("four processes racing for the lease get different, growing tokens and write one gapless journal", async () => {
  const dir = await folder();
  const racers = ["a", "b", "c", "d"].map((name) => driver(dir, name, 60_000));
  const tokens = (await Promise.all(racers.map((racer) => racer.ask("race")))).map(
    (answer) => answer.value as number[],
  );
  for (const own of tokens) expect(own).toEqual([...own].sort((x, y) => x - y));
  expect(tokens.flat().sort((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  const { journal } = createFileRecord({ dir, runtime: createMemoryRuntime().runtime });
  const entries = await journal.read();
  expect(verifyJournal(await journal.bytes())).toMatchObject({ status: "verified", entries: 120 });
  expect(entries.map((entry) => entry.leaseToken)).toEqual(
    Array.from({ length: 120 }, (_, index) => Math.floor(index / 3) + 1),
  );
});
