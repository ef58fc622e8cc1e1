import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aDriver } from "../../support/drive.ts";
import { aWorld, cli } from "./harness.ts";

const leaves: Record<string, readonly string[]> = {
  sev1: ["--sev", "1", "--stack", "prod"],
  "sev2-over": ["--sev", "2", "--error-rate", "1.5%", "--stack", "prod"],
  "sev2-watch": ["--sev", "2", "--error-rate", "0.4%", "--stack", "prod"],
  "sev2-improves": ["--sev", "2", "--error-rate", "0.4%", "--trend", "improves", "--stack", "prod"],
  "sev2-worsens": ["--sev", "2", "--error-rate", "0.4%", "--trend", "worsens", "--stack", "prod"],
  "sev2-unknown": ["--sev", "2", "--error-rate", "0.4%", "--trend", "unknown", "--stack", "prod"],
  "sev3-user-facing": ["--sev", "3", "--user-facing", "--stack", "prod"],
  "sev3-not-user-facing": ["--sev", "3", "--not-user-facing"],
};

describe("triage", () => {
  it("prints every leaf of the tree: the way to it, and what to do; exit 0, for it is advice", async () => {
    const printed: string[] = [];
    for (const options of Object.values(leaves)) {
      const { code, stdout } = await cli(["triage", ...options]);
      printed.push(`$ rollouts triage ${options.join(" ")}  # exit ${code}\n\n${stdout}`);
    }
    await expect(printed.join("\n")).toMatchFileSnapshot("../../golden/cli/triage.txt");
  });

  it("docs/triage.md shows what is printed", async () => {
    const { stdout } = await cli(["triage", ...(leaves["sev2-watch"] ?? [])]);
    const page = readFileSync(new URL("../../../docs/triage.md", import.meta.url), "utf8");
    expect(page).toContain(`\`\`\`\n${stdout}\`\`\``);
  });

  it("--json carries action, way, reason and commands", async () => {
    const { code, json } = await cli(["triage", ...(leaves["sev2-watch"] ?? []), "--json"]);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      schemaVersion: 1,
      command: "triage",
      ok: true,
      data: { action: "watch", watchSeconds: 600 },
    });
    const { path, next } = json["data"] as { path: unknown[]; next: string[] };
    expect(path).toHaveLength(3);
    expect(next[0]).toMatch(/^rollouts pause --stack prod /);
  });

  it("reads nothing of the stack, and touches nothing", async () => {
    const driver = aDriver();
    const world = aWorld(driver);
    // The default world of a test refuses to be read at all.
    expect((await cli(["triage", "--sev", "1", "--stack", "nowhere"])).code).toBe(0);
    await cli(["triage", "--sev", "1", "--stack", "prod"], { world });
    expect(world.opened).toEqual([]);
    expect(driver.world.calls).toEqual([]);
  });

  it("its commands are command lines that exist, with options that they take", async () => {
    for (const options of Object.values(leaves)) {
      const { json } = await cli(["triage", ...options, "--json"]);
      const { next } = json["data"] as { next: string[] };
      for (const line of next.filter((one) => one.startsWith("rollouts "))) {
        // Quoted texts are one word, as in a shell.
        const argv = (line.match(/"[^"]*"|\S+/g) ?? []).slice(1).map((word) => word.replaceAll('"', ""));
        const { json: answer } = await cli([...argv, "--json"], { world: aWorld(aDriver()) });
        expect(answer, line).not.toMatchObject({ error: { code: "usage" } });
        expect(answer, line).toMatchObject({ command: argv[0] });
      }
    }
  });
});

describe("a triage without what its branch asks for: exit 2", () => {
  const refused = [
    { why: "no severity", argv: [], paths: ["--sev"], code: "usage" },
    { why: "no such severity", argv: ["--sev", "4"], paths: ["--sev"], code: "usage" },
    { why: "no such trend", argv: ["--sev", "2", "--trend", "same"], paths: ["--trend"], code: "usage" },
    { why: "SEV2 without error rate", argv: ["--sev", "2"], paths: ["--error-rate"] },
    { why: "SEV3 without users", argv: ["--sev", "3"], paths: ["--user-facing"] },
    { why: "a bare number", argv: ["--sev", "2", "--error-rate", "0.4"], paths: ["--error-rate"] },
    { why: "over 100 %", argv: ["--sev", "2", "--error-rate", "101%"], paths: ["--error-rate"] },
    {
      why: "both and neither",
      argv: ["--sev", "3", "--user-facing", "--not-user-facing"],
      paths: ["--not-user-facing"],
    },
    {
      why: "everything at once",
      argv: ["--sev", "2", "--user-facing", "--not-user-facing", "--error-rate", "x"],
      paths: ["--not-user-facing", "--error-rate"],
    },
  ];
  it.each(refused)("$why", async ({ argv, paths, code = "triage-input" }) => {
    const run = await cli(["triage", ...argv, "--json"]);
    expect(run.code).toBe(2);
    expect(run.json).toMatchObject({ ok: false, error: { code, path: paths[0] } });
    const { issues } = run.json["error"] as { issues: { path: string }[] };
    expect(issues.map(({ path }) => path)).toEqual(paths);
  });

  it("quotes what was written", async () => {
    const { stderr } = await cli(["triage", "--sev", "2", "--error-rate", "0.4"]);
    expect(stderr).toContain('--error-rate is "0.4": a percentage from 0% to 100%, with its sign');
    expect(stderr).toContain("Write --error-rate 0.4%.");
  });
});

describe("triage --apply", () => {
  /** A rollout that is held after its first step, and nobody drives. */
  async function held() {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const world = aWorld(driver);
    const call = (argv: readonly string[]) =>
      cli(["triage", ...argv, "--stack", "prod", "--apply", "--by", "dana", "--json"], { world });
    const asked = () => driver.record.requests.read(driver.rolloutId());
    return { driver, call, asked };
  }

  it.each([
    ["SEV2 over the limit", ["--sev", "2", "--error-rate", "1.5%"]],
    ["SEV2 that worsens", ["--sev", "2", "--error-rate", "0.4%", "--trend", "worsens"]],
    ["SEV3 that users meet", ["--sev", "3", "--user-facing"]],
  ])("%s takes the rollout back", async (_why, argv) => {
    const { driver, call, asked } = await held();
    const { code, json } = await call(argv);
    expect(code).toBe(0);
    expect(json).toMatchObject({ data: { applied: { outcome: "reverted" } } });
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(await asked()).toMatchObject([
      { kind: "abort", by: "dana", reason: expect.stringContaining("SEV") },
    ]);
  });

  it("SEV1 takes its traffic off, and keeps it as evidence of corruption", async () => {
    const { driver, call, asked } = await held();
    const { code, json } = await call(["--sev", "1"]);
    expect(code).toBe(0);
    expect(json).toMatchObject({ data: { applied: { outcome: "held", kept: "corruption" } } });
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(driver.world.record()?.candidate).toBeDefined();
    expect(await asked()).toMatchObject([{ kind: "abort", by: "dana", concern: "corruption" }]);
  });

  it("SEV2 under the limit is paused for its watch, and goes on once it improves", async () => {
    const { driver, call, asked } = await held();
    const watch = ["--sev", "2", "--error-rate", "0.4%"];
    expect((await call(watch)).json).toMatchObject({ data: { action: "watch", applied: { changed: true } } });
    expect((await call([...watch, "--trend", "improves"])).code).toBe(0);
    expect((await asked()).map(({ kind }) => kind)).toEqual(["pause", "resume"]);
    expect(driver.world.weights.at(-1)).toBe(5);
  });

  it("SEV3 that nobody meets is noted; the rollout goes on", async () => {
    const { driver, call, asked } = await held();
    const argv = ["--sev", "3", "--not-user-facing", "--reason", "a typo in the mail"];
    expect((await call(argv)).json).toMatchObject({ data: { applied: { note: "a typo in the mail" } } });
    expect(await asked()).toMatchObject([{ kind: "note", by: "dana", reason: "a typo in the mail" }]);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
  });

  it("needs a stack, and a rollout in flight", async () => {
    const lost = await cli(["triage", "--sev", "1", "--apply", "--json"]);
    expect(lost).toMatchObject({ code: 2, json: { error: { path: "--stack" } } });
    const idle = await cli(["triage", "--sev", "1", "--apply", "--stack", "prod", "--json"], {
      world: aWorld(aDriver()),
    });
    expect(idle.json).toMatchObject({ error: { code: "nothing-in-flight" } });
  });
});
