import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { secret } from "@pulumi/pulumi";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CanaryDeployment } from "../../src/components/canary-deployment.ts";
import type { Engine, UpResult } from "../../src/ports/engine.ts";
import { rolloutProgram } from "../../src/program/rollout-program.ts";
import type { Target } from "../../src/types/engine.ts";
import type { Release } from "../../src/types/release.ts";
import { createTestStack, passphrase, rolloutConfig, type TestStack } from "./engine-stack.ts";

const plantedSecret = "planted-database-password";

const program = rolloutProgram((rollout) => {
  new k8s.core.v1.ConfigMap("shared", {
    metadata: { name: "shared", namespace: "atp-prod" },
    data: { password: secret(plantedSecret) },
  });
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

/** A target of the candidate: a step by its id. */
function step(id?: string): Target {
  return { kind: "step", version: "1.2.4", ...(id === undefined ? {} : { step: id }) };
}

async function mustUp(engine: Engine, target: Target): Promise<UpResult & { readonly ok: true }> {
  const result = await engine.up({ target });
  if (!result.ok) throw new Error(`${result.failure.kind}: ${result.failure.message}`);
  return result;
}

function weights(stack: TestStack): unknown {
  const route = stack.object("HTTPRoute atp-ingestion") as {
    spec: { rules: [{ backendRefs: { weight: number }[] }] };
  };
  return route.spec.rules[0].backendRefs.map(({ weight }) => weight);
}

function replicas(stack: TestStack): unknown {
  const canary = stack.object("Deployment atp-ingestion-canary") as
    | { spec: { replicas: number } }
    | undefined;
  return canary?.spec.replicas;
}

function configMaps(stack: TestStack): readonly string[] {
  return readdirSync(join(stack.dir, "cloud")).filter((name) => name.startsWith("ConfigMap atp-ingestion-"));
}

/** Capacity before weight on the way up; weight before capacity on the way down. */
function inOrder(id: string, calls: readonly string[]): void {
  const route = calls.indexOf("write HTTPRoute atp-ingestion");
  const pods = calls.flatMap((call, at) => (call.startsWith("write Deployment") ? [at] : []));
  const gone = calls.flatMap((call, at) => (call.startsWith("delete ") ? [at] : []));
  if (route < 0) {
    expect(id).toBe("promote-stable");
    return;
  }
  expect(Math.max(-1, ...pods), `${id}: pods are ready before traffic comes`).toBeLessThan(route);
  expect(Math.min(calls.length, ...gone), `${id}: nothing goes before traffic has left`).toBeGreaterThan(
    route,
  );
}

async function installed(): Promise<{ readonly stack: TestStack; readonly engine: Engine }> {
  const stack = await createTestStack("");
  stack.config({ "atp:version": "1.2.3", "atp:rollout": rolloutConfig });
  const engine = stack.engine(program, { secrets: [plantedSecret] });
  await mustUp(engine, { kind: "step", version: "1.2.3" });
  return { stack, engine };
}

describe("a promotion on the real engine", () => {
  let stack: TestStack;
  let engine: Engine;
  beforeAll(async () => {
    ({ stack, engine } = await installed());
  });
  afterAll(() => stack.stop());

  test("moves weights, capacity and ConfigMaps step by step, and ends with the new version alone", async () => {
    const seen: unknown[] = [];
    for (const id of ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"]) {
      const preview = await engine.preview({ target: step(id) });
      expect(preview.changes.some(({ op }) => op.includes("replace"))).toBe(false);
      stack.calls();
      const result = await mustUp(engine, step(id));
      inOrder(id, stack.calls());
      expect(result.summary).toEqual(preview.summary);
      expect(result.resolved.release.step).toBe(id);
      seen.push([id, weights(stack), replicas(stack), configMaps(stack).length]);
    }
    expect(seen).toEqual([
      ["5", [95, 5], 1, 2],
      ["20", [80, 20], 2, 2],
      ["50", [50, 50], 3, 2],
      ["100", [0, 100], 6, 2],
      ["promote-stable", [0, 100], 6, 1],
      ["promote-switch", [100, 0], 6, 1],
      ["promote-clean", [100], undefined, 1],
    ]);
    const { record, pendingOperations } = await engine.deployed();
    expect(record).toMatchObject({ step: "promote-clean", exposure: 0, stable: { version: "1.2.4" } });
    expect(record?.candidate).toBeUndefined();
    expect(pendingOperations).toEqual([]);
  });

  test("a second update changes nothing", async () => {
    const { summary } = await mustUp(engine, step("promote-clean"));
    expect(Object.keys(summary)).toEqual(["same"]);
  });

  test("a step that is not the next one is refused from the preview, with the rule", async () => {
    const target: Target = { kind: "step", version: "1.2.5", step: "50" };
    await expect(engine.preview({ target })).rejects.toMatchObject({
      code: "step-refused",
      hint: expect.stringContaining("step 5"),
    });
    expect(await engine.up({ target })).toMatchObject({ ok: false, failure: { kind: "program" } });
    expect(stack.object("Deployment atp-ingestion-canary")).toBeUndefined();
  });
});

describe("a revert on the real engine", () => {
  test("brings inputs, record and cluster back to the baseline", async () => {
    const { stack, engine } = await installed();
    try {
      const baseline = await engine.deployed();
      const record = baseline.record as Release;
      await mustUp(engine, step("5"));
      const { resolved } = await mustUp(engine, step("20"));
      const { release } = resolved;
      const drained: Release = {
        ...release,
        step: "revert",
        exposure: 0,
        previousExposure: release.exposure,
      };
      await mustUp(engine, { kind: "release", version: "1.2.4", release: drained });
      expect(weights(stack)).toEqual([100, 0]);
      expect(replicas(stack)).toBe(2);

      const back: Target = { kind: "release", version: "1.2.4", release: record };
      const last = await engine.up({ target: back, refresh: true });
      expect(last).toMatchObject({ ok: true });
      expect(await engine.deployed()).toEqual(baseline);
      const preview = await engine.preview({ target: back, refresh: true });
      expect(preview.changes).toEqual([]);
      expect(Object.keys(preview.summary)).toEqual(["same"]);
      expect(weights(stack)).toEqual([100]);
      expect(configMaps(stack)).toHaveLength(1);
    } finally {
      stack.stop();
    }
  });
});

describe("what goes wrong", () => {
  let stack: TestStack;
  let engine: Engine;
  beforeAll(async () => {
    ({ stack, engine } = await installed());
    await mustUp(engine, step("5"));
  });
  beforeEach(() => stack.faults({}));
  afterAll(() => stack.stop());

  const failures = [
    {
      why: "pods that never get ready keep the weight where it was",
      fail: { "Deployment atp-ingestion-canary": `ImagePullBackOff ${plantedSecret}` },
      expected: { kind: "resource", message: expect.stringContaining("ImagePullBackOff [secret]") },
      urn: /Deployment::atp-ingestion-canary$/,
    },
    {
      why: "a route that the lever owns is told apart: only a converging update may take it back",
      fail: {
        "HTTPRoute atp-ingestion":
          'Apply failed with 1 conflict: conflict with "rollouts-lever": .spec.rules',
      },
      expected: { kind: "conflict", message: expect.stringContaining("rollouts-lever") },
      urn: /HTTPRoute::atp-ingestion$/,
    },
  ];
  test.each(failures)("$why", async ({ fail, expected, urn }) => {
    stack.faults({ fail });
    const result = await engine.up({ target: step("20") });
    expect(result).toMatchObject({ ok: false, failure: { ...expected, urn: expect.stringMatching(urn) } });
    expect(weights(stack)).toEqual([95, 5]);
    expect((await engine.deployed()).record?.exposure).toBe(5);
  });

  test("only a converging update may force fields; nothing asks the CLI for secrets or for what nobody reads", async () => {
    const log = join(stack.dir, "argv.log");
    const wrapper = join(stack.dir, "pulumi");
    const script = `#!/bin/sh\necho "$PULUMI_K8S_ENABLE_PATCH_FORCE|$*" >> ${log}\nexec ${stack.pulumi} "$@"\n`;
    writeFileSync(wrapper, script, { mode: 0o755 });
    const watched = stack.engine(program, { pulumi: wrapper });
    await watched.up({ target: step("20"), converge: true });
    await watched.up({ target: step("20") });
    await watched.deployed();
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const forced = lines.filter((line) => line.startsWith("true|"));
    expect(forced).toEqual([expect.stringContaining("true|up ")]);
    expect(lines.filter((line) => line.startsWith("|up "))).toHaveLength(1);
    expect(lines.join("\n")).not.toMatch(/--show-secrets(?!=false)|stack output|stack history/);
  });

  test("a program that throws fails the update as a program", async () => {
    const broken = stack.engine(async () => {
      throw new Error("the program is broken");
    });
    const result = await broken.up({ target: step() });
    expect(result).toMatchObject({
      ok: false,
      failure: { kind: "program", message: expect.stringContaining("the program is broken") },
    });
  });

  test("no secret is in what the adapter hands out", async () => {
    const { inputs, record } = await engine.deployed();
    expect(inputs).toContain('"password":"[secret]"');
    expect(JSON.stringify({ inputs, record })).not.toContain(plantedSecret);
    expect(JSON.stringify({ inputs, record })).not.toContain(passphrase);
  });
});

describe("an update that is cut short", () => {
  let stack: TestStack;
  let engine: Engine;
  beforeEach(async () => {
    ({ stack, engine } = await installed());
    await mustUp(engine, step("5"));
    stack.calls();
  });
  afterEach(() => stack.stop());

  test("a signal in the middle of a step lets that one end, stops the rest, and the lock is gone", async () => {
    stack.faults({ delayMs: 1_500 });
    const stopping = new AbortController();
    const running = engine.up({ target: step("20"), signal: stopping.signal });
    const begun = () => expect(stack.calls()).toContain("write Deployment atp-ingestion-canary");
    await vi.waitFor(begun, { timeout: 20_000 });
    stopping.abort();
    expect(await running).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    expect(locks(stack)).toHaveLength(0);
    expect(weights(stack)).toEqual([95, 5]);
  });

  test("a signal that had aborted before stops the update before it begins", async () => {
    const result = await engine.up({ target: step("20"), signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    expect(weights(stack)).toEqual([95, 5]);
  });

  test("a killed engine leaves its lock: others are refused until recovery removes it, and it alone", async () => {
    stack.faults({ delayMs: 4_000 });
    const killed = engine.up({ target: step("20") });
    const begun = () => expect(stack.calls()).toContain("write Deployment atp-ingestion-canary");
    await vi.waitFor(begun, { timeout: 20_000 });
    const { pid } = JSON.parse(readFileSync(String(locks(stack)[0]), "utf8"));

    const other = stack.engine(program);
    expect(await other.up({ target: step("20") })).toMatchObject({ ok: false, failure: { kind: "locked" } });
    await expect(other.recover({ waitMs: 0 })).rejects.toMatchObject({ code: "locked", exit: "leaseHeld" });

    process.kill(pid, "SIGKILL");
    expect(await killed).toMatchObject({ ok: false });
    expect(locks(stack)).toHaveLength(1);
    stack.faults({});
    const done = await engine.recover({ waitMs: 0 });
    expect(done).toEqual([
      expect.stringMatching(`^Removed the lock of .* \\(pid ${pid}\\)`),
      ...done.slice(1, -1),
      "Refreshed the stack's state from the cloud.",
    ]);
    expect(locks(stack)).toHaveLength(0);
    expect(await mustUp(engine, step("20"))).toMatchObject({ ok: true });
    expect(weights(stack)).toEqual([80, 20]);
  });
});

describe("a project that is there already", () => {
  test("no stack of that name is an error of its own, and nothing is written into the project", async () => {
    const stack = await createTestStack("");
    try {
      stack.config({ "atp:version": "1.2.3", "atp:rollout": rolloutConfig });
      const before = readdirSync(stack.projectDir).map((name) => [
        name,
        contentOf(join(stack.projectDir, name)),
      ]);
      const engine = stack.engine(program, { createStack: false });
      await expect(engine.deployed()).rejects.toMatchObject({ code: "no-stack", exit: "noStack" });
      await mustUp(stack.engine(program), { kind: "step", version: "1.2.3" });
      const after = readdirSync(stack.projectDir).map((name) => [
        name,
        contentOf(join(stack.projectDir, name)),
      ]);
      expect(after).toEqual(before);
    } finally {
      stack.stop();
    }
  });
});

function contentOf(file: string): string {
  return file.endsWith("node_modules") ? "" : readFileSync(file, "utf8");
}

function locks(stack: TestStack): readonly string[] {
  const folder = join(stack.dir, "state/.pulumi/locks/organization/atp/prod");
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
