import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMigrationPorts, secretsIn } from "../../../src/cli/compose/migration-ports.ts";
import type { World } from "../../../src/cli/world.ts";
import type { MigrationConfig } from "../../../src/types/migration-config.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryPhaseCommands, done, failed } from "../../support/memory-phase-commands.ts";
import { createMemoryRecord, memoryRecordState } from "../../support/memory-record.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aMigrationConfig } from "../../support/migrate-world.ts";
import { createStart } from "../../support/start-world.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const stack = ["--stack", "prod"];

/** A stack with a migration: commands and record in memory, deploys through a whole driver in memory. */
function aStack(
  overrides: Partial<MigrationConfig> = {},
  version = "1.2.4",
  policy: Partial<EnvironmentPolicy> = {},
) {
  const text = JSON.stringify(aMigrationConfig({ contractAfterSeconds: 0, ...overrides }));
  // The driver in memory serves 1.2.3.
  const migration: MigrationConfig = JSON.parse(text.replaceAll('"1.0.0"', '"1.2.3"'));
  const driver = aDriver({ policy });
  const { start, source } = createStart();
  source.set({ status: "value", approvals: [], authors: [{ source: "github", id: "ada" }], requesters: [] });
  const commands = createMemoryPhaseCommands();
  const state = memoryRecordState();
  const others = memoryRecordState();
  const world: World & { opened: unknown[] } = {
    ...aWorld({ ...driver, deps: { ...driver.deps, start } }, aStackConfig({ migration }, version)),
    openMigration: async (_at, { runtime }) => ({
      record: createMemoryRecord({ runtime, state }),
      commands,
      journalOf: async () => others.entries,
      secrets: [],
    }),
  };
  const run = (...argv: readonly string[]) => cli(["migrate", ...argv, ...stack], { world });
  return { driver, commands, state, others, world, run };
}

describe("migrate without a phase", () => {
  it("shows where it stands, what comes next with its way back, and what to ask", async () => {
    const { run } = aStack({ contractAfterSeconds: 1_209_600, testedIn: ["staging"] });
    const { code, stdout, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toBe(
      [
        "orders-total-cents on prod: start",
        "",
        "  next        expand (Phase 1: Add new column with default value (backward compatible))",
        "    does      run migrate add-column",
        "    way back  run migrate drop-new-column",
        "    tested    not in staging: it has not run there",
        "  contract    336 h after switch-reads",
        "  journal     memory:journal",
        "",
        "  rollouts migrate expand --stack prod  goes on",
        "",
      ].join("\n"),
    );
  });

  it("says from when on contract is accepted, and that it needs a name", async () => {
    const { run } = aStack({ contractAfterSeconds: 1_209_600 });
    for (const phase of ["expand", "dual-write", "backfill", "switch-reads"]) await run(phase);
    const { json } = await run("--json");
    const { since, contract, next, back } = json["data"] as Record<string, unknown>;
    const notBefore = new Date(Date.parse(String(since)) + 14 * 86_400_000).toISOString();
    expect(contract).toEqual({ afterSeconds: 1_209_600, notBefore });
    expect(next).toMatchObject({ phase: "contract", reverse: { reason: "the old column is gone" } });
    expect(back).toEqual({ to: "backfill", actions: ["deploy 2.0.0"] });
    const { stdout } = await run();
    expect(stdout).toContain(`rollouts migrate contract --stack prod --by NAME  from ${notBefore} on`);
    expect(stdout).toContain("    way back  none: the old column is gone");
  });

  it("shows what is under way, and what is frozen, with the thaw", async () => {
    const { run, commands } = aStack({ onFailure: "freeze" });
    await run("expand");
    await run("dual-write");
    commands.answers["migrate backfill"] = ({ report }) => {
      report({ kind: "checkpoint", text: "8000" });
      return failed("npm failed: exit 1", "8000");
    };
    expect((await run("backfill", "--json")).code).toBe(22);
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/under way {2}backfill, 0 of 1 done since \S+, checkpoint 8000; nobody is at it/);
    expect(stdout).toMatch(/frozen {5}since \S+: backfill failed: npm failed: exit 1/);
    expect(stdout).toContain("rollouts migrate backfill --stack prod --thaw --by NAME    goes on");
    expect(stdout).toContain("rollouts migrate dual-write --stack prod --thaw --by NAME  turns around");
  });

  it("says whether a live process is at it", async () => {
    const { run, commands } = aStack();
    let meanwhile = "";
    commands.answers["migrate add-column"] = async () => {
      meanwhile = (await run()).stdout;
      return done;
    };
    await run("expand");
    expect(meanwhile).toMatch(/under way {2}expand, 0 of 1 done since \S+; a live process is at it/);
  });

  it("without a migration in the config: exit 2, and where it is written", async () => {
    const world = aWorld(aDriver());
    const { code, json } = await cli(["migrate", ...stack, "--json"], { world });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "no-migration", path: "rollout.migration" } });
  });
});

describe("migrate", () => {
  it("moves by a phase: the way back first, each action on stderr, where it stands alone on stdout", async () => {
    const { run, commands, world } = aStack();
    commands.answers["migrate add-column"] = ({ report }) => {
      report({ kind: "progress", done: 1, total: 2 });
      return done;
    };
    const { code, stdout, stderr } = await run("expand");
    expect(code).toBe(0);
    expect(stdout).toBe("orders-total-cents is at expand\n  journal  memory:journal\n");
    expect(stderr.replaceAll(/\(\d+ ms\)/g, "(ms)")).toBe(
      [
        "▶ expand: run migrate add-column",
        "  way back: run migrate drop-new-column",
        "· 1 of 1  run migrate add-column",
        "·  1/2",
        "✓ 1 of 1  run migrate add-column (ms)",
        "",
      ].join("\n"),
    );
    // No phase but one that deploys needs an engine.
    expect(world.opened).toEqual([]);
  });

  it("deploys by a whole rollout with its timeline, and says that the config names another version", async () => {
    const { run, driver } = aStack();
    await run("expand");
    const { code, stdout, stderr } = await run("dual-write");
    expect(code).toBe(0);
    expect(driver.world.record()?.stable.version).toBe("2.0.0");
    expect(stderr).toContain("★ promoted");
    expect(stderr).toContain("✓ 1 of 1  2.0.0 was promoted");
    expect(stdout).toContain(
      "Pulumi.prod.yaml names 1.2.4, and `rollouts run` would go there: `pulumi config set version 2.0.0 --stack prod`.",
    );
  });

  it("asks for the approvals that a deploy lacks, and takes the phase back: nothing was touched", async () => {
    const { run, driver } = aStack({}, "1.2.4", { approvals: { required: 1, cab: false, expedited: false } });
    await run("expand");
    const { code, stdout, stderr } = await run("dual-write");
    expect(code).toBe(20);
    expect(stderr).toMatch(/2\.0\.0 blocked, nothing was touched: .*\n {2}plan {5}[0-9a-f]{64}\n/);
    expect(stderr).toMatch(/approve prod 2\.0\.0 plan [0-9a-f]{64}/);
    expect(stdout).toContain("dual-write failed and was taken back, orders-total-cents is at expand");
    expect(driver.world.calls).toEqual([]);
  });

  it("is silent about the config's version where it is right, and before any is brought", async () => {
    const own = aStack({}, "2.0.0");
    await own.run("expand");
    expect((await own.run("dual-write")).stdout).not.toContain("Pulumi.prod.yaml");
    expect((await own.run("expand")).stdout).toContain("set version 1.2.3");
    const other = aStack({}, "1.2.4");
    expect((await other.run("expand")).stdout).not.toContain("Pulumi.prod.yaml");
  });

  it("a phase that was taken back: exit 20, data and the reason beside it", async () => {
    const { run, driver } = aStack();
    await run("expand");
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const { code, json } = await run("dual-write", "--json");
    expect(code).toBe(20);
    expect(json).toMatchObject({
      ok: false,
      data: { outcome: "taken-back", record: { phase: "expand" } },
      error: {
        code: "deploy-failed",
        message: expect.stringMatching(/^dual-write failed and was taken back: 2\.0\.0 was reverted at 20/),
      },
    });
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" }, exposure: 0 });
    driver.world.knobs.errorPercent = () => 0.1;
    expect((await run("dual-write")).code).toBe(20);
    expect((await run("dual-write", "--cause", "mended", "--by", "dana")).code).toBe(0);
  });

  it("frozen: exit 22 until --thaw, which takes a name", async () => {
    const { run, commands } = aStack({ onFailure: "freeze" });
    commands.answers["migrate add-column"] = () => failed("the lock was not had");
    const frozen = await run("expand", "--json");
    expect(frozen.code).toBe(22);
    expect(frozen.json).toMatchObject({ data: { outcome: "frozen" }, error: { code: "migration-frozen" } });
    expect((await run("expand", "--json")).json).toMatchObject({ error: { code: "migration-frozen" } });
    expect((await run("expand")).code).toBe(22);
    expect((await run("--thaw", "--json")).json).toMatchObject({ error: { code: "usage", path: "--by" } });
    const thawed = await run("--thaw", "--by", "dana");
    expect(thawed.code).toBe(0);
    expect(thawed.stderr).toContain("○ dana takes the freeze off: expand failed: the lock was not had");
    expect(thawed.stdout).toContain("no longer frozen");
    commands.answers = {};
    expect((await run("expand")).code).toBe(0);
  });

  it("blocked: exit 23, every stack with what to run there", async () => {
    const { run, commands } = aStack({ testedIn: ["staging"] });
    const { code, stderr } = await run("expand");
    expect(code).toBe(23);
    expect(stderr).toContain("its way back was not tested in staging. (reverse-untested)");
    expect(stderr).toContain("rollouts migrate expand --stack staging");
    expect(commands.calls).toEqual([]);
  });

  it.each([
    ["a skip", "switch-reads", "phase-skipped"],
    ["no phase", "expnd", "phase-unknown"],
  ])("refuses %s: exit 2", async (_, phase, code) => {
    const refused = await aStack().run(phase, "--json");
    expect(refused.code).toBe(2);
    expect(refused.json).toMatchObject({ error: { code } });
  });

  it("contract: exit 2 without --by, and with it no way leads back", async () => {
    const { run } = aStack();
    for (const phase of ["expand", "dual-write", "backfill", "switch-reads"]) await run(phase);
    expect((await run("contract", "--json")).json).toMatchObject({
      error: { code: "by-missing", path: "--by" },
    });
    const { code, stderr } = await run("contract", "--by", "dana");
    expect(code).toBe(0);
    expect(stderr).toContain("no way back: the old column is gone; agreed by dana");
    const back = await run("switch-reads", "--json");
    expect(back.code).toBe(2);
    expect(back.json).toMatchObject({ error: { code: "revert-across-contract" } });
    expect((await run()).stdout).toContain("contract  done: there is no way back");
  });

  it("is refused while another process moves it (24)", async () => {
    const { run, state } = aStack();
    await run("expand");
    const { runtime } = createMemoryRuntime({ start: Date.now() });
    const other = createMemoryRecord({ runtime, state });
    await other.lease.acquire({ holder: "dana@ci pid 7", termMs: 60_000 });
    const { code, json } = await run("dual-write", "--json");
    expect(code).toBe(24);
    expect(json).toMatchObject({
      error: { code: "lease-held", message: expect.stringContaining("dana@ci pid 7") },
    });
  });
});

describe("the ports of a real migration", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "rollouts-migrate-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** The real record and real commands, in a project's folder. */
  function aProject(run: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const { phases } = aMigrationConfig();
    const migration = aMigrationConfig({
      phases: {
        ...phases,
        expand: { forward: [{ kind: "command", run }], reverse: { possible: true, actions: [] } },
      },
    });
    const world: World = {
      ...aWorld(aDriver(), aStackConfig({ migration })),
      openMigration: openMigrationPorts,
    };
    return (...argv: readonly string[]) =>
      cli(["migrate", ...argv, "--stack", "org/atp/prod"], { world, cwd: dir, env });
  }

  it("keep the record below the stack's, and run commands in the project's folder", async () => {
    const run = aProject(
      [process.execPath, "-e", `require("node:fs").writeFileSync("here", process.env.GREETING)`],
      {
        ...process.env,
        GREETING: "hello",
      },
    );
    expect((await run("expand")).code).toBe(0);
    expect(readFileSync(join(dir, "here"), "utf8")).toBe("hello");
    const journal = join(dir, ".rollouts/org/atp/prod/migration/journal.jsonl");
    expect(readFileSync(journal, "utf8")).toContain('"settled"');
    expect(readFileSync(journal, "utf8")).toContain('"prev":"rollouts-journal/1 atp/prod/migration"');
    expect((await run()).stdout).toContain("orders-total-cents on org/atp/prod: expand since ");
  });

  it("mask what the environment keeps secret, in the journal as in what is printed", async () => {
    const run = aProject(
      [
        process.execPath,
        "-e",
        "console.error(process.env.DATABASE_URL + process.env.SHOP_API_TOKEN); process.exit(1)",
      ],
      {
        ...process.env,
        DATABASE_URL: "postgres://atp:pl%40nted@127.0.0.1/orders",
        SHOP_API_TOKEN: "planted-token",
      },
    );
    const { code, stdout, stderr } = await run("expand", "--json");
    expect(code).toBe(20);
    const journal = readFileSync(join(dir, ".rollouts/org/atp/prod/migration/journal.jsonl"), "utf8");
    for (const text of [stdout, stderr, journal]) {
      expect(text).toContain("postgres://atp:[secret]@127.0.0.1/orders[secret]");
      expect(text).not.toMatch(/pl%40nted|pl@nted|planted-token/);
    }
  });

  it("know secrets by their names and URLs by their passwords; a short word is none", () => {
    const env = {
      DB_PASSWORD: "long-enough",
      USE_TOKENS: "true",
      HOME: "/home/ci",
      QUEUE: "amqp://ci:p%40ss@host/",
      BROKEN: "http://a:%E0%A4%A@b",
    };
    expect(secretsIn(env)).toEqual(["long-enough", "p%40ss", "p@ss", "%E0%A4%A"]);
  });
});

describe("run beside a migration", () => {
  const runs = (stack: ReturnType<typeof aStack>) =>
    cli(["run", ...["--stack", "prod"]], { world: stack.world });

  it("refuses the migration's own versions but the one that it stands at, before anything is opened", async () => {
    const stack = aStack({}, "2.0.0");
    const { code, stderr } = await runs(stack);
    expect(code).toBe(23);
    expect(stderr).toContain(
      "2.0.0 doesn't fit the schema: orders-total-cents is at start, where 1.2.3 belongs",
    );
    expect(stack.driver.world.calls).toEqual([]);
    await stack.run("expand");
    await stack.run("dual-write");
    expect((await runs(aStackAt(stack, "1.2.3"))).code).toBe(23);
    expect((await runs(aStackAt(stack, "2.0.0"))).code).toBe(0);
  });

  it("lets a version through that the migration doesn't name: a fix of the one in service", async () => {
    const stack = aStack({}, "1.2.4");
    expect((await runs(stack)).code).toBe(0);
  });
});

/** The same stack with another version in its config. */
function aStackAt(stack: ReturnType<typeof aStack>, version: string): ReturnType<typeof aStack> {
  const loadConfig: World["loadConfig"] = async (at) => ({ ...(await stack.world.loadConfig(at)), version });
  return { ...stack, world: { ...stack.world, loadConfig } };
}
