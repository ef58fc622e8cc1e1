import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFileRecord } from "../../../src/adapters/record/file-record.ts";
import { anchored } from "../../../src/driver/anchor.ts";
import { runRollout } from "../../../src/driver/run.ts";
import type { JournalHead } from "../../../src/types/journal.ts";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, cli, noWorld } from "../cli/harness.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/journal.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );
const [read = "", verify = "", withAnchor = "", copy = "", byHand = ""] = blocks("sh");
const [shown = ""] = blocks("text");
const wordsOf = (line: string) => line.split(" ").slice(1);

describe("docs/journal.md", () => {
  let dir = "";
  let stack: Awaited<ReturnType<typeof promoted>>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "rollouts-journal-"));
    stack = await promoted();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** The page's stack after one rollout, its journal where the page says, and the last head that an update took along. */
  async function promoted() {
    const { deps } = aDriver({ policy: { service: "atp-ingestion" } });
    const stackDir = join(dir, ".rollouts/prod");
    const record = createFileRecord({ dir: stackDir, name: "atp/prod", runtime: deps.runtime });
    let anchor: JournalHead | undefined;
    const { engine } = deps;
    const up: typeof engine.up = (options) => {
      anchor = options.target.journalHead ?? anchor;
      return engine.up(options);
    };
    const kept = anchored({ ...deps, record, engine: { ...engine, up } });
    expect(await runRollout(kept, { version: "1.2.4", holder: "test" })).toMatchObject({
      outcome: "promoted",
    });
    const world = {
      ...noWorld,
      loadConfig: async () => aStackConfig(),
      openRecord: async () => record,
      readAnchor: async () => anchor,
    };
    const call = (words: readonly string[]) => cli(words, { world, cwd: dir });
    return { call, text: readFileSync(record.journal.location, "utf8") };
  }

  it("its verification says what the page shows", async () => {
    const { call } = stack;
    const { code, stdout } = await call(wordsOf(verify));
    expect(code).toBe(0);
    const like = (text: string) =>
      text
        .trim()
        .replaceAll(/[0-9a-f]{64}|<hash>/g, "<hash>")
        .replaceAll(/\d+/g, "N");
    expect(like(stdout)).toBe(like(shown));
  });

  it("its commands are command lines that verify: against a head that was noted, and a copy", async () => {
    const { call, text } = stack;
    const { seq, hash } = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
    const noted = wordsOf(withAnchor).map((word) => word.replace(/^\d+:<hash>$/, `${seq}:${hash}`));
    expect(await call(noted)).toMatchObject({ code: 0, stdout: expect.stringContaining("as given") });
    writeFileSync(join(dir, "journal.jsonl"), text);
    expect(await call(wordsOf(copy))).toMatchObject({ code: 0 });
    writeFileSync(join(dir, "journal.jsonl"), text.replace("1.2.4", "1.2.5"));
    expect(await call(wordsOf(copy))).toMatchObject({ code: 1 });
  });

  it("its script tells the last entry's hash from another one", async () => {
    const { text } = stack;
    const sh = () => spawnSync("bash", ["-c", byHand], { cwd: dir, encoding: "utf8" });
    writeFileSync(join(dir, "journal.jsonl"), text);
    expect(sh()).toMatchObject({ status: 0, stdout: "true\n", stderr: "" });
    const at = text.lastIndexOf("promoted");
    writeFileSync(join(dir, "journal.jsonl"), `${text.slice(0, at)}reverted${text.slice(at + 8)}`);
    expect(sh()).toMatchObject({ status: 0, stdout: "false\n" });
  });

  it("its script reads the decisions", async () => {
    mkdirSync(join(dir, "bin"));
    writeFileSync(join(dir, "bin/rollouts"), "#!/bin/sh\n", { mode: 0o755 });
    const env = { ...process.env, PATH: `${join(dir, "bin")}:${process.env["PATH"]}` };
    const { stdout, stderr, status } = spawnSync("bash", ["-c", read], { cwd: dir, encoding: "utf8", env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^2026-\S+ \S+ [A-Z]\w+ .+$/m);
  });

  it("it names every problem, and no other", () => {
    const union = /JournalFault =([^;]+);/.exec(
      readFileSync(join(root, "src/types/journal-report.ts"), "utf8"),
    );
    const faults = [...(union?.[1] ?? "").matchAll(/"([\w-]+)"/g)].map(([, fault]) => fault);
    const table = page.slice(page.indexOf("| problem "), page.indexOf("**The anchor.**"));
    expect(faults.length).toBeGreaterThan(8);
    expect([...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, fault]) => fault)).toEqual(faults);
  });
});
