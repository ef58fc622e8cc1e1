import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validConfig } from "../unit/config/valid-config.ts";
import { createTestStack, type TestStack } from "./engine-stack.ts";

const repository = resolve(import.meta.dirname, "../..");
const pack = join(repository, "policy-packs/rollout-guardrails/pack.js");
const planted = "hunter2-hunter2";

/** A user's program; `BAD` names the one thing that is wrong with it. */
const source = `
import { output, secret } from "@pulumi/pulumi";
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

const bad = process.env.BAD ?? "";
const is = (name, wrong, right) => (bad === name ? wrong : right);
const container = (deployment, change) => ({
  ...deployment,
  spec: {
    ...deployment.spec,
    template: {
      ...deployment.spec.template,
      spec: {
        ...deployment.spec.template.spec,
        containers: deployment.spec.template.spec.containers.map((one) => ({ ...one, ...change })),
      },
    },
  },
});
const weights = (route, stable, candidate) => ({
  ...route,
  spec: {
    ...route.spec,
    rules: route.spec.rules.map((rule) => ({
      ...rule,
      backendRefs: rule.backendRefs.map((one, i) => ({ ...one, weight: i === 0 ? stable : candidate })),
    })),
  },
});

export default rolloutProgram(async (rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
    transform: {
      deployment: (deployment) => {
        switch (bad) {
          case "latest":
            return container(deployment, { image: "atp.azurecr.io/ingestion:latest" });
          case "secret":
            return container(deployment, { env: [{ name: "DB_PASSWORD", value: secret("${planted}") }] });
          case "no-probes":
            return container(deployment, { readinessProbe: undefined, livenessProbe: undefined });
          default:
            return deployment;
        }
      },
      httpRoute: (route) => {
        switch (bad) {
          case "jump":
            return weights(route, 50, 50);
          case "unknown-weight":
            return weights(route, 95, output(new Promise((done) => setTimeout(() => done(50), 10))));
          default:
            return route;
        }
      },
    },
  });
  return rollout.outputs();
});
`;

let stack: TestStack;
beforeAll(async () => {
  stack = await createTestStack(source, { languageHost: true });
  chmodSync(pack, 0o755);
  await config("1.2.3");
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  const first = await up();
  expect(first, first.text).toMatchObject({ code: 0 });
});
afterAll(() => stack.stop());

async function config(version: string, step?: string, rollout: object = {}): Promise<void> {
  stack.config({
    "atp:version": version,
    ...(step === undefined ? {} : { "atp:step": step }),
    "atp:rollout": { ...validConfig, windows: { rules: [] }, ...rollout },
  });
}

const up = () => stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");

/** A plain preview, as a user types it; what the pack found, by rule and resource. */
async function preview(bad = "", path = pack): Promise<{ code: number; text: string; found: string[] }> {
  process.env["BAD"] = bad;
  try {
    const { code, text } = await stack.cli("preview", "--stack", "prod", "--policy-pack", path);
    const found = [...text.matchAll(/- \[mandatory\]\s+(\S+)\s+\((.+)\)/g)].map(
      ([, rule, resource]) => `${rule}: ${resource}`,
    );
    return { code, text, found: [...new Set(found)] };
  } finally {
    delete process.env["BAD"];
  }
}

describe("a plain preview with the pack", () => {
  test("of the next increment is clean", async () => {
    await config("1.2.4", "5");
    const { code, text, found } = await preview();
    expect(found, text).toEqual([]);
    expect(code).toBe(0);
    expect(text).toContain("rollout-guardrails@v");
  });

  test.each([
    { bad: "latest", rules: ["pinned-images"] },
    { bad: "secret", rules: ["no-plain-secrets"] },
    { bad: "no-probes", rules: ["probes"] },
    { bad: "jump", rules: ["route-weights"] },
    { bad: "unknown-weight", rules: ["route-weights"] },
  ])("of a program with $bad is refused by $rules, and lets no secret out", async ({ bad, rules }) => {
    await config("1.2.4", "5");
    const { code, text, found } = await preview(bad);
    expect(code).not.toBe(0);
    expect([...new Set(found.map((one) => one.split(":")[0]))], text).toEqual(rules);
    expect(text).not.toContain(planted);
  });

  test("of a config that is looser than the guide is refused, and says what to write", async () => {
    await config("1.2.4", "5", { gates: { errorRate: { limit: "2%" } } });
    const { text, found } = await preview();
    expect(found.map((one) => one.split(":")[0])).toEqual(["gate-limits"]);
    expect(text).toContain("rollout.gates.errorRate.limit is 2 %, looser than 1 %. Write at most 1 %");
  });

  test("refuses 50 right after 5, and lets a way back pass from a state that breaks a rule", async () => {
    await config("1.2.4", "5");
    process.env["BAD"] = "no-probes";
    const step = await up();
    delete process.env["BAD"];
    expect(step, step.text).toMatchObject({ code: 0 });
    await config("1.2.4", "50");
    const jump = await preview();
    expect(jump.code).not.toBe(0);
    expect(jump.text).toContain("50");
    await config("1.2.4", "revert");
    const back = await preview("no-probes");
    expect(back.found, back.text).toEqual([]);
    expect(back.code).toBe(0);
  });

  test("runs from npm's bin, and as a folder", async () => {
    await config("1.2.4", "revert");
    const bin = join(stack.dir, "bin");
    mkdirSync(bin, { recursive: true });
    const link = join(bin, "rollouts-guardrails");
    symlinkSync(pack, link);
    expect(await preview("", link)).toMatchObject({ code: 0 });
    // The engine's language host for folders can't be had here; this is what it starts, and the server's port its answer.
    const folder = join(repository, "policy-packs/rollout-guardrails");
    const runner = join(repository, "node_modules/@pulumi/pulumi/cmd/run-policy-pack");
    const child = spawn(process.execPath, [runner, "127.0.0.1:1", folder], { cwd: folder });
    try {
      const port = await new Promise((done) =>
        child.stdout.once("data", (data) => done(String(data).trim())),
      );
      expect(port).toMatch(/^\d+$/);
    } finally {
      child.kill();
    }
  });
});
