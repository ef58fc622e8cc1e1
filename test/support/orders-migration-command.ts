import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/**
 * The commands of the migration in test/integration/migration-postgres.test.ts, as a team would write them: repeatable,
 * in short transactions, with a lock time-out so that a change of the table never queues up in front of its users.
 * The database is in `DATABASE_URL`. `DIE_AT`: the backfill kills itself once it has passed that id. `STALL_AT`: it stays
 * there, and goes on talking, so that it notices where nobody reads it any more.
 */
const changes: Readonly<Record<string, string>> = {
  "add-column": "ALTER TABLE orders ADD COLUMN IF NOT EXISTS total_cents bigint",
  "drop-new-column": "ALTER TABLE orders DROP COLUMN IF EXISTS total_cents",
  relax: "ALTER TABLE orders ALTER COLUMN total DROP NOT NULL",
  "drop-column": "ALTER TABLE orders DROP COLUMN IF EXISTS total",
};
const batch = 500;

const client = new pg.Client({ connectionString: process.env["DATABASE_URL"], application_name: "migrate" });
await client.connect();
try {
  const [what = ""] = process.argv.slice(2);
  const change = changes[what];
  if (change !== undefined) await alter(change);
  else if (what === "backfill") await backfill();
  else throw new Error(`there is no command ${what}`);
} finally {
  await client.end();
}

async function alter(change: string): Promise<void> {
  await client.query("SET lock_timeout = '250ms'");
  for (let tries = 1; ; tries += 1) {
    try {
      await client.query(change);
      return;
    } catch (error) {
      const lockNotAvailable = error instanceof pg.DatabaseError && error.code === "55P03";
      if (!lockNotAvailable || tries === 20) throw error;
    }
  }
}

/** Not only where nothing stands: after a way back over dual-write, what stands there may be old. */
async function backfill(): Promise<void> {
  const { rows } = await client.query("SELECT coalesce(max(id), 0)::int AS last FROM orders");
  const last: number = rows[0]?.last ?? 0;
  for (let done = Number(process.env["CHECKPOINT"] ?? 0); done < last; ) {
    const next = Math.min(done + batch, last);
    await client.query(
      `UPDATE orders SET total_cents = (total * 100)::bigint
       WHERE id > $1 AND id <= $2 AND total_cents IS DISTINCT FROM (total * 100)::bigint`,
      [done, next],
    );
    done = next;
    await say(`${done}/${last}\ncheckpoint: ${done}\n`);
    while (done === Number(process.env["STALL_AT"])) await say("waiting\n").then(() => sleep(50));
    if (done >= Number(process.env["DIE_AT"] ?? Number.POSITIVE_INFINITY))
      process.kill(process.pid, "SIGKILL");
  }
}

/** On a pipe a write may be later than the end of the process. */
function say(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
