import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStack, type TestStack } from "./engine-stack.ts";

// `rollouts migrate` as a user calls it: a process of its own, the real engine, real commands, the real record.

const source = `
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new CanaryDeployment("orders", {
    rollout, namespace: "orders-dev", image: "orders.azurecr.io/orders", port: 8080, replicas: 1,
    route: { gateway: "orders-gateway", hostnames: [] },
  });
  return rollout.outputs();
});
`;
const planted = "planted-database-pw";

/** Notes what was asked of it in the project's folder, in place of a database. */
const command = (what: string) => [
  { run: [process.execPath, "-e", `require("node:fs").appendFileSync("done", "${what}\\n")`] },
];
const migration = {
  id: "orders-total-cents",
  phases: {
    expand: { do: command("expand"), undo: command("unexpand") },
    "dual-write": { do: [{ deploy: "2.0.0" }], undo: [{ deploy: "1.0.0" }] },
    backfill: {
      do: [{ run: [process.execPath, "-e", "console.error(process.env.DATABASE_URL); process.exit(3)"] }],
      undo: [],
    },
    "switch-reads": { do: [{ deploy: "3.0.0" }], undo: [{ deploy: "2.0.0" }] },
    contract: { do: [{ deploy: "4.0.0" }, ...command("contract")], irreversible: "it drops the old column" },
  },
};

let stack: TestStack;
beforeAll(async () => {
  stack = await createTestStack(source);
  stack.config({
    "atp:version": "1.0.0",
    "atp:rollout": { preset: "development", service: "orders", migration },
  });
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  expect(await rollouts("run")).toMatchObject({ code: 0 });
});
afterAll(() => stack?.stop());

interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function rollouts(...args: string[]): Promise<Called> {
  const main = resolve(import.meta.dirname, "../../src/cli/main.ts");
  const child = spawn(process.execPath, [main, ...args, "--stack", "prod"], {
    cwd: stack.projectDir,
    env: {
      ...process.env,
      ...stack.env,
      NO_COLOR: "1",
      DATABASE_URL: `postgres://orders:${planted}@127.0.0.1/orders`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (said.stdout += data));
  child.stderr.on("data", (data) => (said.stderr += data));
  return new Promise((done) => child.on("close", (code) => done({ code: code ?? -1, ...said })));
}

/** Image of the service's Deployment. */
function image(): unknown {
  const [container] = Object(stack.object("Deployment orders"))?.spec?.template?.spec?.containers ?? [];
  return container?.image;
}

// One story: each test goes on where the one before it stopped.
describe("rollouts migrate", () => {
  it("runs a phase's command in the project's folder, without a word of the engine", async () => {
    stack.calls();
    const { code, stdout } = await rollouts("migrate", "expand");
    expect(code).toBe(0);
    expect(stdout).toContain("orders-total-cents is at expand");
    expect(readFileSync(join(stack.projectDir, "done"), "utf8")).toBe("expand\n");
    expect(stack.calls()).toEqual([]);
  });

  it("deploys the version of a phase, back, and once more", async () => {
    for (const [phase, version] of [
      ["dual-write", "2.0.0"],
      ["expand", "1.0.0"],
      ["dual-write", "2.0.0"],
    ] as const) {
      const { code, stderr } = await rollouts("migrate", phase);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(`✓ 1 of 1  ${version} was promoted`);
      expect(image()).toBe(`orders.azurecr.io/orders:${version}`);
    }
  });

  it("takes a failed phase back: exit 20, the reason without its secret, the version untouched", async () => {
    const { code, stdout, stderr } = await rollouts("migrate", "backfill", "--json");
    expect(code).toBe(20);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      data: { outcome: "taken-back", record: { phase: "dual-write" } },
      error: {
        code: "phase-command-failed",
        message: expect.stringContaining("postgres://orders:[secret]@"),
      },
    });
    const journal = readFileSync(join(stack.projectDir, ".rollouts/prod/migration/journal.jsonl"), "utf8");
    expect(`${stdout}${stderr}${journal}`).not.toContain(planted);
    expect(image()).toBe("orders.azurecr.io/orders:2.0.0");
  });

  it("shows where it stands, and leaves the stack's own journal to its rollouts", async () => {
    const { code, stdout } = await rollouts("migrate");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^orders-total-cents on prod: dual-write since /);
    expect((await rollouts("history")).stdout).toMatch(/2\.0\.0[\s\S]*1\.0\.0[\s\S]*2\.0\.0/);
  });
});
