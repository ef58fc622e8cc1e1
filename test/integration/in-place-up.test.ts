import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestStack, rolloutConfig, type TestStack } from "./engine-stack.ts";

/** What a user writes; run by the real language host, without a driver. Each version brings a ConfigMap. */
const source = `
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    config: { RELEASE: rollout.version },
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
  });
  return rollout.outputs();
});
`;

let stack: TestStack;
const asked: Record<string, unknown> = { "atp:version": "1.2.3", "atp:rollout": rolloutConfig };

async function up(): Promise<{ readonly code: number; readonly text: string }> {
  return stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
}

/** Puts the stack's config down anew, as an editor does: `undefined` removes a key. */
function set(values: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete asked[key];
    else asked[key] = value;
  }
  stack.config(asked);
}

function inPlace(strategy: "rolling" | "direct"): Record<string, unknown> {
  return { ...rolloutConfig, strategy, soak: "30m" };
}

function image(): string | undefined {
  const { spec } = stack.object("Deployment atp-ingestion") as {
    spec: { template: { spec: { containers: [{ image: string }] } } };
  };
  return spec.template.spec.containers[0].image.split(":").at(-1);
}

async function output(name: string): Promise<string> {
  return (await stack.cli("stack", "output", name, "--stack", "prod")).text.trim();
}

function expectNothing(result: { readonly text: string }): void {
  expect(result.text).toMatch(/\d+ unchanged/);
  expect(result.text).not.toMatch(/\d+ (created|updated|deleted|replaced)/);
  expect(stack.calls()).toEqual([]);
}

beforeAll(async () => {
  stack = await createTestStack(source, { languageHost: true });
  stack.config(asked);
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  expect(await up()).toMatchObject({ code: 0 });
});
beforeEach(() => {
  stack.calls();
});
afterAll(() => stack?.stop());

// One story: each test goes on where the one before it stopped.
describe("pulumi config set step roll && pulumi up", () => {
  test("another strategy alone changes nothing", async () => {
    set({ "atp:rollout": inPlace("rolling") });
    expectNothing(await up());
  });

  test("a new version waits for its step", async () => {
    set({ "atp:version": "1.2.4" });
    const result = await up();
    expect(result.text).toContain("until the first step, `pulumi config set step roll`");
    expect(stack.calls()).toEqual([]);
  });

  test("roll puts it in stable's place, and keeps what the old one needs", async () => {
    set({ "atp:step": "roll" });
    expect(await up()).toMatchObject({ code: 0 });
    expect(image()).toBe("1.2.4");
    const calls = stack.calls();
    expect(calls).toEqual([expect.stringMatching(/^write ConfigMap /), "write Deployment atp-ingestion"]);
    expect([await output("exposure"), await output("version")]).toEqual(["100", "1.2.3"]);
    expectNothing(await up());
  });

  test("in the middle another strategy is refused, before a resource is registered", async () => {
    set({ "atp:rollout": rolloutConfig });
    const result = await up();
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("1.2.4 is at step roll, and the strategy has changed");
    expect(stack.calls()).toEqual([]);
    set({ "atp:rollout": inPlace("rolling") });
  });

  test("revert takes it back to the letter", async () => {
    set({ "atp:step": "revert" });
    expect(await up()).toMatchObject({ code: 0 });
    expect(image()).toBe("1.2.3");
    const calls = stack.calls();
    expect(calls).toEqual(["write Deployment atp-ingestion", expect.stringMatching(/^delete ConfigMap /)]);
    expect([await output("exposure"), await output("version")]).toEqual(["0", "1.2.3"]);
    set({ "atp:version": "1.2.3", "atp:step": undefined });
    expectNothing(await up());
  });

  test("roll once more, and settle makes it the baseline", async () => {
    set({ "atp:version": "1.2.4", "atp:step": "roll" });
    expect(await up()).toMatchObject({ code: 0 });
    stack.calls();
    set({ "atp:step": "settle" });
    expect(await up()).toMatchObject({ code: 0 });
    expect(stack.calls()).toEqual([expect.stringMatching(/^delete ConfigMap /)]);
    expect([image(), await output("exposure"), await output("version")]).toEqual(["1.2.4", "0", "1.2.4"]);
    expectNothing(await up());
  });

  test("what is settled is the same for a canary, a rolling and a direct stack", async () => {
    set({ "atp:step": undefined, "atp:rollout": rolloutConfig });
    expectNothing(await up());
    set({ "atp:rollout": inPlace("direct") });
    expectNothing(await up());
  });

  test("direct with a watch: the same two steps; without one, a single step that is the baseline at once", async () => {
    set({ "atp:version": "1.2.5", "atp:step": "direct" });
    expect(await up()).toMatchObject({ code: 0 });
    expect([image(), await output("version")]).toEqual(["1.2.5", "1.2.4"]);
    set({ "atp:step": "settle" });
    expect(await up()).toMatchObject({ code: 0 });
    set({
      "atp:version": "1.2.6",
      "atp:step": "direct",
      "atp:rollout": { ...inPlace("direct"), soak: "0s" },
    });
    expect(await up()).toMatchObject({ code: 0 });
    expect([image(), await output("exposure"), await output("version")]).toEqual(["1.2.6", "0", "1.2.6"]);
  });
});
