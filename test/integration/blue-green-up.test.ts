import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AppService, startAppService } from "../../src/sandbox/app-service.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { aPolicy } from "../support/builders.ts";
import { createTestStack, rolloutConfig, type TestStack } from "./engine-stack.ts";

const place = { subscriptionId: "0b1f6471-1bf0-4dda-aec3-cb9272f09590", resourceGroup: "atp-staging" };

/** What a user writes; run by the real language host, without a driver. */
const source = `
import { BlueGreenApp } from "pulumi-rollouts/azure";
import { rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new BlueGreenApp("atp-ingestion", {
    rollout,
    subscriptionId: "${place.subscriptionId}",
    resourceGroup: "${place.resourceGroup}",
    plan: { sku: "P1v3", workers: 2 },
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    buildPath: "/version",
  });
  return rollout.outputs();
});
`;

const rollout = {
  ...rolloutConfig,
  preset: "staging",
  // The program alone reads it: no driver is there.
  metrics: { kind: "prometheus", url: "http://prometheus:9090", cohort: { stable: "a", candidate: "b" } },
  health: { kind: "http", candidate: ["https://idle.example/"], stable: ["https://app.example/"] },
  lever: { kind: "app-service-slot", ...place },
};

let dir: string;
let stack: TestStack;
let app: AppService;
let swapped = 0;
const asked: Record<string, unknown> = { "atp:version": "1.2.3", "atp:rollout": rollout };

async function up(values: Readonly<Record<string, unknown>> = {}) {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete asked[key];
    else asked[key] = value;
  }
  stack.config(asked);
  return stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
}

async function output(name: string): Promise<string> {
  return (await stack.cli("stack", "output", name, "--stack", "prod")).text.trim();
}

function slots(): string {
  const { production, idle } = app.server.model;
  return [production, idle]
    .map(({ settings }) => settings["ROLLOUTS_BUILD_ID"]?.split("+")[0] ?? "-")
    .join(" | ");
}

async function expectNothing(): Promise<void> {
  const result = await stack.cli("preview", "--refresh", "--stack", "prod", "--expect-no-changes");
  expect(result, result.text).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "rollouts-slots-up-"));
  const wall = { now: () => Date.now(), sleep: async () => {} };
  app = await startAppService({
    sandbox: createSandbox({ seed: 1, startMs: Date.now(), faults: [] }),
    address: { ...place, app: "atp-ingestion", slot: "staging" },
    validate: aPolicy().validate,
    faults: [],
    wall,
  });
  const certFile = join(dir, "arm.pem");
  writeFileSync(certFile, app.server.cert);
  const limits = { pollMs: 50, stuckMs: 5000, settleMs: 3000, unseenMs: 1000, backoffMs: 50 };
  stack = await createTestStack(source, {
    languageHost: true,
    env: {
      ...app.providers,
      ...app.server.identityEnv(certFile),
      PULUMI_ROLLOUTS_ARM_ENDPOINT: app.server.endpoint,
      PULUMI_ROLLOUTS_SWAP_LIMITS: JSON.stringify(limits),
      PULUMI_ROLLOUTS_SLOT_PROVIDER: join(import.meta.dirname, "../../src/adapters/slots/slot-provider.ts"),
    },
  });
  stack.config(asked);
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  const installed = await up();
  expect(installed, installed.text).toMatchObject({ code: 0 });
});
beforeEach(() => {
  swapped = app.server.model.swaps;
});
afterAll(async () => {
  stack?.stop();
  await app?.close();
  rmSync(dir, { recursive: true, force: true });
});

// One story: each test goes on where the one before it stopped.
describe("pulumi config set step stage && pulumi up", () => {
  test("install puts the first build into production", async () => {
    expect(slots()).toBe("1.2.3 | -");
    await expectNothing();
  });

  test("a new version waits for its step", async () => {
    const result = await up({ "atp:version": "1.2.4" });
    expect(result.text).toContain("until the first step, `pulumi config set step stage`");
    expect(slots()).toBe("1.2.3 | -");
  });

  test("swap before stage is refused: nothing was validated, nothing moves", async () => {
    const result = await up({ "atp:step": "swap" });
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("the first step of 1.2.4 is stage");
    expect([slots(), app.server.model.swaps]).toEqual(["1.2.3 | -", swapped]);
  });

  test("stage puts it on the idle slot alone", async () => {
    expect(await up({ "atp:step": "stage" })).toMatchObject({ code: 0 });
    expect([slots(), app.server.model.swaps]).toEqual(["1.2.3 | 1.2.4", swapped]);
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.2.3"]);
    await expectNothing();
  });

  test("swap gives it everybody, once, and a preview with refresh after it is empty", async () => {
    expect(await up({ "atp:step": "swap" })).toMatchObject({ code: 0 });
    expect([slots(), app.server.model.swaps]).toEqual(["1.2.4 | 1.2.3", swapped + 1]);
    expect([await output("exposure"), await output("version")]).toEqual(["100", "1.2.3"]);
    await expectNothing();
  });

  test("revert swaps back", async () => {
    expect(await up({ "atp:step": "revert" })).toMatchObject({ code: 0 });
    expect([slots(), app.server.model.swaps]).toEqual(["1.2.3 | 1.2.4", swapped + 1]);
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.2.3"]);
    await up({ "atp:version": "1.2.3", "atp:step": undefined });
    await expectNothing();
  });

  test("stage, swap and settle make it the baseline", async () => {
    await up({ "atp:version": "1.2.4", "atp:step": "stage" });
    await up({ "atp:step": "swap" });
    expect(await up({ "atp:step": "settle" })).toMatchObject({ code: 0 });
    expect([slots(), app.server.model.swaps]).toEqual(["1.2.4 | 1.2.3", swapped + 1]);
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.2.4"]);
    await up({ "atp:step": undefined });
    await expectNothing();
  });
});
