import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFileRecord } from "../../../../src/adapters/record/file-record.ts";
import { hostIdentity, isProcessAlive } from "../../../../src/adapters/record/host.ts";
import { verifyJournal } from "../../../../src/analysis/verify-journal.ts";
import { sha256 } from "../../../../src/lib/stable-json.ts";
import { journalDraft } from "../../../support/memory-record.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-file-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const { runtime, wall } = createMemoryRuntime();
const open = (
  over: { pid?: number; host?: string; isAlive?: (pid: number) => boolean; pollMs?: number } = {},
) => createFileRecord({ dir, runtime, host: "box", pid: 101, isAlive: () => true, ...over });

async function written(count: number) {
  const store = open();
  const answer = await store.lease.acquire({ holder: "a", termMs: 1e9 });
  if (!answer.granted) throw new Error("not granted");
  for (let entry = 0; entry < count; entry++) await store.journal.append(journalDraft(answer.token));
  return { ...store, token: answer.token, path: store.journal.location };
}

describe("a journal after a crash", () => {
  it.each([
    ["half an entry", '{"schemaVersion":1,"seq":3,"rollou'],
    ["a character cut in two", Buffer.from([0x7b, 0x22, 0xe2, 0x82])],
    ["zeros that a file system filled in", Buffer.alloc(5_000)],
    ["more than one chunk of text", `{"data":"${"x".repeat(150_000)}`],
  ])("leaves out %s at its end, and cuts it before the next entry, which says so", async (_, tail) => {
    const { journal, token, path } = await written(2);
    await appendFile(path, tail);
    expect((await journal.read()).map((entry) => entry.seq)).toEqual([1, 2]);
    const next = await journal.append(journalDraft(token), { sync: true });
    const bytes = Buffer.from(tail);
    expect(next).toMatchObject({ seq: 3, torn: { bytes: bytes.length, sha256: sha256(bytes) } });
    const report = verifyJournal(await journal.bytes());
    expect(report).toMatchObject({ status: "verified", cuts: [{ seq: 3, bytes: bytes.length }] });
    expect((await journal.append(journalDraft(token))).torn).toBeUndefined();
    const text = await readFile(path, "utf8");
    expect(
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2, 3, 4]);
  });

  it("keeps what is torn where the new entry can't be written", async () => {
    const { journal, token, path } = await written(2);
    await appendFile(path, "{half");
    const before = await readFile(path);
    const bad = { ...journalDraft(token), kind: "gossip" } as never;
    await expect(journal.append(bad)).rejects.toMatchObject({ code: "record-corrupt" });
    expect(await readFile(path)).toEqual(before);
  });

  it("treats an entry without its newline as torn: its writer was never told that it stands", async () => {
    const { journal, token, path } = await written(2);
    await truncate(path, (await readFile(path)).length - 1);
    expect(await journal.read()).toHaveLength(1);
    expect((await journal.append(journalDraft(token))).seq).toBe(2);
    expect(await journal.read()).toHaveLength(2);
  });

  it("starts at 1 again where the only entry was torn", async () => {
    const { journal, token, path } = await written(1);
    await truncate(path, 20);
    expect((await journal.append(journalDraft(token))).seq).toBe(1);
  });

  it("finds the last entry behind one that is longer than a chunk", async () => {
    const { journal, token } = await written(1);
    await journal.append(journalDraft(token, { data: { long: "y".repeat(200_000) } }));
    expect((await journal.append(journalDraft(token))).seq).toBe(3);
    expect(await journal.read()).toHaveLength(3);
  });
});

describe("a journal that was begun by a version without a chain", () => {
  /** The same entries, as such a version left them. */
  async function unchain(path: string): Promise<string> {
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const plain = lines.map((line) => {
      const { prev: _, hash: _hash, ...entry } = JSON.parse(line);
      return `${JSON.stringify(entry)}\n`;
    });
    await writeFile(path, plain.join(""));
    return plain.join("");
  }

  it("goes on: the first chained entry covers what was there, the next ones each other", async () => {
    const { journal, token, path } = await written(41);
    const old = await unchain(path);
    const first = await journal.append(journalDraft(token));
    expect(first.prev).toMatch(new RegExp(`^rollouts-journal/1 \\S+ after 41 ${sha256(old)}$`));
    const { seq, hash, prev } = await journal.append(journalDraft(token));
    expect([seq, prev]).toEqual([43, first.hash]);
    const report = verifyJournal(await journal.bytes(), { anchor: { seq, hash: hash ?? "" } });
    expect(report).toMatchObject({ status: "verified", entries: 43, before: 41 });
    await writeFile(path, (await readFile(path, "utf8")).replace("line one", "line two"));
    expect(verifyJournal(await journal.bytes()).problems).toMatchObject([
      { fault: "before-differs", line: 42, seq: 42 },
    ]);
  });

  it("covers it without what a crash tore off it, which is cut", async () => {
    const { journal, token, path } = await written(2);
    const old = await unchain(path);
    await appendFile(path, '{"schemaVersion":1,"seq":3,"rol');
    const { prev } = await journal.append(journalDraft(token));
    expect(prev).toContain(sha256(old));
    expect(verifyJournal(await journal.bytes()).status).toBe("verified");
  });
});

it("names its journal by the folder where nobody names it", async () => {
  const { journal } = await written(1);
  const [first] = await journal.read();
  expect(first?.prev).toBe(`rollouts-journal/1 ${dir.split("/").slice(-2).join("/")}`);
});

describe("a journal that somebody edited", () => {
  it.each([
    ["a line that is not JSON", "nonsense\n", /journal\.jsonl:3: it is not JSON/],
    ["a line that is no entry", '{"seq":3}\n', /journal\.jsonl:3: .*Invalid/s],
  ])("with %s is refused with its place", async (_, line, message) => {
    const { journal, path } = await written(2);
    await appendFile(path, line);
    await expect(journal.read()).rejects.toMatchObject({
      code: "record-corrupt",
      message: expect.stringMatching(message),
    });
  });

  it("with an entry taken out is refused, and says which number is missing", async () => {
    const { journal, path } = await written(3);
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, [lines[0], lines[2], ""].join("\n"));
    await expect(journal.read()).rejects.toThrow(/:2: seq is 3 where 2 belongs/);
  });
});

it("refuses an entry that could not be read back, and writes nothing", async () => {
  const { journal, token } = await written(1);
  const bad = { ...journalDraft(token), kind: "gossip" } as never;
  await expect(journal.append(bad)).rejects.toMatchObject({ code: "record-corrupt" });
  expect(await journal.read()).toHaveLength(1);
});

it("fails closed on a damaged lease: it grants nothing", async () => {
  const { lease } = open();
  await mkdir(join(dir, "lease"), { recursive: true });
  await writeFile(join(dir, "lease", "0000000007.json"), "{");
  await expect(lease.acquire({ holder: "a", termMs: 1 })).rejects.toMatchObject({ code: "record-corrupt" });
});

it("refuses a term that would be over at once", async () => {
  await expect(open().lease.acquire({ holder: "a", termMs: 0 })).rejects.toMatchObject({
    code: "lease-term",
  });
});

it("keeps one lease file however often it was granted, and no temporary ones", async () => {
  const { lease } = open();
  for (let round = 1; round <= 5; round++) {
    expect(await lease.acquire({ holder: "a", termMs: 10 })).toEqual({ granted: true, token: round });
    await lease.release(round);
  }
  expect(await readdir(join(dir, "lease"))).toEqual(["0000000005.json"]);
});

it("takes a dead pid for dead only on its own host", async () => {
  const holder = { holder: "a", termMs: 60_000 };
  await open().lease.acquire(holder);
  const elsewhere = await open({ host: "other", pid: 5, isAlive: () => false }).lease.acquire(holder);
  expect(elsewhere.granted).toBe(false);
  const here = await open({ pid: 5, isAlive: () => false }).lease.acquire(holder);
  expect(here).toEqual({ granted: true, token: 2 });
});

describe("the store's own lock, left behind", () => {
  const leave = async (over: object) => {
    await mkdir(join(dir, "lock"), { recursive: true });
    const held = { host: "box", pid: 999, atMs: wall.now(), free: false, ...over };
    await writeFile(join(dir, "lock", "0000000003.json"), JSON.stringify(held));
  };
  const submit = (store = open()) =>
    store.requests.submit({ kind: "pause", by: "ada", reason: "", at: "", rolloutId: "r1" });

  it("by a dead process of this host is passed over at once", async () => {
    await leave({});
    await submit(open({ isAlive: (pid) => pid !== 999 }));
    expect(await open().requests.read("r1")).toHaveLength(1);
  });

  it("by another host is passed over after a minute", async () => {
    await leave({ host: "other", atMs: wall.now() - 60_001 });
    await submit(open({ isAlive: () => false }));
    expect(await open().requests.read("r1")).toHaveLength(1);
  });

  it("emptied by a power cut is passed over", async () => {
    await leave({});
    await truncate(join(dir, "lock", "0000000003.json"), 0);
    await submit();
    expect(await open().requests.read("r1")).toHaveLength(1);
  });

  it("by a live process is waited for, then named", async () => {
    await leave({});
    const refused = expect(submit()).rejects.toMatchObject({
      code: "record-busy",
      message: expect.stringContaining("999"),
    });
    await until(() => wall.sleepers() > 0);
    await wall.advance(10_000);
    await refused;
    expect(await open().requests.read("r1")).toHaveLength(0);
  });

  it("and let go while somebody waits is taken by the one who waits", async () => {
    await leave({});
    const done = submit();
    await until(() => wall.sleepers() > 0);
    await leave({ free: true });
    await wall.advance(5);
    await done;
    expect(await open().requests.read("r1")).toHaveLength(1);
  });
});

it("finds requests by its poll where watching is impossible", async () => {
  const { requests } = open({ pollMs: 500 });
  await requests.read("r1");
  const stop = new AbortController();
  const woken = requests.changed(stop.signal);
  await until(() => wall.sleepers() > 0);
  await rm(dir, { recursive: true }); // The watched folder is another one from here on.
  await mkdir(dir);
  await writeFile(
    join(dir, "requests.jsonl"),
    '{"kind":"pause","by":"a","reason":"","at":"","rolloutId":"r1"}\n',
  );
  const poll = setInterval(() => void wall.advance(500), 5);
  await woken.finally(() => clearInterval(poll));
  expect(await requests.read("r1")).toHaveLength(1);
});

it("knows its own host and which processes run there", () => {
  expect(hostIdentity()).toBe(hostIdentity());
  expect(hostIdentity()).toContain(hostname());
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(2 ** 22 + 1)).toBe(false); // Above Linux's highest pid.
});
