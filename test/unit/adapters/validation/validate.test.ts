import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { commandCheck } from "../../../../src/adapters/validation/check-command.ts";
import { passwordsIn } from "../../../../src/adapters/validation/check-postgres.ts";
import { checksOf } from "../../../../src/adapters/validation/checks.ts";
import { type Check, runChecks } from "../../../../src/adapters/validation/run-checks.ts";
import { wallClock } from "../../../../src/lib/wall-clock.ts";
import { armAddress, armToken } from "../../../../src/sandbox/arm/server.ts";
import type { ValidateConfig } from "../../../../src/types/slots.ts";
import { closedPort } from "../../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";
import { credential, type SlotsWorld, startSlotsWorld } from "../slots/slots-world.ts";

const open = new Set<SlotsWorld>();
afterEach(async () => {
  for (const { server } of open) await server.close();
  open.clear();
});

const node = process.execPath;

/** A world where everything that can be validated is well. */
async function healthy(): Promise<{ world: SlotsWorld; config: ValidateConfig }> {
  const world = await startSlotsWorld();
  open.add(world);
  world.server.queues["ingest"] = "Active";
  world.server.secrets["db"] = "planted-vault-secret";
  return {
    world,
    config: {
      healthPath: "/health/live",
      readyPath: "/health/ready",
      timeoutSeconds: 10,
      smokeTimeoutSeconds: 300,
      smoke: [node, "-e", "process.stdout.write('smoked ' + process.env.VALIDATE_URL)"],
      serviceBus: { namespace: "atp-bus", queue: "ingest" },
      keyVault: { url: world.server.vaultUrl, secret: "db" },
    },
  };
}

async function validate({ server, runtime }: SlotsWorld, config: ValidateConfig) {
  const { checks, secrets } = checksOf({
    config,
    place: armAddress,
    baseUrl: `https://${server.hosts.idle}`,
    openCredential: async () => credential,
    runtime: { ...runtime, wall: wallClock },
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] },
    endpoint: server.endpoint,
  });
  return runChecks({ checks, secrets, runtime: { wall: wallClock } });
}

describe("the validation of a slot", () => {
  it("passes where every check does, and reports each", async () => {
    const { world, config } = await healthy();
    const { ok, results } = await validate(world, config);
    expect(results.map(({ name, ok, message }) => [name, ok, message])).toEqual([
      ["health", true, "GET /health/live answered 200"],
      ["ready", true, "GET /health/ready answered 200"],
      ["smoke", true, `exit 0: smoked https://${world.server.hosts.idle}`],
      ["service-bus", true, "queue ingest of atp-bus is active"],
      ["key-vault", true, "secret db is readable"],
    ]);
    expect(ok).toBe(true);
    for (const { ms } of results) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, string, (world: SlotsWorld) => void, Partial<ValidateConfig>, string]>([
    [
      "health",
      "answers 503",
      ({ server }) => Object.assign(server.model.builds, { "1.2.4": { live: 503 } }),
      {},
      "GET /health/live answered 503",
    ],
    [
      "ready",
      "answers 500",
      ({ server }) => Object.assign(server.model.builds, { "1.2.4": { ready: 500 } }),
      {},
      "GET /health/ready answered 500",
    ],
    [
      "smoke",
      "ends with 3",
      () => {},
      { smoke: [node, "-e", "console.log('no login'); process.exit(3)"] },
      "exit 3: no login",
    ],
    ["smoke", "isn't there", () => {}, { smoke: ["/nowhere/smoke"] }, "/nowhere/smoke can't be started"],
    [
      "service-bus",
      "doesn't exist",
      ({ server }) => void delete server.queues["ingest"],
      {},
      "does not exist NotFound",
    ],
    [
      "service-bus",
      "is disabled",
      ({ server }) => Object.assign(server.queues, { ingest: "Disabled" }),
      {},
      "is Disabled",
    ],
    [
      "key-vault",
      "doesn't exist",
      ({ server }) => void delete server.secrets["db"],
      {},
      "does not exist NotFound",
    ],
    ["key-vault", "is empty", ({ server }) => Object.assign(server.secrets, { db: "" }), {}, "has no value"],
  ])("fails where %s %s, and runs all the others", async (name, _what, arrange, more, message) => {
    const { world, config } = await healthy();
    arrange(world);
    const { ok, results } = await validate(world, { ...config, ...more });
    expect(ok).toBe(false);
    expect(results.filter((result) => !result.ok).map((result) => result.name)).toEqual([name]);
    expect(results.find((result) => result.name === name)?.message).toContain(message);
    expect(results).toHaveLength(5);
  });

  it("fails where the database doesn't answer, without its password", async () => {
    const { world, config } = await healthy();
    const postgres = `postgresql://atp:planted-p%40ss@127.0.0.1:${closedPort}/atp`;
    const { results } = await validate(world, { ...config, postgres });
    const result = results.find(({ name }) => name === "postgres");
    expect(result).toMatchObject({ ok: false });
    expect(result?.message).toContain("ECONNREFUSED");
    expect(JSON.stringify(results)).not.toContain("planted");
  });

  it("shows no secret, whatever a check writes", async () => {
    const { world, config } = await healthy();
    const postgres = `postgresql://atp:planted-p%40ss@127.0.0.1:${closedPort}/atp`;
    const smoke = [
      node,
      "-e",
      `console.log(${JSON.stringify(`using ${postgres} with planted-p@ss`)}); process.exit(1)`,
    ];
    const { results } = await validate(world, { ...config, postgres, smoke });
    const text = JSON.stringify(results);
    expect(text).toContain("using [secret] with [secret]");
    for (const secret of ["planted", armToken]) expect(text).not.toContain(secret);
  });

  it("shows no half of a secret where it cuts a long output", async () => {
    const { world, config } = await healthy();
    const password = "planted-".repeat(90);
    const postgres = `postgresql://atp:${password}@127.0.0.1:${closedPort}/atp`;
    const smoke = [node, "-e", `console.log(${JSON.stringify(`${password} end`)}); process.exitCode = 1`];
    const { results } = await validate(world, { ...config, postgres, smoke });
    expect(results.find(({ name }) => name === "smoke")?.message).toBe("exit 1: [secret] end");
  });

  it("is not ok without a check: nothing was proved", async () => {
    expect(await runChecks({ checks: [], secrets: [], runtime: { wall: wallClock } })).toEqual({
      ok: false,
      results: [],
    });
  });

  it("gives each check its own time, and lets none hold up the report", async () => {
    const { runtime, wall } = createMemoryRuntime();
    const ends: string[] = [];
    const never = (name: string, timeoutMs: number): Check => ({
      name,
      timeoutMs,
      run: (signal) => new Promise(() => signal.addEventListener("abort", () => ends.push(name))),
    });
    const quick: Check = { name: "quick", timeoutMs: 1000, run: async () => "well" };
    const report = runChecks({
      checks: [never("a", 1000), quick, never("b", 5000)],
      secrets: [],
      runtime,
    });
    await until(() => wall.sleepers() === 2);
    await wall.advance(1000);
    await until(() => ends.length === 1);
    expect(ends).toEqual(["a"]);
    await wall.advance(4000);
    expect((await report).results).toEqual([
      { name: "a", ok: false, ms: 1000, message: "no result within 1 s" },
      { name: "quick", ok: true, ms: 0, message: "well" },
      { name: "b", ok: false, ms: 5000, message: "no result within 5 s" },
    ]);
  });

  it("ends as failed when it is cancelled", async () => {
    const { runtime } = createMemoryRuntime();
    const stop = new AbortController();
    const check: Check = { name: "a", timeoutMs: 1000, run: () => new Promise(() => {}) };
    const report = runChecks({ checks: [check], secrets: [], runtime, signal: stop.signal });
    stop.abort();
    expect((await report).results).toMatchObject([{ ok: false, message: "cancelled" }]);
  });
});

describe("a smoke command", () => {
  it("ends with everything that it started when its time is over", async () => {
    const dir = mkdtempSync(join(tmpdir(), "rollouts-smoke-"));
    const mark = join(dir, "still-here");
    // A grandchild that would leave its mark, had it lived on.
    const late = `setTimeout(() => require('fs').writeFileSync(${JSON.stringify(mark)}, ''), 1500)`;
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(late)}]); setInterval(() => {}, 1000)`;
    const check = commandCheck({
      name: "smoke",
      command: [node, "-e", script],
      cwd: dir,
      env: {},
      idleUrl: "https://slot",
      timeoutMs: 500,
    });
    const { results } = await runChecks({ checks: [check], secrets: [], runtime: { wall: wallClock } });
    expect(results).toMatchObject([{ ok: false, message: "no result within 0.5 s" }]);
    await sleep(1700);
    expect(existsSync(mark)).toBe(false);
    rmSync(dir, { recursive: true });
  });

  it("keeps the end of a long output", async () => {
    const script = "for (let i = 0; i < 1e5; i++) console.log('line ' + i); process.exitCode = 1";
    const check = commandCheck({
      name: "smoke",
      command: [node, "-e", script],
      cwd: tmpdir(),
      env: {},
      idleUrl: "https://slot",
      timeoutMs: 15_000,
    });
    const { results } = await runChecks({ checks: [check], secrets: [], runtime: { wall: wallClock } });
    expect(results[0]?.message).toContain("line 99999");
    expect(results[0]?.message.length).toBeLessThan(500);
  });
});

describe("passwords in a connection string", () => {
  it.each([
    ["postgresql://u:p%40ss@h/db", ["p%40ss", "p@ss"]],
    ["postgresql://u@h/db", []],
    ["host=h password=x", ["host=h password=x"]],
  ])("%s", (text, found) => {
    expect(passwordsIn(text)).toEqual(found);
  });
});
