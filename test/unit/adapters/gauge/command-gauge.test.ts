import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CommandGaugeOptions,
  createCommandGauge,
} from "../../../../src/adapters/gauge/command-gauge.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

const t0 = Date.UTC(2026, 0, 15, 10, 0, 0);
let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-command-gauge-")));
});
afterEach(() => rmSync(dir, { recursive: true }));

function open(run: readonly string[], over: Partial<CommandGaugeOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  return { gauge: createCommandGauge({ config: { kind: "command", run }, runtime, ...over }), wall };
}
const script = (code: string, ...args: string[]) => [process.execPath, "-e", code, ...args];
const printing = (text: string) => script(`process.stdout.write(${JSON.stringify(text)})`);
const look = { sinceMs: t0, nowMs: t0 + 60_000 };

describe("command gauge", () => {
  it.each([
    ["42", 42],
    ["91.5\n", 91.5],
    ["  0  \n", 0],
    ["-3", -3],
    ["1.5e3", 1500],
    [".5", 0.5],
  ])("reads %j as %d", async (text, value) => {
    expect(await open(printing(text)).gauge.read(look)).toEqual({
      status: "value",
      everyMs: 60_000,
      watermarkMs: look.nowMs,
      samples: [{ atMs: look.nowMs, value }],
    });
  });

  it.each(["NaN", "Infinity", "null", "0x10", "12 %", "1,5", "1\n2", "ok", "1e999", "--"])(
    "%j is no number: an error, never 0",
    async (text) => {
      const answer = await open(printing(text)).gauge.read(look);
      expect(answer).toEqual({ status: "error", message: expect.stringMatching(/where a number belongs/) });
    },
  );

  it.each([
    [
      "fails after it printed a number",
      script("console.log(5); console.error('a\\nno pool'); process.exit(3)"),
      /failed: exit 3: no pool$/,
    ],
    ["is killed", script("process.kill(process.pid, 'SIGKILL')"), /failed: it was killed/],
    ["can't be found", ["/no/such/program"], /can't be started: .*ENOENT/],
    ["is not named", [], /can't be started/],
  ])("a program that %s is an error", async (_, run, message) => {
    expect(await open(run).gauge.read(look)).toEqual({
      status: "error",
      message: expect.stringMatching(message),
    });
  });

  it("is started without a shell, in its folder", async () => {
    const said = join(dir, "said");
    const code =
      "require('node:fs').writeFileSync(process.argv[1], process.argv[2] + ' ' + process.cwd()); console.log(1)";
    const { gauge } = open(script(code, said, "$(id); `id` | x > y"), { cwd: dir });
    expect((await gauge.read(look)).status).toBe("value");
    expect(readFileSync(said, "utf8")).toBe(`$(id); \`id\` | x > y ${dir}`);
  });

  it("keeps its samples, and gives those of the span", async () => {
    const { gauge } = open(printing("7"));
    for (const seconds of [0, 10, 20]) await gauge.read({ sinceMs: t0, nowMs: t0 + seconds * 1000 });
    const answer = await gauge.read({ sinceMs: t0 + 10_000, nowMs: t0 + 30_000 });
    expect(answer).toMatchObject({
      samples: [10, 20, 30].map((seconds) => ({ atMs: t0 + seconds * 1000, value: 7 })),
    });
  });

  it("expects samples in the rhythm of the looks: three in a row are no window of 3 min", async () => {
    const { gauge } = open(printing("95"));
    const every: number[] = [];
    for (const seconds of [0, 10, 20, 30, 95]) {
      const answer = await gauge.read({ sinceMs: t0, nowMs: t0 + seconds * 1000 });
      if (answer.status === "value") every.push(answer.everyMs / 1000);
    }
    expect(every).toEqual([60, 10, 10, 10, 10]);
    const seldom = open(printing("95")).gauge;
    await seldom.read({ sinceMs: t0, nowMs: t0 });
    expect(await seldom.read({ sinceMs: t0, nowMs: t0 + 300_000 })).toMatchObject({ everyMs: 60_000 });
  });

  it("a failure adds no sample and loses none", async () => {
    const flag = join(dir, "works");
    const code = "if (!require('node:fs').existsSync(process.argv[1])) process.exit(1); console.log(4)";
    const { gauge } = open(script(code, flag));
    const at = (seconds: number) => gauge.read({ sinceMs: t0, nowMs: t0 + seconds * 1000 });
    const { writeFileSync } = await import("node:fs");
    writeFileSync(flag, "");
    await at(0);
    rmSync(flag);
    expect((await at(10)).status).toBe("error");
    writeFileSync(flag, "");
    expect(await at(20)).toMatchObject({ samples: [{ atMs: t0 }, { atMs: t0 + 20_000 }] });
  });

  it("ends at its time limit, with everything that it started", async () => {
    const pids = join(dir, "pids");
    const code = `const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      require("node:fs").writeFileSync(process.argv[1], [process.pid, child.pid].join(" "));
      setInterval(() => {}, 1000);`;
    const { gauge, wall } = open(script(code, pids), { timeoutMs: 3_000 });
    const answer = gauge.read(look);
    await until(() => existsSync(pids) && readFileSync(pids, "utf8").includes(" "));
    await wall.advance(3_000);
    expect(await answer).toEqual({
      status: "error",
      message: expect.stringMatching(/did not end within 3 s/),
    });
    const started = readFileSync(pids, "utf8").split(" ").map(Number);
    await until(() => started.every((pid) => !runs(pid)));
  });

  it("is stopped with the look", async () => {
    const begun = join(dir, "begun");
    const code =
      "require('node:fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)";
    const stop = new AbortController();
    const answer = open(script(code, begun)).gauge.read({ ...look, signal: stop.signal });
    await until(() => existsSync(begun) && readFileSync(begun, "utf8") !== "");
    stop.abort();
    expect(await answer).toEqual({ status: "error", message: expect.stringMatching(/cancelled/) });
    await until(() => !runs(Number(readFileSync(begun, "utf8"))));
  });

  it("is not started where the look is cancelled already", async () => {
    const said = join(dir, "said");
    const code = "require('node:fs').writeFileSync(process.argv[1], ''); console.log(1)";
    const answer = await open(script(code, said)).gauge.read({ ...look, signal: AbortSignal.abort() });
    expect(answer.status).toBe("error");
    expect(existsSync(said)).toBe(false);
  });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is not gone until its parent has read it, but runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
