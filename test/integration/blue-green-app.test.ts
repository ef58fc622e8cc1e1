import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acquireEngine, engineEnv } from "../../src/adapters/engine/acquire.ts";
import { BlueGreenApp } from "../../src/components/blue-green-app.ts";
import { type ArmServer, armAddress, startArmServer } from "../../src/sandbox/arm/server.ts";
import { fakeRollout, plainArgs } from "../unit/components/blue-green-world.ts";

const repository = resolve(import.meta.dirname, "../..");
let dir: string;
let cloud: string;
let provider: ChildProcess;
let server: ArmServer;
let stack: Stack;
let step = "install";

async function program(): Promise<Record<string, unknown>> {
  const app = new BlueGreenApp("atp-ingestion", {
    ...plainArgs,
    ...armAddress,
    rollout: fakeRollout(step),
    // Nobody listens there: the variable of rehearsals has to win.
    endpoint: "https://127.0.0.1:1",
    swap: { pollMs: 50, settleMs: 3000, backoffMs: 50 },
  });
  return { productionBuild: app.productionBuild };
}

async function startProvider(): Promise<string> {
  const script = join(import.meta.dirname, "stand-in-azure.ts");
  provider = spawn(process.execPath, [script, cloud], { stdio: ["ignore", "pipe", "inherit"] });
  return await new Promise((ok, fail) => {
    provider.stdout?.once("data", (data) => ok(String(data).trim()));
    provider.once("exit", (code) => fail(new Error(`the stand-in provider ended with ${code}`)));
  });
}

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-blue-green-")));
  cloud = join(dir, "cloud");
  for (const folder of ["work", "state", "home", "cloud"]) mkdirSync(join(dir, folder));
  server = await startArmServer({ now: () => Date.now(), swapMs: 100 });
  server.model.sticky = ["APP_SLOT"];
  const certFile = join(dir, "arm.pem");
  writeFileSync(certFile, server.cert);
  const found = await acquireEngine({ log: () => {}, env: process.env });
  const envVars = {
    ...engineEnv(found, { home: join(dir, "home") }),
    ...server.identityEnv(certFile),
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "planted-passphrase",
    PULUMI_DEBUG_PROVIDERS: `azure-native:${await startProvider()}`,
    PULUMI_ROLLOUTS_ARM_ENDPOINT: server.endpoint,
    PULUMI_ROLLOUTS_SLOT_PROVIDER: join(repository, "src/adapters/slots/slot-provider.ts"),
    NODE_PATH: join(repository, "node_modules"),
  };
  const pulumiCommand = await PulumiCommand.get({ root: found.root });
  stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "staging", projectName: "atp", program },
    { workDir: join(dir, "work"), pulumiCommand, envVars },
  );
});

afterAll(async () => {
  provider?.kill();
  await server?.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

/** Updates to a step: how many resources of each operation, and the version that production serves then. */
async function up(to: string, refresh = false) {
  step = to;
  const { summary, outputs } = await stack.up({ refresh, color: "never" });
  return {
    changes: summary.resourceChanges,
    version: String(outputs["productionBuild"]?.value).split("+")[0],
  };
}

async function preview(): Promise<Partial<Record<string, number>>> {
  return (await stack.preview({ refresh: true, color: "never" })).changeSummary;
}

function versions(): readonly (string | undefined)[] {
  return [server.model.production, server.model.idle].map(
    ({ settings }) => settings["ROLLOUTS_BUILD_ID"]?.split("+")[0],
  );
}

/** What Azure would show for the shape after a swap. */
function exchange(): void {
  const siteConfig = (image: string) => ({
    linuxFxVersion: image,
    appSettings: [{ name: "A", value: image }],
  });
  const found = { WebApp: { siteConfig: siteConfig("new") }, WebAppSlot: { siteConfig: siteConfig("old") } };
  writeFileSync(join(cloud, "drift.json"), JSON.stringify(found));
}

// One story: each test begins where the one before it ended. Stack, component and its five children are 7 resources.
describe("BlueGreenApp on the real engine", () => {
  test("install serves the version, with sticky settings on both sides", async () => {
    expect(await up("install")).toMatchObject({ version: "1.2.3", changes: { create: 7 } });
    expect(versions()).toEqual(["1.2.3", undefined]);
    expect(server.model.production.settings["APP_SLOT"]).toBe("production");
    expect(server.model.idle.settings["APP_SLOT"]).toBe("staging");
    expect(await preview()).toEqual({ same: 7 });
  });

  test("stage changes the slot alone", async () => {
    // The second is the component itself, which says another intent: no call to anybody.
    expect(await up("stage")).toMatchObject({ version: "1.2.3", changes: { update: 2, same: 5 } });
    expect(versions()).toEqual(["1.2.3", "1.2.4"]);
  });

  test("swap; then a preview is empty, also where a refresh sees what was exchanged", async () => {
    expect(await up("swap")).toMatchObject({ version: "1.2.4", changes: { update: 2, same: 5 } });
    expect(versions()).toEqual(["1.2.4", "1.2.3"]);
    exchange();
    expect(await preview()).toEqual({ same: 7 });
    const written = readFileSync(join(cloud, "WebApp~atp-ingestion.json"), "utf8");
    expect(written, "no stale content is ever written over a release").not.toContain("linuxFxVersion");
  });

  test("back to the baseline with a refresh: swapped back once, and empty again", async () => {
    const { swaps } = server.model;
    expect(await up("install", true)).toMatchObject({ version: "1.2.3" });
    expect(versions()).toEqual(["1.2.3", "1.2.4"]);
    expect(server.model.swaps).toBe(swaps + 1);
    expect(await preview()).toEqual({ same: 7 });
  });

  test("through to the end: settle leaves production as it is", async () => {
    await up("stage");
    await up("swap");
    const { swaps } = server.model;
    expect(await up("settle", true)).toMatchObject({ version: "1.2.4" });
    expect(server.model.swaps).toBe(swaps);
    expect(await preview()).toEqual({ same: 7 });
  });
});
