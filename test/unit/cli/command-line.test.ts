import { describe, expect, it } from "vitest";
import { verbs } from "../../../src/cli/table.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import { cli, noWorld } from "./harness.ts";

const refused = [
  { why: "an unknown verb, with the near one", argv: ["plam", "--json"], hint: "Did you mean plan?" },
  { why: "an unknown verb that is near none", argv: ["xyzzy", "--json"], hint: "Verbs: plan, rehearse, run" },
  {
    why: "an unknown option, with the near one",
    argv: ["plan", "--stak", "prod", "--json"],
    hint: "Did you mean --stack?",
  },
  { why: "an option without its value", argv: ["plan", "--json", "--stack"], hint: "rollouts plan --help" },
  { why: "a missing stack", argv: ["plan", "--json"], paths: ["--stack"] },
  {
    why: "every problem at once",
    argv: ["rollback", "--json", "--reason", "bored"],
    paths: ["--stack", "--reason", "--by"],
  },
  {
    why: "an option that comes only with another",
    argv: ["run", "--json", "--stack", "prod", "--cause", "fixed"],
    paths: ["--by"],
  },
  {
    why: "the same from the other side",
    argv: ["run", "--json", "--stack", "prod", "--by", "dana"],
    paths: ["--cause"],
  },
  {
    why: "--set-config without a version",
    argv: ["run", "--json", "--stack", "prod", "--set-config"],
    paths: ["--version"],
  },
  { why: "an empty value", argv: ["plan", "--json", "--stack", ""], paths: ["--stack"] },
  {
    why: "a second argument",
    argv: ["step", "5", "20", "--stack", "prod", "--json"],
    hint: "rollouts step --help",
  },
];

describe("a command line that is refused", () => {
  it.each(refused)("$why: exit 2, before anything is read", async ({ argv, hint, paths }) => {
    const { code, json, stderr } = await cli(argv);
    expect(code).toBe(2);
    expect(json).toMatchObject({ schemaVersion: 1, ok: false, error: { code: "usage" } });
    const error = json["error"] as { hint: string; path?: string; issues?: { path: string }[] };
    if (hint !== undefined) expect(error.hint).toContain(hint);
    if (paths !== undefined) {
      expect(error.issues?.map(({ path }) => path)).toEqual(paths);
      expect(error.path).toBe(paths[0]);
    }
    expect(stderr).toBe("");
  });

  it("for people: what, each detail with its hint, no stack, on stderr", async () => {
    const { code, stdout, stderr } = await cli(["rollback", "--stack", "prod"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("error  rollouts rollback has 2 problems in its options. (usage)");
    expect(stderr).toContain("--reason: required\n    hint  One of customer, corruption, compliance, other.");
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("without a verb: the overview on stderr, exit 2", async () => {
    const { code, stdout, stderr } = await cli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: rollouts <verb>");
  });
});

describe("help", () => {
  it("lists every verb", async () => {
    const { code, stdout } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const verb of Object.keys(verbs)) expect(stdout).toMatch(new RegExp(`^ {2}${verb} +\\S`, "m"));
  });

  it.each(Object.keys(verbs))("%s: comes from the verb's data, with runnable examples", async (verb) => {
    const command = await verbs[verb]?.();
    expect(command?.name).toBe(verb);
    const { code, stdout } = await cli([verb, "--help"]);
    expect(code).toBe(0);
    for (const { flags } of command?.options ?? []) expect(stdout).toContain(flags);
    expect(command?.examples.length).toBeGreaterThan(0);
    for (const example of command?.examples ?? []) expect(example).toContain(`rollouts ${verb}`);
  });
});

describe("errors below a verb", () => {
  const failing = (error: Error) => ({
    ...noWorld,
    loadConfig: async () => {
      throw error;
    },
  });
  const issues = [
    { path: "rollout.soak", received: "15", rule: "a duration", hint: 'Write "15m".' },
    { path: "rollout.look", rule: "required", hint: "Write 10s." },
  ];

  it("--json carries code, path, hint and every issue", async () => {
    const error = new RolloutError("2 problems.", { code: "config-invalid", exit: "config", issues });
    const { code, json } = await cli(["plan", "--stack", "prod", "--json"], { world: failing(error) });
    expect(code).toBe(2);
    expect(json).toEqual({
      schemaVersion: 1,
      command: "plan",
      ok: false,
      error: { code: "config-invalid", message: "2 problems.", path: "rollout.soak", issues },
    });
  });

  it("an unknown error is ours: 255, with what a bug report needs", async () => {
    const { code, stderr } = await cli(["plan", "--stack", "prod"], {
      world: failing(new TypeError("x is not y")),
    });
    expect(code).toBe(255);
    expect(stderr).toContain("This is a bug in rollouts.");
    expect(stderr).toContain(`rollouts 0.0.0-test, node ${process.version}`);
    expect(stderr).toMatch(/\n\s+at /);
  });

  it("an unknown error under --json is still one envelope", async () => {
    const { code, json } = await cli(["plan", "--stack", "prod", "--json"], {
      world: failing(new TypeError("x")),
    });
    expect(code).toBe(255);
    expect(json).toMatchObject({ ok: false, error: { code: "internal", message: "x" } });
  });

  it("masks the passphrase on both streams, whoever quotes it", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "correct horse battery" };
    const world = failing(new Error("tried correct horse battery"));
    for (const argv of [
      ["plan", "--stack", "prod"],
      ["plan", "--stack", "prod", "--json"],
    ]) {
      const { stdout, stderr } = await cli(argv, { world, env });
      expect(stdout + stderr).toContain("[secret]");
      expect(stdout + stderr).not.toContain("horse");
    }
  });
});

describe("colour", () => {
  const world = {
    ...noWorld,
    loadConfig: async () => {
      throw new RolloutError("no.", { code: "x", exit: "config" });
    },
  };
  const cases = [
    { why: "on a terminal", tty: true, env: {}, argv: [], colored: true },
    { why: "off a terminal", tty: false, env: {}, argv: [], colored: false },
    { why: "with NO_COLOR", tty: true, env: { NO_COLOR: "1" }, argv: [], colored: false },
    { why: "with --no-color", tty: true, env: {}, argv: ["--no-color"], colored: false },
    { why: "in CI", tty: true, env: { CI: "true" }, argv: [], colored: false },
  ];
  it.each(cases)("$why: $colored", async ({ tty, env, argv, colored }) => {
    const { stderr } = await cli(["plan", "--stack", "prod", ...argv], { world, tty, env });
    expect(stderr.includes("\u001b[")).toBe(colored);
  });
});
