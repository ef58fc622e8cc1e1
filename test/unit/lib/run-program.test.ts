import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf, type ProgramOptions, runProgram } from "../../../src/lib/run-program.ts";
import { createMemoryRuntime, until } from "../../support/memory-runtime.ts";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-run-program-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const limitMs = 5_000;
const script = (code: string, ...args: string[]) => [process.execPath, "-e", code, ...args];

function start(run: readonly string[], more: Partial<ProgramOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  return { result: runProgram({ run, runtime, timeoutMs: limitMs, ...more }), wall };
}

/** Gone, or a zombie that its parent hasn't read yet. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Starts a child that never ends, with this program's own output, and notes both. */
const parent = (then: string) => `const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
  require("node:fs").writeFileSync(process.argv[1], [process.pid, child.pid, ""].join(" "));
  ${then}`;
async function startedBy(file: string): Promise<readonly number[]> {
  await until(() => existsSync(file) && readFileSync(file, "utf8").endsWith(" "));
  return readFileSync(file, "utf8").trim().split(" ").map(Number);
}

describe("a run that ends", () => {
  it.each([0, 1, 3, 255])("with code %i says code and output", async (code) => {
    const { result } = start(script(`console.log("out"); console.error("err"); process.exitCode = ${code}`));
    expect(await result).toEqual({ how: "exit", code, stdout: "out\n", stderr: "err\n" });
  });

  it("by a signal has no code", async () => {
    const { result } = start(script("process.kill(process.pid, 'SIGTERM')"));
    expect(await result).toMatchObject({ how: "exit", code: null });
  });

  it("gets no input, its own folder and the environment that it is given, and no shell", async () => {
    const code = `process.stdin.on("data", () => {}).on("end", () =>
      console.log(JSON.stringify([process.cwd(), process.argv.slice(1), process.env.MARK])))`;
    const { result } = start(script(code, "$(id); `id`", "a b"), { cwd: dir, env: { MARK: "here" } });
    const run = await result;
    expect(run.how === "exit" && JSON.parse(run.stdout)).toEqual([dir, ["$(id); `id`", "a b"], "here"]);
  });

  it("keeps the end of a long output, and letters of two bytes whole", async () => {
    // Read in pieces of a power of two, and the letters begin at odd bytes.
    const { result } = start(script(`process.stdout.write("x" + "ü".repeat(33000) + "end")`));
    const run = await result;
    if (run.how !== "exit") throw new Error(run.how);
    expect(run.stdout).toHaveLength(4096);
    expect(run.stdout).toBe(`${"ü".repeat(4093)}end`);
  });

  it("leaves nothing behind that would keep the look waiting", async () => {
    const file = join(dir, "pids");
    const { result } = start(script(parent("process.exit(0)"), file));
    const pids = await startedBy(file);
    expect(await result).toMatchObject({ how: "exit", code: 0 });
    await until(() => pids.every((pid) => !runs(pid)));
  });
});

describe("a run that doesn't", () => {
  it("is late at its limit, and ends with all that it started", async () => {
    const file = join(dir, "pids");
    const { result, wall } = start(script(parent("setInterval(() => {}, 1000)"), file));
    const pids = await startedBy(file);
    await wall.advance(limitMs - 1);
    expect(pids.every(runs)).toBe(true);
    await wall.advance(1);
    expect(await result).toEqual({ how: "late" });
    await until(() => pids.every((pid) => !runs(pid)));
  });

  it("is late too while it writes without end, and its output fills nothing", async () => {
    const file = join(dir, "pid");
    const code = `require("node:fs").writeFileSync(process.argv[1], process.pid + " ");
      const more = () => { while (process.stdout.write("x".repeat(65536))); process.stdout.once("drain", more); };
      more();`;
    const { result, wall } = start(script(code, file));
    const [pid = 0] = await startedBy(file);
    await wall.advance(limitMs);
    expect(await result).toEqual({ how: "late" });
    await until(() => !runs(pid));
  });

  it("is cancelled amid it, and not begun after", async () => {
    const file = join(dir, "pids");
    const stop = new AbortController();
    const { result } = start(script(parent("setInterval(() => {}, 1000)"), file), { signal: stop.signal });
    const pids = await startedBy(file);
    stop.abort();
    expect(await result).toEqual({ how: "cancelled" });
    await until(() => pids.every((pid) => !runs(pid)));
    rmSync(file);
    expect(await start(script(parent(""), file), { signal: stop.signal }).result).toEqual({
      how: "cancelled",
    });
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ["isn't there", ["/no/such/program"], /ENOENT/],
    ["has no name", [], /./],
    ["has an argument that none can be", [process.execPath, "a\0b"], /./],
    ["may not be run", ["/etc/passwd"], /EACCES/],
  ])("can't be started where it %s, and never throws", async (_, run, message) => {
    expect(await start(run).result).toEqual({ how: "not-started", message: expect.stringMatching(message) });
  });

  it("can't be started in a folder that isn't there", async () => {
    const { result } = start(script(""), { cwd: join(dir, "nowhere") });
    expect(await result).toMatchObject({ how: "not-started" });
  });

  it("leaves no time limit running once it has ended", async () => {
    const { result, wall } = start(script(""));
    await result;
    expect(wall.sleepers()).toBe(0);
  });
});

it.each([
  { why: "the last line of stderr", code: 3, stderr: "a\nno pool\n", text: "exit 3: no pool" },
  { why: "nothing was said", code: 3, stderr: "\n", text: "exit 3" },
  { why: "killed", code: null, stderr: "", text: "it was killed" },
  { why: "a long line is cut", code: 1, stderr: "x".repeat(1000), text: `exit 1: ${"x".repeat(300)}` },
])("why it failed: $why", ({ code, stderr, text }) => {
  expect(failureOf({ how: "exit", code, stdout: "", stderr })).toBe(text);
});
