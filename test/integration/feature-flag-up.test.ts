import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flagContentType } from "../../src/plan/flag-value.ts";
import { createAzureProvider } from "../../src/sandbox/azure-provider.ts";
import { createConfigurationProvider } from "../../src/sandbox/flags/provider.ts";
import { createFlagStore } from "../../src/sandbox/flags/store.ts";
import { serveProvider } from "../../src/sandbox/provider-server.ts";
import { unwatched } from "../support/builders.ts";
import { createTestStack, type TestStack } from "./engine-stack.ts";

/** What a user writes; run by the real language host, without a driver. */
const source = `
import { rolloutProgram } from "pulumi-rollouts";
import { FeatureFlagRollout } from "pulumi-rollouts/azure";

export default rolloutProgram(async (rollout) => {
  new FeatureFlagRollout("audit-flag", {
    rollout,
    resourceGroup: "atp-prod",
    store: { create: { name: "atp-prod-appconfig" } },
  });
  return rollout.outputs();
});
`;

const key = { key: ".appconfig.featureflag/Audit/Trail~1", label: "eu:prod" };
const rollout = {
  preset: "production",
  service: "audit-flag",
  strategy: "feature-flag",
  strategyReason: "a flag alone",
  // The program alone reads it: no driver is there.
  metrics: { kind: "prometheus", url: "http://prometheus:9090", cohort: { stable: "off", candidate: "on" } },
  health: { kind: "http", stable: ["https://app.example/"] },
  watch: unwatched,
  lever: { kind: "app-configuration" },
  flag: {
    id: "Audit/Trail~1",
    label: key.label,
    endpoint: "https://atp-prod-appconfig.azconfig.io",
    by: "variant",
    // Members in another order than the engine keeps them, and values that it may drop.
    variants: {
      on: { name: "sha512", value: { z: null, tree: true, algorithm: ["SHA-512", null] } },
      off: { name: "sha256" },
    },
    beta: { users: ["tenant-beta-001"] },
    phases: [25, 100],
  },
};

const store = createFlagStore(() => Date.now());
let stack: TestStack;
let provider: Awaited<ReturnType<typeof serveProvider>>;
const asked: Record<string, unknown> = { "atp:version": "1.2.4", "atp:rollout": rollout };

async function up(values: Readonly<Record<string, unknown>> = {}) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete asked[name];
    else asked[name] = value;
  }
  stack.config(asked);
  return stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
}

async function output(name: string): Promise<string> {
  return (await stack.cli("stack", "output", name, "--stack", "prod")).text.trim();
}

/** How the flag stands in its store: on or off, and the range of the new side. */
function shown(): string {
  const flag = JSON.parse(store.get(key)?.value ?? "{}");
  const [first] = flag.allocation.percentile;
  const range = first.variant === "sha512" ? `${first.from}-${first.to}` : "nobody";
  return `${flag.enabled ? "on" : "off"} for ${flag.allocation.user?.[0].users ?? "no tenant"} and ${range}`;
}

async function expectNothing(): Promise<void> {
  const result = await stack.cli("preview", "--refresh", "--stack", "prod", "--expect-no-changes");
  expect(result, result.text).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  const configuration = createConfigurationProvider(() => store);
  provider = await serveProvider("azure-native", createAzureProvider({ configuration }));
  stack = await createTestStack(source, { languageHost: true, env: provider.env });
  stack.config(asked);
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  const installed = await up();
  expect(installed, installed.text).toMatchObject({ code: 0 });
});
afterAll(() => {
  stack?.stop();
  provider?.close();
});

// One story: each test goes on where the one before it stopped.
describe("pulumi config set step 25 && pulumi up", () => {
  test("install makes the flag, under its key and label, off", async () => {
    expect(store.get(key)).toMatchObject({ content_type: flagContentType, tags: {} });
    expect(shown()).toBe("off for no tenant and nobody");
    await expectNothing();
  });

  test("a share before the named tenants is refused", async () => {
    const result = await up({ "atp:step": "25" });
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("the first step of 1.2.4 is beta");
    expect(shown()).toBe("off for no tenant and nobody");
  });

  test("each step opens it, and a preview with refresh after it is empty", async () => {
    for (const [step, expected] of [
      ["beta", "on for tenant-beta-001 and nobody"],
      ["25", "on for tenant-beta-001 and 0-25"],
    ] as const) {
      const result = await up({ "atp:step": step });
      expect(result, result.text).toMatchObject({ code: 0 });
      expect(shown()).toBe(expected);
      await expectNothing();
    }
    expect([await output("exposure"), await output("version")]).toEqual(["25", "off"]);
  });

  test("what somebody else writes is seen, and not hidden", async () => {
    const before = store.get(key);
    const text = before?.value?.replace('"enabled":true', '"enabled":false') ?? "";
    store.put(key, { value: text, content_type: flagContentType, tags: {} });
    const result = await stack.cli("preview", "--refresh", "--stack", "prod", "--expect-no-changes");
    expect(result.code).not.toBe(0);
    expect(await stack.cli("up", "--yes", "--skip-preview", "--refresh", "--stack", "prod")).toMatchObject({
      code: 0,
    });
    expect(store.get(key)?.value).toBe(before?.value);
  });

  test("revert takes it from everybody again", async () => {
    const result = await up({ "atp:step": "revert" });
    expect(result, result.text).toMatchObject({ code: 0 });
    expect(shown()).toBe("off for no tenant and nobody");
    await up({ "atp:step": undefined });
    await expectNothing();
  });

  test("to the end it is on for everybody", async () => {
    for (const step of ["beta", "25", "100", "settle"])
      expect(await up({ "atp:step": step })).toMatchObject({ code: 0 });
    expect(shown()).toBe("on for tenant-beta-001 and 0-100");
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.2.4"]);
    await expectNothing();
  });

  test("`off` takes it from everybody at once, wherever it is", async () => {
    expect(await up({ "atp:step": "off" })).toMatchObject({ code: 0 });
    expect(shown()).toBe("off for no tenant and nobody");
    await expectNothing();
  });
});
