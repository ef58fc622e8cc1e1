import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { renderOutcome } from "../../../src/cli/render/outcome.ts";
import { createTimeline } from "../../../src/cli/render/timeline.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { aDriver } from "../../support/drive.ts";
import { alone, aStack, beside, type Driver } from "../../support/flag-cli.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const dir = mkdtempSync(join(tmpdir(), "rollouts-flag-words-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** A rollout's timeline and outcome; messages and wall times apart. */
async function told(driver: Driver): Promise<string> {
  const outcome = await driver.run();
  const timeline = createTimeline({ color: false });
  const lines = driver.entries().flatMap((entry) => timeline(entry) ?? []);
  const text = `${lines.join("\n")}\n\n${renderOutcome(outcome, { color: false })}\n`;
  return text
    .split("\n")
    .filter((line) => !line.includes("✉ message"))
    .join("\n")
    .replaceAll(/\d+(\.\d)? m?s after the verdict/g, "T after the verdict")
    .replaceAll(/(off|restored) after \d+(\.\d)? m?s/g, "$1 after T")
    .replaceAll(/ (in|\(update) \d+ ms/g, " $1 T");
}

describe("a rollout with a flag in words", () => {
  it.each([
    ["beside", beside, "25 % of tenants"],
    ["alone", alone, "25 %"],
  ])("%s: promoted, and taken back in a phase", async (name, policy, label) => {
    const tenants = [
      { id: "tenant-beta-001", requests: 10 },
      { id: "tenant-0003", requests: 30 },
    ];
    const withTenants = (driver: Driver) => {
      const { flag } = driver.deps;
      if (flag !== undefined) Object.assign(driver.deps, { flag: { ...flag, tenants } });
      return driver;
    };
    const promoted = await told(withTenants(aDriver({ policy })));
    await expect(promoted).toMatchFileSnapshot(`../../golden/cli/timeline-flag-${name}.txt`);
    const failing = withTenants(aDriver({ policy }));
    if (failing.world.flag) failing.world.flag.knobs.errorPercent = (exposure) => (exposure === 25 ? 9 : 0.1);
    const reverted = await told(failing);
    await expect(reverted).toMatchFileSnapshot(`../../golden/cli/timeline-flag-${name}-revert.txt`);
    expect(reverted).toContain(`1.2.4 reverted at ${label}: `);
    // A phase of the named tenants is no share.
    expect(promoted + reverted).not.toContain("0.5");
  });

  it("a canary that fails goes back as one, whatever flag comes behind it", async () => {
    const driver = aDriver({ policy: beside });
    driver.world.knobs.errorPercent = (exposure) => (exposure === 20 ? 9 : 0.1);
    const text = await told(driver);
    expect(text).toContain("◀ turning back      to 1.2.3");
    expect(text).toContain("atp-ingestion serves 1.2.3, as before");
    expect(text).toContain("  traffic  off after T (objective: 1 min)");
  });

  it("status names the phase, what it waits for, and what it went through", async () => {
    const { driver, run } = aStack(beside);
    await driver.run({ stopAfter: "flag-beta" });
    const { stdout } = await run(["status", "--stack", "prod"]);
    expect(stdout).toMatch(/state +held at beta, since/);
    expect(stdout).toContain("20 → 100 → beta %");
    expect(stdout).not.toContain("0.5");
  });

  it("status tells of an emergency, and what became of the stack", async () => {
    const { driver, run } = aStack(beside);
    await driver.run();
    await run(["flag", "off", "--stack", "prod", "--by", "dana", "--reason", "broken hashes"]);
    const { stdout } = await run(["status", "--stack", "prod"]);
    expect(stdout).toMatch(/flag +AuditTrail\S+ off .* by dana: broken hashes; the stack has it off too/);
  });

  it("a phase under way waits for the applications, not for a route", async () => {
    const { driver, run } = aStack(beside);
    let seen = "";
    const { lever } = driver.deps.flag ?? expect.unreachable();
    const read: typeof lever.read = async (signal) => {
      const { step, data } = driver.entries().at(-1) ?? expect.unreachable();
      if (Object(data["decision"]).to === "confirming" && step === "flag-25")
        seen ||= (await run(["status", "--stack", "prod"])).stdout;
      return await lever.read(signal);
    };
    Object.assign(driver.deps.flag ?? {}, { lever: { ...lever, read } });
    await driver.run();
    expect(seen).toContain("every application to read the flag (every 5 s)");
  });

  it("an abort that a live driver answers says that the flag is off", async () => {
    const { driver, run } = aStack(alone);
    await driver.run({ stopAfter: "25" });
    const { stdout } = await run(["abort", "--stack", "prod"]);
    expect(stdout).toContain("1.2.4 reverted at 25 %");
    expect(stdout).toMatch(/ {2}flag +AuditTrail\.NewTamperProofAlgorithm: off after/);
  });
});

describe("a plan that opens a flag", () => {
  const written = {
    preset: "production",
    service: "atp-ingestion",
    strategy: "feature-flag",
    metrics: {
      kind: "prometheus",
      url: "http://prometheus:9090",
      cohort: { label: "version", stable: "stable", candidate: "canary" },
    },
    health: { kind: "http", candidate: ["http://c/ready"], stable: ["http://s/ready"] },
    lever: { kind: "http-route", namespace: "atp-prod" },
    watch: Object.fromEntries(
      ["dbPool", "queue", "memory"].map((name) => [name, { kind: "none", reason: "a test" }]),
    ),
    flag: {
      id: "AuditTrail.NewTamperProofAlgorithm",
      endpoint: "https://atp-prod.azconfig.io",
      beta: { users: ["tenant-beta-001"] },
      tenants: "tenants.json",
    },
  };
  const planned = async (more: object = {}, words: readonly string[] = []) => {
    const flag = { ...written.flag, ...more };
    const policy = normalizeOrThrow({ written: { ...written, flag }, stack: "prod" });
    const world = aWorld(aDriver(), { ...aStackConfig(), policy });
    return await cli(["plan", "--stack", "prod", ...words], { world, cwd: dir });
  };
  const tenants = (count: number) =>
    JSON.stringify([
      { id: "tenant-beta-001", requests: 5 },
      ...Array.from({ length: count }, (_, index) => ({ id: `tenant-${index}`, requests: index % 7 })),
    ]);

  it("shows each phase with who enters, the refresh and the objective", async () => {
    writeFileSync(join(dir, "tenants.json"), tenants(200));
    const { code, stdout } = await planned();
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot("../../golden/cli/plan-flag.txt");
    expect(stdout).not.toContain("0.5 %");
    const { json } = await planned({ refresh: "5s" }, ["--json"]);
    expect(json).toMatchObject({
      data: {
        opening: {
          refresh: { refreshSeconds: 5, met: true },
          phases: expect.arrayContaining([
            expect.objectContaining({ step: "flag-beta", tenants: 201, on: 1, enters: 1 }),
          ]),
        },
      },
    });
    // Names are for `flag cohort`.
    expect(JSON.stringify(Object(json["data"])["opening"])).not.toContain("tenant-beta-001");
  });

  it("says where nobody knows the tenants, where few are, and what chance means", async () => {
    rmSync(join(dir, "tenants.json"), { force: true });
    expect((await planned()).stdout).toContain(
      "note       tenants.json isn't there: nobody can say who enters",
    );
    expect((await planned({ tenants: undefined as never })).stdout).toContain("no file names the tenants");
    writeFileSync(join(dir, "tenants.json"), tenants(3));
    expect((await planned()).stdout).toContain("note       10 % of tenants: ");
    const { stdout } = await planned({ by: "percentage" });
    expect(stdout).toContain("by chance at each call: no phase keeps anybody");
    expect(stdout).toContain("random at each call and not sticky");
  });

  it("refuses a file that isn't right: exit 2", async () => {
    writeFileSync(join(dir, "tenants.json"), '[{"id":"a"},{"id":"a"}]');
    const { code, json } = await planned({}, ["--json"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "tenants-invalid" } });
  });
});
