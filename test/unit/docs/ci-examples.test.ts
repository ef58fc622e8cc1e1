import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { exitCodes } from "../../../src/errors/errors.ts";
import { until } from "../../support/memory-runtime.ts";

const root = resolve(import.meta.dirname, "../../..");
const examples = join(root, "examples/ci");

/** Every text of a YAML value under one of these keys. */
function textsOf(value: unknown, keys: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsOf(item, keys));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) =>
    keys.includes(key) && typeof item === "string" ? [item] : textsOf(item, keys),
  );
}

describe.each(["azure-pipelines.yml", "github-actions.yml"])("%s", (file) => {
  const pipeline: unknown = parse(readFileSync(join(examples, file), "utf8"));
  const commands = textsOf(pipeline, ["run", "script", "bash"]);

  it("calls the scripts of this folder, which exist and can be run", () => {
    const scripts = commands.flatMap((text) => text.match(/examples\/ci\/[\w-]+\.sh/g) ?? []);
    expect(new Set(scripts)).toEqual(new Set(["examples/ci/rollout.sh", "examples/ci/answer.sh"]));
    for (const script of scripts) accessSync(join(root, script), constants.X_OK);
  });

  it("publishes the journal also when the rollout failed, and stops no rollout for the next one", () => {
    const text = readFileSync(join(examples, file), "utf8");
    expect(text).toMatch(/always\(\)/);
    expect(text).toMatch(/lockBehavior: sequential|cancel-in-progress: false/);
  });

  it("goes on calling people once the rollout has failed, and not for ever", () => {
    expect(commands.filter((text) => text.includes("escalate"))).toEqual([
      "npx rollouts escalate --stack prod --watch",
    ]);
    const text = readFileSync(join(examples, file), "utf8");
    expect(text).toMatch(/failure\(\)|failed\(\)/);
    expect(text).toMatch(/timeout-minutes: 90|timeoutInMinutes: 90/);
  });

  it("takes no input of people into a shell line: only variables", () => {
    for (const text of commands) expect(text).not.toMatch(/\$\{\{/);
  });
});

describe("the scripts", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "rollouts-ci-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** A `rollouts` that notes its arguments and does what the test says. */
  function fake(body: string): NodeJS.ProcessEnv {
    const text = `#!/usr/bin/env bash\nprintf '%s\\n' "$*" >>"${dir}/calls"\n${body}\n`;
    writeFileSync(join(dir, "rollouts"), text, { mode: 0o755 });
    return { ...process.env, PATH: [dir, process.env["PATH"]].join(delimiter) };
  }
  const call = (script: string, args: readonly string[], body: string) =>
    spawnSync(join(examples, script), args, { cwd: dir, encoding: "utf8", env: fake(body) });
  const calls = () => readFileSync(join(dir, "calls"), "utf8").trim().split("\n");

  const outcome = (journal: string) =>
    `echo '{"ok":true,"data":{"outcome":"promoted","journal":"${journal}"}}'`;

  it("rollout.sh runs the stack, and keeps outcome and journal", () => {
    writeFileSync(join(dir, "the-journal"), "{}\n");
    const run = call("rollout.sh", ["prod", "kept"], `${outcome(join(dir, "the-journal"))}\nexit 0`);
    expect(run.status).toBe(0);
    expect(calls()).toEqual(["run --stack prod --json"]);
    expect(JSON.parse(readFileSync(join(dir, "kept/outcome.json"), "utf8")).data.outcome).toBe("promoted");
    expect(readFileSync(join(dir, "kept/journal.jsonl"), "utf8")).toBe("{}\n");
    expect(JSON.parse(run.stdout).ok).toBe(true);
  });

  it.each(Object.entries(exitCodes))("rollout.sh hands exit code %s on (%i)", (_name, code) => {
    const run = call("rollout.sh", ["prod"], `echo '{}'; exit ${code}`);
    expect(run.status).toBe(code);
    expect(run.stderr.trim()).not.toBe("");
  });

  it("rollout.sh survives a driver that printed nothing", () => {
    const run = call("rollout.sh", ["prod"], "exit 255");
    expect(run.status).toBe(255);
    expect(existsSync(join(dir, "rollout-log/journal.jsonl"))).toBe(false);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "a cancelled job (%s) reaches the driver, and is waited for",
    async (signal) => {
      const body = `trap 'echo "{}"; touch "${dir}/written"; exit 8' TERM\ntouch "${dir}/running"\nwhile :; do sleep 0.05; done`;
      const child = spawn(join(examples, "rollout.sh"), ["prod"], { cwd: dir, env: fake(body) });
      const ended = once(child, "exit");
      await until(() => existsSync(join(dir, "running")));
      child.kill(signal);
      expect((await ended)[0]).toBe(8);
      expect(existsSync(join(dir, "written"))).toBe(true);
    },
  );

  const answers = [
    {
      why: "abort",
      args: ["prod", "abort", "dana", "wrong build"],
      body: "exit 0",
      code: 0,
      calls: ["abort --stack prod --by dana --reason wrong build"],
    },
    {
      why: "an abort that failed",
      args: ["prod", "abort", "dana", "x"],
      body: "exit 21",
      code: 21,
      calls: ["abort --stack prod --by dana --reason x"],
    },
    {
      why: "approve, then go on here",
      args: ["prod", "approve", "dana", "checked"],
      body: "echo '{}'; exit 0",
      code: 0,
      calls: ["approve --stack prod --by dana --reason checked", "run --stack prod --json"],
    },
    {
      why: "approve a live driver: it goes on by itself",
      args: ["prod", "approve", "dana", "checked"],
      body: '[ "$1" = run ] && exit 24; exit 0',
      code: 0,
      calls: ["approve --stack prod --by dana --reason checked", "run --stack prod --json"],
    },
    {
      why: "nothing to approve: nothing is run",
      args: ["prod", "approve", "dana", "x"],
      body: "exit 7",
      code: 7,
      calls: ["approve --stack prod --by dana --reason x"],
    },
  ];
  it.each(answers)("answer.sh: $why", ({ args, body, code, calls: expected }) => {
    expect(call("answer.sh", args, body).status).toBe(code);
    expect(calls()).toEqual(expected);
  });

  it("answer.sh refuses another word, before anything is called", () => {
    expect(call("answer.sh", ["prod", "maybe", "dana", "x"], "exit 0").status).toBe(2);
    expect(existsSync(join(dir, "calls"))).toBe(false);
  });
});
