import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type PhaseCommandOptions,
  runPhaseCommand,
} from "../../../../src/adapters/migration/command-phase.ts";
import type { PhaseReport } from "../../../../src/ports/phase-command.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-command-phase-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const node = (code: string, ...args: string[]) => [process.execPath, "-e", code, ...args];

function start(run: readonly string[], more: Partial<PhaseCommandOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  const reports: PhaseReport[] = [];
  const result = runPhaseCommand({ run, runtime, report: (one) => reports.push(one), ...more });
  return { result, reports, wall };
}

/** A backfill of 4 rows that ends with `dies` after the row of that number, and goes on from its checkpoint. */
const backfill = (dies: string) => `let done = Number(process.env.CHECKPOINT ?? 0);
  console.log("from " + done);
  while (done < 4) {
    done += 1;
    console.log(done + "/4");
    console.log("checkpoint: " + done);
    ${dies}
  }`;

/** Gone, or a zombie that its parent hasn't read yet. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Says a checkpoint, starts a child that never ends, notes both pids, and meets SIGTERM with `onTerm`. */
const endless = (onTerm: string) => `process.on("SIGTERM", () => { ${onTerm} });
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
  console.log("3/9\\ncheckpoint: three");
  require("node:fs").writeFileSync(process.argv[1], [process.pid, child.pid, ""].join(" "));
  setInterval(() => {}, 1000);`;
async function startedBy(file: string): Promise<readonly number[]> {
  await until(() => existsSync(file) && readFileSync(file, "utf8").endsWith(" "));
  return readFileSync(file, "utf8").trim().split(" ").map(Number);
}

describe("a command that ends", () => {
  it("is done with exit 0, and tells its progress and checkpoints as they come", async () => {
    const { result, reports } = start(node(backfill("")));
    expect(await result).toEqual({ ok: true, progress: { done: 4, total: 4 }, notes: [] });
    expect(reports).toEqual(
      [1, 2, 3, 4].flatMap((row) => [
        { kind: "progress", done: row, total: 4 },
        { kind: "checkpoint", text: String(row) },
      ]),
    );
  });

  it("may say nothing at all", async () => {
    expect(await start(node("")).result).toEqual({ ok: true, notes: [] });
  });

  it("that died goes on where its last checkpoint is", async () => {
    const first = await start(node(backfill("if (done === 2) process.kill(process.pid, 'SIGKILL');"))).result;
    expect(first).toMatchObject({
      ok: false,
      code: "phase-command-failed",
      exitCode: null,
      checkpoint: "2",
      hint: "Mend the cause and run the phase again: it goes on from its last checkpoint.",
    });
    const { result, reports } = start(node(backfill("")), {
      checkpoint: first.ok ? undefined : first.checkpoint,
    });
    expect(await result).toMatchObject({ ok: true });
    expect(reports[0]).toEqual({ kind: "progress", done: 3, total: 4 });
  });

  it("keeps the checkpoint that it was given until it says another", async () => {
    expect(await start(node("process.exit(1)"), { checkpoint: "17" }).result).toMatchObject({
      checkpoint: "17",
    });
  });

  it.each([1, 3, 255])("has failed with exit %i, whose last line on stderr says why", async (code) => {
    const { result } = start(node(`console.error("a\\nno such table"); process.exitCode = ${code}`));
    expect(await result).toEqual({
      ok: false,
      code: "phase-command-failed",
      message: `${process.execPath} failed: exit ${code}: no such table`,
      hint: "Mend the cause and run the phase again: it begins anew.",
      exitCode: code,
      notes: [],
    });
  });

  it.each([
    ["3/4", false],
    ["4/4", true],
    // Rows came while it ran.
    ["5/4", true],
    ["0/0", true],
    ["0/4", false],
  ])("with exit 0 at %s: done is %s", async (line, ok) => {
    const run = await start(node(`process.stdout.write("1/4\\n${line}")`)).result;
    expect(run.ok).toBe(ok);
    if (!run.ok) expect(run.message).toContain(`ended with exit 0 short of its own total (at ${line})`);
  });

  it("gets no input, its own folder and environment, no shell, and no checkpoint of ours", async () => {
    const code = `process.stdin.on("data", () => {}).on("end", () => console.log("checkpoint: " +
      JSON.stringify([process.cwd(), process.argv.slice(1), process.env.MARK, process.env.CHECKPOINT ?? null])))`;
    const env = { MARK: "here", CHECKPOINT: "foreign" };
    const { result, reports } = start(node(code, "$(id); `id`", "a b"), { cwd: dir, env });
    await result;
    const text = reports[0]?.kind === "checkpoint" ? reports[0].text : "null";
    expect(JSON.parse(text)).toEqual([dir, ["$(id); `id`", "a b"], "here", null]);
  });
});

describe("what it says", () => {
  it("is read a line at a time, wherever it is cut, and progress that writes over itself too", async () => {
    const code = `const out = "1/3\\r2/3\\r\\nrow 2/3\\n 2026/10/01\\n-1/3\\ncheckpoint: größe 2\\ncheckpoint:\\n3/3\\n";
      const bytes = Buffer.from(out);
      (function next(at) { if (at < bytes.length) process.stdout.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1)); })(0);`;
    const { result, reports } = start(node(code));
    await result;
    expect(reports).toEqual([
      { kind: "progress", done: 1, total: 3 },
      { kind: "progress", done: 2, total: 3 },
      { kind: "checkpoint", text: "größe 2" },
      { kind: "progress", done: 3, total: 3 },
    ]);
  });

  it("does not count as half a line where it was cut off: 12 of 1200 is another place", async () => {
    const code = `process.stdout.write("checkpoint: 11\\ncheckpoint: 12", () => process.kill(process.pid, "SIGKILL"))`;
    expect(await start(node(code)).result).toMatchObject({ ok: false, checkpoint: "11" });
  });

  it.each([
    ["its line is longer than 4096 characters", '"x".repeat(1 << 20)'],
    ["it holds a secret", '"p%40ss-word at 3"'],
    ["no environment can carry a zero byte", '"a\\0b"'],
  ])("is no checkpoint where %s: the last one counts, and it is told", async (why, text) => {
    const code = `console.log("checkpoint: good"); console.log("checkpoint: " + ${text}); process.exitCode = 1`;
    const { result, reports } = start(node(code), { secrets: ["p@ss-word"] });
    expect(await result).toMatchObject({ checkpoint: "good", notes: [`A checkpoint was not kept: ${why}.`] });
    expect(reports).toHaveLength(1);
  });

  it("has no secret in its message", async () => {
    const { result } = start(node(`console.error("no entry for p@ss-word"); process.exit(1)`), {
      secrets: ["p@ss-word"],
    });
    expect(await result).toMatchObject({
      message: expect.stringMatching(/exit 1: no entry for \[secret\]$/),
    });
  });

  it("ends the command where it can't be stored: a run on would be for nothing", async () => {
    const file = join(dir, "pids");
    const report = () => {
      throw new Error("the disk is full");
    };
    const { result } = start(node(endless("process.exit(0)"), file), { report });
    expect(await result).toMatchObject({
      ok: false,
      code: "phase-command-failed",
      message: expect.stringContaining("could not be stored: the disk is full"),
    });
  });
});

describe("a command that doesn't end", () => {
  it("is told at its time limit, says where it is, and is late even so", async () => {
    const file = join(dir, "pids");
    const { result, wall } = start(node(endless('console.log("checkpoint: four"); process.exit(0)'), file), {
      timeoutMs: 6 * 3_600_000,
    });
    const pids = await startedBy(file);
    await wall.advance(6 * 3_600_000 - 1);
    expect(pids.every(runs)).toBe(true);
    await wall.advance(1);
    expect(await result).toMatchObject({
      ok: false,
      code: "phase-command-late",
      message: `${process.execPath} did not end within 6 h (at 3/9)`,
      checkpoint: "four",
    });
    await until(() => pids.every((pid) => !runs(pid)));
    expect(wall.sleepers()).toBe(0);
  });

  it("is killed after its grace where it doesn't listen, with all that it has started", async () => {
    const file = join(dir, "pids");
    const { result, wall } = start(node(endless(""), file), { timeoutMs: 1000, graceMs: 500 });
    const pids = await startedBy(file);
    await wall.advance(1499);
    expect(runs(pids[0] ?? 0)).toBe(true);
    await wall.advance(1);
    expect(await result).toMatchObject({ code: "phase-command-late", checkpoint: "three" });
    await until(() => pids.every((pid) => !runs(pid)));
  });

  it("ends on an abort with its reason, its checkpoint told before", async () => {
    const file = join(dir, "pids");
    const stop = new AbortController();
    const { result, reports } = start(
      node(endless('console.log("checkpoint: four"); process.exit(0)'), file),
      {
        signal: stop.signal,
      },
    );
    const pids = await startedBy(file);
    stop.abort(new Error("asked to stop"));
    await expect(result).rejects.toThrow("asked to stop");
    expect(reports.at(-1)).toEqual({ kind: "checkpoint", text: "four" });
    await until(() => pids.every((pid) => !runs(pid)));
  });

  it("is not begun after an abort", async () => {
    const file = join(dir, "pids");
    const { result } = start(node(endless(""), file), {
      signal: AbortSignal.abort(new Error("asked to stop")),
    });
    await expect(result).rejects.toThrow("asked to stop");
    expect(existsSync(file)).toBe(false);
  });
});

it.each([
  ["isn't there", ["/no/such/program"], /^\/no\/such\/program can't be started: .*ENOENT/],
  ["has no name", [], /^the command can't be started/],
  ["has an argument that none can be", [process.execPath, "a\0b"], /can't be started/],
  ["may not be run", ["/etc/passwd"], /EACCES/],
])("a command that %s is not started, and nothing is thrown", async (_, run, message) => {
  const { result, wall } = start(run);
  expect(await result).toMatchObject({
    ok: false,
    code: "phase-command-not-started",
    message: expect.stringMatching(message),
    hint: "Is the program there, and may it be run?",
  });
  expect(wall.sleepers()).toBe(0);
});
