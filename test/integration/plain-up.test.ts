import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestStack, rolloutConfig, type TestStack } from "./engine-stack.ts";

/** What a user writes; run by the real language host, without a driver. */
const source = `
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
  });
  return rollout.outputs();
});
`;

let stack: TestStack;

async function up(): Promise<{ readonly code: number; readonly text: string }> {
  return stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
}

async function set(key: string, value: string): Promise<void> {
  expect(await stack.cli("config", "set", key, value, "--stack", "prod")).toMatchObject({ code: 0 });
}

function weights(): readonly number[] {
  const route = stack.object("HTTPRoute atp-ingestion") as {
    spec: { rules: [{ backendRefs: { weight: number }[] }] };
  };
  return route.spec.rules[0].backendRefs.map(({ weight }) => weight);
}

beforeAll(async () => {
  stack = await createTestStack(source, { languageHost: true });
  stack.config({ "atp:version": "1.2.3", "atp:rollout": rolloutConfig });
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
});
beforeEach(() => {
  stack.faults({});
  stack.calls();
});
afterAll(() => stack.stop());

// One story: each test goes on where the one before it stopped.
describe("pulumi config set step N && pulumi up", () => {
  test("the first update installs, the second changes nothing", async () => {
    expect(await up()).toMatchObject({ code: 0 });
    expect(weights()).toEqual([100]);
    stack.calls();
    const second = await up();
    expect(second.text).toMatch(/\d+ unchanged/);
    expect(second.text).not.toMatch(/\d+ (created|updated|deleted|replaced)/);
    expect(stack.calls()).toEqual([]);
  });

  test("a new version without a step is pending, and nothing changes", async () => {
    await set("version", "1.2.4");
    const result = await up();
    expect(result.text).toContain("Version 1.2.4 is pending: 1.2.3 stays in service");
    expect(result.code).toBe(0);
    expect(stack.calls()).toEqual([]);
  });

  test("the first step brings the candidate, the same step again changes nothing", async () => {
    await set("step", "5");
    expect(await up()).toMatchObject({ code: 0 });
    expect(weights()).toEqual([95, 5]);
    stack.calls();
    expect((await up()).text).toMatch(/\d+ unchanged/);
    expect(stack.calls()).toEqual([]);
  });

  test("50 right after 5 is refused before a resource is registered, in one readable text", async () => {
    await set("step", "50");
    const result = await up();
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("Step 50 is refused: 1.2.4 is at 5; the next step is 20. (step-refused)");
    expect(result.text).toContain("pulumi config set step 20");
    expect(result.text).not.toMatch(/\n\s+at .*\.ts:\d+/);
    expect(result.text).not.toContain("rollouts:index:CanaryDeployment");
    expect(stack.calls()).toEqual([]);
  });

  test("a step that failed, then a plain update, keeps the old exposure", async () => {
    await set("step", "20");
    const text = "ProgressDeadlineExceeded";
    stack.faults({ fail: { "Deployment atp-ingestion-canary": text } });
    const failed = await up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain(text);
    expect(weights()).toEqual([95, 5]);

    stack.faults({});
    expect(await stack.cli("config", "rm", "step", "--stack", "prod")).toMatchObject({ code: 0 });
    expect(await up()).toMatchObject({ code: 0 });
    expect(weights()).toEqual([95, 5]);
    const output = await stack.cli("stack", "output", "exposure", "--stack", "prod");
    expect(output.text.trim()).toBe("5");
  });

  test("the next step, then one already passed: ignored, with a warning", async () => {
    await set("step", "20");
    expect(await up()).toMatchObject({ code: 0 });
    expect(weights()).toEqual([80, 20]);
    stack.calls();
    await set("step", "5");
    const result = await up();
    expect(result.code).toBe(0);
    expect(result.text).toContain("warning: Step 5 is ignored: 1.2.4 is already at 20.");
    expect(stack.calls()).toEqual([]);
  });

  test("revert takes everything back, the route before the pods", async () => {
    await set("step", "revert");
    expect(await up()).toMatchObject({ code: 0 });
    expect(weights()).toEqual([100]);
    const calls = stack.calls();
    expect(calls[0]).toBe("write HTTPRoute atp-ingestion");
    expect(calls.slice(1).toSorted()).toEqual([
      "delete Deployment atp-ingestion-canary",
      "delete Service atp-ingestion-canary",
    ]);
    const again = await up();
    expect(again.text).toMatch(/\d+ unchanged/);
    expect(again.text).not.toMatch(/\d+ (created|updated|deleted|replaced)/);
  });

  test("a broken policy fails with every problem and no secret of it", async () => {
    stack.config({
      "atp:version": "1.2.4",
      "atp:rollout": { preset: "prodution", service: "atp-ingestion", increment: [5] },
    });
    const result = await up();
    expect(result.code).not.toBe(0);
    expect(result.text).toContain("config-invalid");
    expect(result.text).toMatch(/preset.*prodution/);
    expect(result.text).toContain("increment");
    expect(stack.calls()).toEqual([]);
  });
});
