import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildGoTool, findBuiltTool } from "../../../../src/adapters/engine/go-build.ts";
import { isOlder } from "../../../../src/adapters/engine/go-command.ts";
import { type FakeMachine, fakeMachine } from "./fakes.ts";

const run = promisify(execFile);
let machine: FakeMachine;
beforeEach(() => {
  machine = fakeMachine();
});
afterEach(() => machine.remove());

const build = (extra: NodeJS.ProcessEnv = {}, more: { progressMs?: number; signal?: AbortSignal } = {}) =>
  buildGoTool(machine.tool, { env: { ...machine.env, ...extra }, log: machine.log, ...more });

describe("the cache of built tools", () => {
  it("builds once, then answers from the cache", async () => {
    const first = await build();
    const second = await build();
    expect(first).toMatchObject({ built: true });
    expect(second).toMatchObject({ built: false, path: first.path, key: first.key });
    expect(first.path).toBe(join(machine.dir, "cache/pulumi-rollouts/tool", first.key, "bin/tool"));
    expect(machine.builds()).toBe(1);
  });

  it("leaves nothing but the program and a note", async () => {
    const { path, key } = await build();
    expect(readdirSync(join(path, "../../.."))).toEqual([key]);
    expect(readdirSync(join(path, "../.."), { recursive: true }).sort()).toEqual([
      "bin",
      "bin/tool",
      "build.json",
    ]);
  });

  it("falls back to ~/.cache without XDG_CACHE_HOME", async () => {
    const { path } = await build({ XDG_CACHE_HOME: "" });
    expect(path.startsWith(join(machine.dir, ".cache/pulumi-rollouts/tool/"))).toBe(true);
  });

  it.each(["go.mod", "go.sum", "main.go"])("has another key when %s changes", async (name) => {
    const before = await build();
    const path = join(machine.tool.moduleDir, name);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "package main\n";
    writeFileSync(path, `${text}// changed\n`);
    expect((await build()).key).not.toBe(before.key);
    expect(machine.builds()).toBe(2);
  });

  it("has another key for another Go version or linker variable", async () => {
    const keys = [
      (await build()).key,
      (await build({ FAKE_GO_VERSION: "go1.27.0" })).key,
      (
        await buildGoTool(
          { ...machine.tool, variables: { "main.version": "2" } },
          { env: machine.env, log: machine.log },
        )
      ).key,
    ];
    expect(new Set(keys).size).toBe(3);
  });

  it("finds a built tool without Go, but not one of other sources", async () => {
    const { path } = await build();
    const env = { ...machine.env, PATH: "" };
    expect(findBuiltTool(machine.tool, env)).toBe(path);
    writeFileSync(join(machine.tool.moduleDir, "go.sum"), "other\n");
    expect(findBuiltTool(machine.tool, env)).toBeUndefined();
  });

  it("prefers the newest of several Go versions", async () => {
    await build();
    const newer = await build({ FAKE_GO_VERSION: "go1.27.0" });
    expect(findBuiltTool(machine.tool, machine.env)).toBe(newer.path);
  });
});

describe("several builders at once", () => {
  it("builds once for two calls in one process", async () => {
    const slow = { FAKE_GO_SECONDS: "0.5" };
    const both = await Promise.all([build(slow), build(slow)]);
    expect(both.map((tool) => tool.built).sort()).toEqual([false, true]);
    expect(machine.builds()).toBe(1);
    expect(machine.lines).toContain(`tool: process ${process.pid} is building it; waiting`);
  });

  it("builds once for two processes", async () => {
    const module = JSON.stringify(join(import.meta.dirname, "../../../../src/adapters/engine/go-build.ts"));
    const code = `import { buildGoTool } from ${module};
      const tool = await buildGoTool(${JSON.stringify(machine.tool)}, { env: process.env, log() {} });
      console.log(tool.built);`;
    const env = { ...machine.env, FAKE_GO_SECONDS: "1" };
    const args = ["--input-type=module", "-e", code];
    const both = await Promise.all([0, 1].map(() => run(process.execPath, args, { env })));
    expect(both.map((result) => result.stdout.trim()).sort()).toEqual(["false", "true"]);
    expect(machine.builds()).toBe(1);
  });

  /** A cache without the program, locked by `owner` since `ageMs`. */
  const lockedBy = async (owner: { pid: number; host?: string }, ageMs = 0): Promise<string> => {
    const { path } = await build();
    const entry = dirname(dirname(path));
    rmSync(entry, { recursive: true });
    const lock = `${entry}.lock`;
    writeFileSync(lock, JSON.stringify({ pid: owner.pid, host: owner.host ?? hostname(), startedAt: 1 }));
    const at = new Date(Date.now() - ageMs);
    utimesSync(lock, at, at);
    return lock;
  };

  it("takes over the lock of a dead process", async () => {
    const child = run(process.execPath, ["-e", "0"]);
    await child;
    const lock = await lockedBy({ pid: Number(child.child.pid) });
    expect(await build()).toMatchObject({ built: true });
    expect(existsSync(lock)).toBe(false);
  });

  it("takes over a lock that its holder elsewhere hasn't touched for minutes", async () => {
    await lockedBy({ pid: 1, host: "another-host" }, 200_000);
    expect(await build()).toMatchObject({ built: true });
  });

  it("waits for a living holder until it is asked to stop", async () => {
    const lock = await lockedBy({ pid: process.pid });
    await expect(build({}, { signal: AbortSignal.timeout(600) })).rejects.toThrow(/timeout/i);
    expect(machine.builds()).toBe(1);
    expect(existsSync(lock)).toBe(true);
  });
});

describe("talk and errors", () => {
  it("shows life while it builds", async () => {
    await build({ FAKE_GO_SECONDS: "0.4" }, { progressMs: 100 });
    expect(machine.lines[0]).toMatch(/^tool: building it with go1\.26\.8/);
    expect(machine.lines[1]).toMatch(/^tool: still building, 0s, 1 modules downloaded$/);
    expect(machine.lines.at(-1)).toMatch(/^tool: built in \d+s$/);
  });

  it("says what to do when there is no go command", async () => {
    await expect(build({ PATH: join(machine.dir, "module") })).rejects.toMatchObject({
      code: "go-missing",
      hint: expect.stringContaining("install Go"),
    });
  });

  it("refuses a Go that is too old, by its version or by its own word", async () => {
    await expect(build({ FAKE_GO_VERSION: "go1.9.7" })).rejects.toMatchObject({ code: "go-too-old" });
    machine.script("go", "echo 'go: go.mod requires go >= 1.26.0 (running go 1.25.1)' >&2; exit 1");
    await expect(build()).rejects.toMatchObject({
      code: "go-too-old",
      hint: expect.stringContaining("install Go 1.26.0 or newer"),
    });
  });

  it("shows the compiler's words, keeps nothing half-built and lets the next one try", async () => {
    await expect(build({ FAKE_GO_FAILS: "yes" })).rejects.toMatchObject({
      code: "go-build-failed",
      message: expect.stringContaining("undefined: everything"),
    });
    expect(readdirSync(join(machine.dir, "cache/pulumi-rollouts/tool"))).toEqual([]);
    expect(await build()).toMatchObject({ built: true });
  });

  it("compares versions by number", () => {
    expect(isOlder("1.9.7", "1.26")).toBe(true);
    expect(isOlder("1.26.0", "1.26")).toBe(false);
    expect(isOlder("1.27rc1", "1.26.8")).toBe(false);
  });
});
