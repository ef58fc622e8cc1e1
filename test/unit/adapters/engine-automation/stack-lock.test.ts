import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clearStaleLocks, type LockOptions } from "../../../../src/adapters/engine/stack-lock.ts";
import { manualClock } from "../../../support/memory-runtime.ts";

const start = Date.UTC(2026, 0, 15, 10);
let dir: string;
let folder: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rollouts-lock-"));
  folder = join(dir, ".pulumi/locks/organization/atp/prod");
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function lock(name: string, content: object): string {
  const file = join(folder, `${name}.json`);
  const whole = {
    pid: 7,
    username: "ci",
    hostname: "here",
    timestamp: new Date(start).toISOString(),
    ...content,
  };
  writeFileSync(file, JSON.stringify(whole));
  writeFileSync(`${file}.attrs`, "{}");
  return file;
}

function options(overrides: Partial<LockOptions> = {}): LockOptions {
  return {
    backendDir: dir,
    project: "atp",
    stack: "prod",
    host: "here",
    alive: () => false,
    wall: manualClock(start + 1_000),
    waitMs: 0,
    foreignTermMs: 600_000,
    ...overrides,
  };
}

const old = { timestamp: new Date(start - 700_000).toISOString() };
const table = [
  { content: {}, given: {}, removed: true, why: "dead, on this host" },
  { content: {}, given: { alive: () => true }, removed: false, why: "alive, on this host" },
  {
    content: old,
    given: { alive: () => true, force: true },
    removed: false,
    why: "alive: neither age nor force counts",
  },
  { content: { hostname: "there" }, given: {}, removed: false, why: "another host, young" },
  {
    content: { hostname: "there", ...old },
    given: {},
    removed: true,
    why: "another host, older than any update",
  },
  { content: { hostname: "there" }, given: { force: true }, removed: true, why: "another host, by force" },
];
test.each(table)("removed: $removed, $why", async ({ content, given, removed }) => {
  const file = lock("a", content);
  const cleared = clearStaleLocks(options(given));
  if (removed)
    expect(await cleared).toEqual([
      expect.stringMatching(/^Removed the lock of ci@(here|there) \(pid 7\): /),
    ]);
  else await expect(cleared).rejects.toMatchObject({ code: "locked", exit: "leaseHeld" });
  expect(existsSync(file)).toBe(!removed);
  expect(existsSync(`${file}.attrs`)).toBe(!removed);
});

test("a live owner is waited for, and only the dead one's file goes", async () => {
  const wall = manualClock(start);
  const living = lock("living", { pid: 8 });
  const dead = lock("dead", { pid: 9 });
  const cleared = clearStaleLocks(options({ wall, waitMs: 5_000, alive: (pid) => pid === 8 }));
  await expect.poll(() => wall.sleepers()).toBe(1);
  expect(existsSync(dead)).toBe(false);
  expect(existsSync(living)).toBe(true);
  rmSync(living);
  await wall.advance(1_000);
  expect(await cleared).toHaveLength(1);
});

test("no folder, no lock", async () => {
  rmSync(dir, { recursive: true });
  expect(await clearStaleLocks(options())).toEqual([]);
});

test("a file that is no lock stops everything: it may be a newer engine's", async () => {
  writeFileSync(join(folder, "x.json"), "{}");
  await expect(clearStaleLocks(options())).rejects.toMatchObject({ code: "locked" });
});
