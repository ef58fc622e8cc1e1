import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type PhaseRun, runPhaseCommand } from "../../src/adapters/migration/command-phase.ts";
import type { PhaseReport } from "../../src/adapters/migration/phase-output.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import { nextPhase } from "../../src/plan/migration.ts";
import {
  actionDone,
  checkpointed,
  migrationRecordSchema,
  startRecord,
} from "../../src/plan/migration-record.ts";
import { migrationIssues } from "../../src/plan/migration-rules.ts";
import type { Migration, MigrationPosition, MigrationRecord } from "../../src/types/migration.ts";
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
beforeEach(async () => {
  await pool.query("DROP TABLE IF EXISTS orders");
  await pool.query(
    "CREATE TABLE orders (id int PRIMARY KEY, total numeric(12, 2) NOT NULL, written_by text NOT NULL)",
  );
  await pool.query(
    `INSERT INTO orders SELECT id, id / 100.0, 'seed' FROM generate_series(1, ${orders}) AS id`,
  );
});

/** The guide's migration with commands that are there. */
function migrationOfOrders(): Migration {
  const script = join(import.meta.dirname, "../support/orders-migration-command.ts");
  const text = JSON.stringify(aMigration()).replaceAll(
    '["migrate"',
    `[${JSON.stringify(process.execPath)},${JSON.stringify(script)}`,
  );
  return JSON.parse(text);
}

/** What a driver will do: store what is meant, do it, store what is done. */
function mover(app: OrdersApp) {
  const migration = migrationOfOrders();
  let stored = JSON.stringify(startRecord(migration, Date.now()));
  let laterMs = 0;
  const now = () => Date.now() + laterMs;
  const load = () => migrationRecordSchema.parse(JSON.parse(stored));
  const store = (record: MigrationRecord) => {
    stored = JSON.stringify(record);
  };
  const ask = (asked: MigrationPosition) => nextPhase(load(), { migration, asked, now: now() });
  return {
    migration,
    load,
    ask,
    pass: (ms: number) => {
      laterMs += ms;
    },
    /** The failure of a command, or nothing. */
    move: async (asked: MigrationPosition, env: NodeJS.ProcessEnv = {}) => {
      const next = ask(asked);
      if (!next.ok) throw new Error(next.message);
      store(next.record);
      const reports: PhaseReport[] = [];
      let { checkpoint } = next;
      for (const action of next.actions) {
        if (action.kind === "deploy") await app.deploy(action.version);
        else {
          const run: PhaseRun = await runPhaseCommand({
            run: action.run,
            runtime: { wall: wallClock },
            checkpoint,
            timeoutMs: 30_000,
            env: { ...process.env, ...env, DATABASE_URL: postgres.url },
            secrets: [postgres.password],
            report: (report) => {
              reports.push(report);
              if (report.kind === "checkpoint") store(checkpointed(load(), report.text));
            },
          });
          if (!run.ok) return { failure: run, reports };
        }
        checkpoint = undefined;
        store(actionDone(load(), now()));
      }
      return { reports };
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
    const { migration, move, ask, load, pass } = mover(app);
    expect(migrationIssues(migration)).toEqual([]);
    const to = async (position: MigrationPosition, requests: number) => {
      const { failure } = await move(position);
      expect(failure).toBeUndefined();
      expect(load()).toMatchObject({ phase: position });
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
    const died = await move("backfill", { DIE_AT: "8000" });
    expect(died.failure).toMatchObject({ code: "phase-command-failed", exitCode: null, checkpoint: "8000" });
    expect(load()).toMatchObject({
      phase: "dual-write",
      underway: { phase: "backfill", checkpoint: "8000" },
    });
    const resumed = await move("backfill");
    expect(resumed.failure).toBeUndefined();
    expect(resumed.reports[0]).toMatchObject({ kind: "progress", done: 8500 });
    await to("backfill", long);
    await to("dual-write", short);
    await to("backfill", short);

    await to("switch-reads", long);
    await to("backfill", short);
    await to("switch-reads", short);

    expect(ask("contract")).toMatchObject({ ok: false, code: "contract-early" });
    pass(migration.contractAfterSeconds * 1000);
    await to("contract", long);
    expect(ask("switch-reads")).toMatchObject({ ok: false, code: "revert-across-contract" });
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
