import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { acquireEngine, engineEnv } from "../../src/adapters/engine/acquire.ts";
import { SlotRelease, type SlotReleaseArgs } from "../../src/components/slot-release.ts";
import { type ArmServer, armAddress, armToken, startArmServer } from "../../src/sandbox/arm/server.ts";

const repository = resolve(import.meta.dirname, "../..");
// A program of this process, so that a test changes its arguments without files or config.
let wanted: Pick<SlotReleaseArgs, "production" | "staged" | "sticky"> & { readonly slot?: string };
let dir: string;
let stack: Stack;
let server: ArmServer;

const content = (buildId: string) => ({
  buildId,
  linuxFxVersion: `DOCKER|atp.azurecr.io/ingestion:${buildId}`,
  settings: { WEBSITES_PORT: "8080" },
});
const [old, fresh] = [content("1.2.3"), content("1.2.4")];

async function program(): Promise<Record<string, unknown>> {
  const release = new SlotRelease("atp", {
    ...armAddress,
    ...wanted,
    endpoint: server.endpoint,
    buildPath: "/version",
    limits: { pollMs: 50, settleMs: 3000, unseenMs: 1000, backoffMs: 50, stuckMs: 8000 },
  });
  return { productionBuild: release.productionBuild };
}

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-slots-")));
  server = await startArmServer({ now: () => Date.now(), swapMs: 150 });
  for (const folder of ["work", "state", "home"]) mkdirSync(join(dir, folder));
  const certFile = join(dir, "arm.pem");
  writeFileSync(certFile, server.cert);
  const found = await acquireEngine({ log: () => {}, env: process.env });
  const envVars = {
    ...engineEnv(found, { home: join(dir, "home") }),
    ...server.identityEnv(certFile),
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "planted-passphrase",
    PULUMI_ROLLOUTS_SLOT_PROVIDER: join(repository, "src/adapters/slots/slot-provider.ts"),
    // The work folder has no packages of its own; in a user's project it has.
    NODE_PATH: join(repository, "node_modules"),
  };
  const pulumiCommand = await PulumiCommand.get({ root: found.root });
  stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "staging", projectName: "atp", program },
    { workDir: join(dir, "work"), pulumiCommand, envVars },
  );
});

afterAll(async () => {
  await server?.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function up(refresh = false) {
  const { summary, outputs } = await stack.up({ refresh, color: "never" });
  return { changes: summary.resourceChanges, build: outputs["productionBuild"]?.value };
}

async function preview(refresh = false): Promise<Partial<Record<string, number>>> {
  const { changeSummary } = await stack.preview({ refresh, color: "never" });
  return changeSummary;
}

function slots(): string {
  const { production, idle } = server.model;
  return `${production.settings["ROLLOUTS_BUILD_ID"] ?? "-"} | ${idle.settings["ROLLOUTS_BUILD_ID"] ?? "-"}`;
}

function requests(): number {
  return server.calls.filter((call) => call.endsWith("/slotsswap")).length;
}

/** What the engine has as the inputs of the resource: what a revert is compared by. */
async function inputs(): Promise<unknown> {
  const { deployment } = await stack.exportStack();
  const resources: { type: string; inputs?: unknown }[] = deployment.resources;
  return resources.find(({ type }) => type.endsWith("rollouts:SlotRelease"))?.inputs;
}

let baseline: unknown;

// One story: each test begins where the one before it ended.
describe("SlotRelease on the real engine", () => {
  let before = 0;
  beforeEach(() => {
    before = requests();
  });

  test("install: staged and swapped in one update, and a second one is empty", async () => {
    wanted = { production: old };
    expect(await up()).toMatchObject({ build: "1.2.3", changes: { create: 2 } });
    expect(slots()).toBe("1.2.3 | -");
    expect(server.model.production.linuxFxVersion).toBe(old.linuxFxVersion);
    expect(await preview(true)).toEqual({ same: 2 });
    baseline = await inputs();
    expect(baseline).toMatchObject({ production: { buildId: "1.2.3" } });
  });

  test("stage: the slot gets the candidate, production stays, nothing is swapped", async () => {
    wanted = { production: old, staged: fresh };
    expect(await preview()).toEqual({ same: 1, update: 1 });
    expect(slots(), "a preview asks nobody").toBe("1.2.3 | -");
    expect(await up()).toMatchObject({ build: "1.2.3", changes: { same: 1, update: 1 } });
    expect(slots()).toBe("1.2.3 | 1.2.4");
    expect(requests()).toBe(before);
    expect(await preview(true)).toEqual({ same: 2 });
  });

  test("swap: one request, and a preview after it is empty", async () => {
    wanted = { production: fresh, staged: fresh };
    expect(await up()).toMatchObject({ build: "1.2.4" });
    expect(slots()).toBe("1.2.4 | 1.2.3");
    expect(requests()).toBe(before + 1);
    expect(await preview(true)).toEqual({ same: 2 });
    expect(await up()).toMatchObject({ changes: { same: 2 } });
    expect(requests()).toBe(before + 1);
  });

  test("swap back: by build id; the content comes back with it", async () => {
    wanted = { production: old };
    expect(await up(true)).toMatchObject({ build: "1.2.3" });
    expect(slots()).toBe("1.2.3 | 1.2.4");
    expect(server.model.production.linuxFxVersion).toBe(old.linuxFxVersion);
    expect(requests()).toBe(before + 1);
    expect(await preview(true)).toEqual({ same: 2 });
    expect(await inputs(), "the stack equals its baseline").toEqual(baseline);
  });

  test("a lost response: the update ends right, with one swap", async () => {
    server.model.faults.lostResponses = 1;
    wanted = { production: old, staged: fresh };
    await up();
    wanted = { production: fresh, staged: fresh };
    expect(await up()).toMatchObject({ build: "1.2.4" });
    expect(slots()).toBe("1.2.4 | 1.2.3");
    expect(requests()).toBe(before + 1);
  });

  test("settle: the candidate is the new production, and nothing is asked of ARM's swap", async () => {
    wanted = { production: fresh };
    expect(await up()).toMatchObject({ build: "1.2.4", changes: { same: 1, update: 1 } });
    expect(requests()).toBe(before);
  });

  test("a lever that swapped back first: the update that follows has nothing left to swap", async () => {
    server.model.begin("staging");
    await new Promise((done) => setTimeout(done, 400));
    expect(server.model.settle()).toBeUndefined();
    expect(slots()).toBe("1.2.3 | 1.2.4");
    expect(await preview(true), "a refresh sees it").toMatchObject({ update: 1 });
    wanted = { production: old };
    expect(await up(true)).toMatchObject({ build: "1.2.3" });
    expect(requests()).toBe(before);
    expect(await preview(true)).toEqual({ same: 2 });
  });

  test("a build that nobody has fails the update, changes nothing, and says what both serve", async () => {
    wanted = { production: content("1.2.9") };
    const error = await up().catch((reason: Error) => reason);
    expect(String(error)).toContain("production serves 1.2.3, the slot staging holds 1.2.4");
    expect(String(error)).toContain("Stage it first");
    expect(slots()).toBe("1.2.3 | 1.2.4");
    wanted = { production: old };
    expect(await up()).toMatchObject({ build: "1.2.3", changes: { same: 2 } });
  });

  test("a stuck swap fails the update, and the old build serves", async () => {
    server.model.faults.stuck = true;
    wanted = { production: fresh, staged: fresh };
    const error = await up().catch((reason: Error) => reason);
    server.model.faults.stuck = false;
    expect(String(error)).toContain("is stuck");
    expect(slots()).toBe("1.2.3 | 1.2.4");
    wanted = { production: old };
    await up(true);
    expect(await preview(true)).toEqual({ same: 2 });
  });

  test("sticky settings are written to their side, and stay there in a swap", async () => {
    server.model.sticky = ["SIDE"];
    const sticky = { production: { SIDE: "live" }, idle: { SIDE: "spare" } };
    wanted = { production: old, staged: fresh, sticky };
    await up();
    wanted = { production: fresh, staged: fresh, sticky };
    await up();
    expect(server.model.production.settings["SIDE"]).toBe("live");
    expect(server.model.idle.settings["SIDE"]).toBe("spare");
  });

  test("the state holds no path of this checkout and no token", async () => {
    const { deployment } = await stack.exportStack();
    const resources: { type: string; inputs?: unknown; outputs?: unknown }[] = deployment.resources;
    const release = resources.find(({ type }) => type.endsWith("rollouts:SlotRelease"));
    // Without the positions in source that the engine notes itself.
    const state = JSON.stringify([release?.inputs, release?.outputs]);
    expect(state).toContain("1.2.4");
    expect(state).not.toContain(repository);
    expect(state).not.toContain(armToken);
  });

  test("another slot is another resource; deleting one leaves the slots as they are", async () => {
    wanted = { ...wanted, slot: "spare" };
    expect(await preview()).toMatchObject({ replace: 1 });
    const swaps = server.model.swaps;
    await stack.destroy({ color: "never" });
    expect(slots()).toBe("1.2.4 | 1.2.3");
    expect(server.model.swaps).toBe(swaps);
  });
});
