import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passwordsIn, postgresCheck } from "../../src/adapters/validation/check-postgres.ts";
import { runChecks } from "../../src/adapters/validation/run-checks.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

async function validate(connectionString: string) {
  const check = postgresCheck({ name: "postgres", connectionString, timeoutMs: 5000 });
  const secrets = [connectionString, ...passwordsIn(connectionString)];
  return await runChecks({ checks: [check], runtime: { wall: wallClock }, secrets });
}

describe("the database check, on a real PostgreSQL", () => {
  test("passes where SELECT 1 answers", async () => {
    const { ok, results } = await validate(postgres.url);
    expect({ ok, results }).toMatchObject({
      ok: true,
      results: [{ name: "postgres", message: "SELECT 1 answered" }],
    });
  });

  test.each([
    [
      "the password is wrong",
      (url: string) => url.replace("planted", "wrong"),
      "password authentication failed",
    ],
    [
      "there is no such database",
      (url: string) => url.replace(/\/postgres$/, "/nowhere"),
      '"nowhere" does not exist',
    ],
    ["nothing listens there", (url: string) => url.replace(/:\d+\//, ":1/"), "ECONNREFUSED"],
  ])("fails where %s, without a secret in the message", async (_what, change, message) => {
    const { ok, results } = await validate(change(postgres.url));
    expect(ok).toBe(false);
    expect(results[0]?.message).toContain(message);
    expect(results[0]?.message).not.toContain("p@ss");
    expect(results[0]?.message).not.toContain("p%40ss");
  });
});
