import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { World } from "../../../src/cli/world.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import type { JournalHead } from "../../../src/types/journal.ts";
import { bytesOf, headOf, journalLines, textOf } from "../../support/journals.ts";
import { aStackConfig, cli, noWorld } from "./harness.ts";

const drafts = Array.from({ length: 5 }, (_, index) => ({ step: String(index), data: { n: index } }));
const lines = journalLines(drafts);
const head = headOf(lines);
const text = (one: JournalHead) => `${one.seq}:${one.hash}`;
const location = "/project/.rollouts/prod/journal.jsonl";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-verify-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A stack whose journal holds these lines; nothing else of it can be opened. */
function worldOf(
  written: readonly string[] | string,
  readAnchor: () => Promise<JournalHead | undefined> = async () => undefined,
): World {
  const bytes = typeof written === "string" ? new TextEncoder().encode(written) : bytesOf(written);
  return {
    ...noWorld,
    loadConfig: async () => aStackConfig(),
    openRecord: async () => {
      const journal = { bytes: async () => bytes, location };
      return { journal } as unknown as Awaited<ReturnType<World["openRecord"]>>;
    },
    readAnchor,
  };
}

const verify = (world: World, ...args: readonly string[]) =>
  cli(["history", "verify", "--stack", "prod", ...args], { world });
const atHead = async () => head;

describe("history verify", () => {
  it("one line where all is well: entries, head, anchor; exit 0", async () => {
    const { code, stdout, stderr } = await verify(worldOf(lines, atHead));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      `✓ atp/prod: 5 entries verified, head ${text(head)}, anchor 5 in the stack's state\n`,
    );
  });

  it("--json has all of it", async () => {
    const { json } = await verify(worldOf(lines, atHead), "--json");
    expect(json).toEqual({
      schemaVersion: 1,
      command: "history",
      ok: true,
      data: {
        status: "verified",
        entries: 5,
        before: 0,
        name: "atp/prod",
        head,
        anchor: head,
        cuts: [],
        problems: [],
        found: 0,
        journal: location,
        anchorFrom: "state",
      },
    });
  });

  it("an anchor before the head, or none: what can't be excluded is said, exit 0", async () => {
    const third = headOf(lines.slice(0, 3));
    const behind = await verify(worldOf(lines, async () => third));
    expect(behind.code).toBe(0);
    expect(behind.stdout).toContain(
      "\n  behind entry 3, its anchor, that entries were cut off the end can't be excluded\n",
    );
    const none = await verify(worldOf(lines));
    expect(none.code).toBe(0);
    expect(none.stdout).toMatch(
      /, no anchor\n {2}no anchor: that entries were cut off the end can't be excluded\n$/,
    );
  });

  it("what was before the chain, torn lines that were cut and one that wasn't: said, exit 0", async () => {
    const old = journalLines(drafts, { before: 3 });
    const { code, stdout } = await verify(worldOf(`${textOf(old)}{"schemaVersion":1,"seq":6,"ro`));
    expect(code).toBe(0);
    expect(stdout).toContain(
      "\n  entries 1-3 were written before the chain began (not covered one by one, but as a whole)\n",
    );
    expect(stdout).toContain("\n  line 6 is torn (30 bytes): a crash; the next entry cuts it\n");
  });

  it("what isn't what was written: every place, exit 1", async () => {
    const forged = lines.with(1, (lines[1] ?? "").replace('"n":1', '"n":7')).toSpliced(3, 1);
    const { code, stdout, stderr } = await verify(worldOf(forged, atHead));
    expect(code).toBe(1);
    expect(stdout).toContain("✗ atp/prod: 4 entries, and not what was written: 3 problems\n");
    expect(stdout).toMatch(/^ {2}line {2}entry {2}problem$/m);
    expect(stdout).toMatch(/^ {2}2 +2 +hash-differs +it says that its hash is/m);
    expect(stdout).toMatch(/^ {2}4 +4 +seq-skips +it is numbered 5 where 4 belongs$/m);
    expect(stdout).toMatch(/^ {2}4 +5 +prev-differs +it follows the hash/m);
    expect(stdout).toContain(`\n  journal  ${location}\n`);
    expect(stderr).toContain("Keep it as it is");
    const { json } = await verify(worldOf(forged, atHead), "--json");
    expect(json).toMatchObject({
      ok: false,
      data: { status: "damaged", found: 3, problems: [{ line: 2, seq: 2, fault: "hash-differs" }, {}, {}] },
      error: { code: "journal-damaged" },
    });
  });

  it("more problems than are listed: how many", async () => {
    const many = journalLines(Array.from({ length: 60 }, () => ({}))).map((line) => line.replace("r1", "r2"));
    const { stdout } = await verify(worldOf(many));
    expect(stdout).toContain("60 problems");
    expect(stdout).toContain("\n  and 10 more\n");
  });

  it("a cut tail, by the state's anchor: exit 1, where the missing entry was", async () => {
    const { code, stdout } = await verify(worldOf(lines.slice(0, 3), atHead));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}4 +5 +cut +the anchor knows entry 5, and the journal ends with entry 3$/m);
  });

  it("another stack's journal in this one's place: exit 1", async () => {
    const { code, stdout } = await verify(worldOf(journalLines(drafts, { name: "atp/staging" })));
    expect(code).toBe(1);
    expect(stdout).toContain("its chain is that of atp/staging, not of atp/prod");
  });

  it("a state that can't be read: the chain is verified, and it is no success", async () => {
    const world = worldOf(lines, async () => {
      throw new Error("no login");
    });
    const { code, stdout, stderr } = await verify(world);
    expect(code).toBe(1);
    expect(stdout).toContain("✓ atp/prod: 5 entries verified");
    expect(stdout).toContain("  the anchor could not be read: no login");
    expect(stderr).toContain("--anchor");
    expect((await verify(world, "--json")).json).toMatchObject({
      ok: false,
      data: { status: "verified", anchorFrom: "none", anchorError: "no login" },
      error: { code: "anchor-unread" },
    });
  });

  it("a stack that was never made knows no head: exit 0", async () => {
    const world = worldOf(lines, async () => {
      throw new RolloutError("There is no stack prod.", { code: "no-stack", exit: "noStack" });
    });
    expect(await verify(world, "--json")).toMatchObject({ code: 0, json: { data: { anchorFrom: "none" } } });
  });

  it.each([
    ["an empty journal", ""],
    ["a journal of an earlier version", textOf(journalLines(drafts, { before: 5 }))],
  ])("%s: nothing to verify, exit 7", async (_, written) => {
    const { code, json } = await verify(worldOf(written), "--json");
    expect(code).toBe(7);
    expect(json).toMatchObject({ ok: false, error: { code: "nothing-to-verify" } });
    expect((await verify(worldOf(written))).stdout).toContain("none of them chained");
  });

  it("--anchor takes the place of the state's, which isn't asked", async () => {
    const world = worldOf(lines.slice(0, 3), async () => {
      throw new Error("the state was read");
    });
    const noted = await verify(world, "--anchor", text(headOf(lines.slice(0, 2))), "--json");
    expect(noted).toMatchObject({ code: 0, json: { data: { anchor: { seq: 2 }, anchorFrom: "option" } } });
    expect((await verify(world, "--anchor", text(head))).code).toBe(1);
  });

  it("--file: a copy anywhere, without a stack, a config, a record or an engine", async () => {
    const file = join(dir, "copy.jsonl");
    await writeFile(file, textOf(lines));
    const copy = await cli(["history", "verify", "--file", file, "--json"]);
    expect(copy).toMatchObject({ code: 0, json: { data: { name: "atp/prod", journal: file } } });
    const noted = await cli(["history", "verify", "--file", file, "--anchor", text({ ...head, seq: 6 })]);
    expect(noted.code).toBe(1);
    await writeFile(file, textOf(lines.slice(0, 3)));
    const withStack = await verify(worldOf([], atHead), "--file", file);
    expect(withStack.stdout).toContain("the anchor knows entry 5");
  });

  it("--file that can't be read: exit 2", async () => {
    const { code, json } = await cli(["history", "verify", "--file", join(dir, "none"), "--json"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "journal-unreadable", path: "--file" } });
  });

  it.each([
    ["neither stack nor file", ["verify"], ["--stack"]],
    ["a file without verify", ["--file", "x"], ["--stack", "--file"]],
    ["an anchor without verify", ["--stack", "prod", "--anchor", text(head)], ["--anchor"]],
    ["another word", ["proof", "--stack", "prod"], ["[verify]"]],
    ["an anchor that is none", ["verify", "--file", "x", "--anchor", "5:abc"], ["--anchor"]],
  ])("%s: exit 2, before anything is read", async (_, args, paths) => {
    const { code, json } = await cli(["history", ...args, "--json"]);
    expect(code).toBe(2);
    const error = Object(json["error"]);
    expect(error.code).toBe("usage");
    expect(error.issues.map((issue: { path: string }) => issue.path)).toEqual(paths);
  });
});
