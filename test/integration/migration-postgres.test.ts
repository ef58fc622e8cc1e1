import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { createPhaseCommands } from "../../src/adapters/migration/command-phase.ts";
import { createFileRecord } from "../../src/adapters/record/file-record.ts";
import { type MigrateOptions, migrate } from "../../src/driver/migrate.ts";
import type { MigrateDeps } from "../../src/driver/migrate-session.ts";
import { migrationIssues } from "../../src/lib/migration-rules.ts";
import type { Runtime } from "../../src/lib/runtime.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import { recordIn } from "../../src/plan/migration-journal.ts";
import type { Migration, MigrationPosition } from "../../src/types/migration.ts";
import type { MigrationConfig } from "../../src/types/migration-config.ts";
import { createMemoryRuntime, until } from "../support/memory-runtime.ts";
import { aMigration } from "../support/migrations.ts";
import { type OrdersApp, startOrdersApp } from "../support/orders-app.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

const orders = 20_000;
const perSecond = 200;
/** About 3 s of requests after each phase, half of it after a way back and what follows it. */
const long = 3 * perSecond;
const short = long / 2;

let postgres: Postgres;
let pool: pg.Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = new pg.Pool({ connectionString: postgres.url, max: 10, query_timeout: 5_000 });
});
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollouts-migrate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await pool.query("DROP TABLE IF EXISTS orders");
  await pool.query(
    "CREATE TABLE orders (id int PRIMARY KEY, total numeric(12, 2) NOT NULL, written_by text NOT NULL)",
  );
  await pool.query(
    `INSERT INTO orders SELECT id, id / 100.0, 'seed' FROM generate_series(1, ${orders}) AS id`,
  );
});

const script = join(import.meta.dirname, "../support/orders-migration-command.ts");

/** The guide's migration with commands that are there. */
function migrationOfOrders(): Migration {
  const text = JSON.stringify(aMigration()).replaceAll(
    '["migrate"',
    `[${JSON.stringify(process.execPath)},${JSON.stringify(script)}`,
  );
  return JSON.parse(text);
}

/** The driver over a real record and real commands; a version is the application's. Every call is a driver of its own. */
function mover(app: OrdersApp) {
  const migration: MigrationConfig = {
    ...migrationOfOrders(),
    // So that a backfill that died goes on from its checkpoint, once somebody has looked.
    onFailure: "freeze",
    testedIn: [],
    testedWithinSeconds: 86_400,
  };
  const dir = join(folder, "record");
  let laterMs = 0;
  const runtime: Runtime = {
    ...createMemoryRuntime().runtime,
    wall: wallClock,
    clock: { now: () => Date.now() + laterMs, sleep: wallClock.sleep },
  };
  const entries = () => createFileRecord({ dir, runtime }).journal.read();
  const move = async (
    asked: MigrationPosition,
    { env = {}, ...options }: Partial<MigrateOptions> & { readonly env?: NodeJS.ProcessEnv } = {},
  ) => {
    const deps: MigrateDeps = {
      migration,
      stack: "prod",
      record: createFileRecord({ dir, runtime }),
      leaseSeconds: 30,
      commands: createPhaseCommands({
        runtime,
        cwd: folder,
        env: { ...process.env, ...env, DATABASE_URL: postgres.url },
        secrets: [postgres.password],
      }),
      deploy: async ({ version }) => {
        await app.deploy(version);
        return { how: "done", message: `${version} serves` };
      },
      journalOf: async () => [],
      runtime,
      secrets: [postgres.password],
    };
    return await migrate(deps, { holder: "test", asked, ...options });
  };
  return {
    migration,
    move,
    entries,
    load: async () => recordIn(await entries()),
    pass: (ms: number) => {
      laterMs += ms;
    },
  };
}

async function count(where: string): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*)::int AS rows FROM orders WHERE ${where}`);
  return rows[0].rows;
}
const apart = "total_cents IS DISTINCT FROM (total * 100)::bigint";

async function columns(): Promise<readonly string[]> {
  const { rows } = await pool.query(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** What has to hold in the database where the migration stands, whatever way it came there. */
async function holdsAt(position: MigrationPosition): Promise<void> {
  const old = position === "contract" ? [] : ["total"];
  const added = position === "start" ? [] : ["total_cents"];
  expect(await columns(), position).toEqual(["id", ...old, ...added, "written_by"]);
  if (position === "dual-write") {
    expect(await count(`written_by = '2.0.0' AND ${apart}`)).toBe(0);
  }
  if (position === "backfill" || position === "switch-reads") expect(await count(apart), position).toBe(0);
}

test("five phases forward, and back over each of the first four, under 200 requests a second and without an error", async () => {
  const app = startOrdersApp({ pool, orders, perSecond });
  try {
    const { migration, move, load, pass, entries } = mover(app);
    expect(migrationIssues(migration)).toEqual([]);
    const to = async (position: MigrationPosition, requests: number, by = "dana") => {
      const there = (await load())?.phase === position;
      expect(await move(position, { by })).toMatchObject({ outcome: there ? "nothing-to-do" : "done" });
      expect(await load()).toMatchObject({ phase: position });
      await holdsAt(position);
      await app.served(requests);
      await holdsAt(position);
      // Only now: right after its deploy a version may have written nothing yet.
      if (position === "dual-write") expect(await count(`written_by = '2.0.0'`)).toBeGreaterThan(0);
      expect(app.errors).toEqual([]);
    };
    await app.served(short);
    for (const [phase, before] of [
      ["expand", "start"],
      ["dual-write", "expand"],
    ] as const) {
      await to(phase, long);
      await to(before, short);
      if (before === "expand") {
        // Written on both sides, then by 1.0.0 on one: what a backfill of empty rows alone would leave wrong.
        expect(await count(`total_cents IS NOT NULL AND ${apart}`)).toBeGreaterThan(0);
      }
      await to(phase, short);
    }

    expect(await count(apart)).toBeGreaterThan(orders / 2);
    const died = await move("backfill", { env: { DIE_AT: "8000" } });
    expect(died).toMatchObject({
      outcome: "frozen",
      failure: { code: "migration-frozen", message: expect.stringContaining("it was killed (at 8000/") },
    });
    expect(await load()).toMatchObject({
      phase: "dual-write",
      underway: { phase: "backfill", checkpoint: "8000" },
    });
    expect(await move("backfill", { thaw: true, by: "dana" })).toMatchObject({ outcome: "done" });
    const told = await entries();
    const resumed = told.slice(told.findLastIndex(({ kind }) => kind === "begin") + 1);
    expect(resumed[0]).toMatchObject({ kind: "intent", data: { checkpoint: "8000" } });
    expect(resumed[1]).toMatchObject({
      kind: "observed",
      data: { progress: expect.stringMatching(/^8500\//) },
    });
    await to("backfill", long);
    await to("dual-write", short);
    await to("backfill", short);

    await to("switch-reads", long);
    await to("backfill", short);
    await to("switch-reads", short);

    await expect(move("contract", { by: "dana" })).rejects.toMatchObject({ code: "contract-early" });
    pass(migration.contractAfterSeconds * 1000);
    await to("contract", long);
    await expect(move("switch-reads")).rejects.toMatchObject({ code: "revert-across-contract" });
    expect(JSON.stringify(await entries())).not.toContain(postgres.password);
  } finally {
    expect(await app.stop()).toBeGreaterThan(perSecond * 0.95);
  }
  expect(app.errors).toEqual([]);
  const { rows } = await pool.query("SELECT id, total_cents::int AS cents FROM orders ORDER BY id");
  expect(rows.length).toBeGreaterThan(orders);
  expect(rows.filter(({ id, cents }) => cents !== (app.written.get(id) ?? id))).toEqual([]);
});

test("the load notices reads that are switched before the backfill", async () => {
  const app = startOrdersApp({ pool, orders, perSecond });
  const { move } = mover(app);
  await move("expand");
  await app.deploy("3.0.0");
  await app.served(perSecond / 2);
  await app.stop();
  expect(app.errors[0]).toMatch(/^3\.0\.0 reads null for \d+, where \d+ belongs$/);
});

/** A project whose migration needs no engine, as nothing in it deploys before contract; `rollouts` as a user calls it. */
function aProject() {
  const command = (what: string) => [{ run: [process.execPath, script, what] }];
  const noDeploy = { do: [{ run: [process.execPath, "-e", ""] }], undo: [] };
  const migration = {
    id: "orders-total-cents",
    phases: {
      expand: { do: command("add-column"), undo: command("drop-new-column") },
      "dual-write": noDeploy,
      backfill: { do: command("backfill"), undo: [] },
      "switch-reads": noDeploy,
      contract: {
        do: [{ deploy: "4.0.0" }, ...command("drop-column")],
        irreversible: "it drops the old column",
      },
    },
  };
  const config = { "orders:rollout": { preset: "development", service: "orders", migration } };
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    stringify({ name: "orders", runtime: "nodejs", main: "index.ts" }),
  );
  writeFileSync(join(folder, "Pulumi.dev.yaml"), stringify({ config }));
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const child = spawn(process.execPath, [main, "migrate", ...args, "--stack", "dev"], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", DATABASE_URL: postgres.url, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (said.stdout += data));
    child.stderr.on("data", (data) => (said.stderr += data));
    return { child, ended: once(child, "close").then(([code]) => ({ code, ...said })) };
  };
  const record = createFileRecord({
    dir: join(folder, ".rollouts/dev/migration"),
    runtime: createMemoryRuntime().runtime,
  });
  return {
    start,
    run: (...args: readonly string[]) => start(args).ended,
    entries: () => record.journal.read(),
  };
}

test("a driver that is killed amid the backfill: the next one goes on from its checkpoint, and the old command ends", async () => {
  const { start, run, entries } = aProject();
  for (const phase of ["expand", "dual-write"]) expect(await run(phase)).toMatchObject({ code: 0 });
  const killed = start(["backfill"], { STALL_AT: "8000" });
  await until(async () => recordIn(await entries())?.underway?.checkpoint === "8000", 60_000);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect((await run()).stdout).toMatch(
    /under way {2}backfill, 0 of 1 done since \S+, checkpoint 8000; nobody is at it/,
  );
  const resumed = await run("backfill");
  expect(resumed).toMatchObject({ code: 0 });
  expect(resumed.stderr).toMatch(/^▶ backfill, taken up: .*; it was cut off amid: run /);
  expect(resumed.stderr).toMatch(/^· {2}8500\//m);
  expect(recordIn(await entries())).toMatchObject({ phase: "backfill" });
  expect(await count(apart)).toBe(0);
  const text = `${JSON.stringify(await entries())}${resumed.stdout}${resumed.stderr}`;
  expect(text).not.toContain(postgres.password);
  const connected = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'migrate'";
  await until(async () => (await pool.query(connected)).rowCount === 0, 20_000);
});
