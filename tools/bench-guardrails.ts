import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stderr, stdout } from "node:process";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { stringify } from "yaml";
import { acquireEngine, engineEnv } from "../src/adapters/engine/acquire.ts";
import { validConfig } from "../test/unit/config/valid-config.ts";

// `npm run bench:guardrails`: what the policy pack adds to a preview of a stack of 100 resources, without and with it in
// turn. More than 1.5 s fails (exit 1). Ends by itself.

const limitMs = 1500;
const rounds = 5;
const pack = resolve(import.meta.dirname, "../policy-packs/rollout-guardrails/pack.js");

/** A resource of any type, without a provider: the pack judges it as it would the real one. */
class Any extends ComponentResource {
  constructor(
    type: string,
    name: string,
    of: { props: Record<string, unknown>; opts?: ComponentResourceOptions },
  ) {
    super(type, name, of.props, of.opts);
    this.registerOutputs(of.props);
  }
}

/** A canary at 5 %, and what a real program has around it. */
async function program(): Promise<void> {
  const intent = {
    environment: "prod",
    step: "5",
    from: 0,
    to: 5,
    strategy: "canary",
    increments: [5, 20, 50, 100],
  };
  const service = new Any("rollouts:index:CanaryDeployment", "atp", { props: { service: "atp", intent } });
  const opts = { parent: service };
  for (let i = 0; i < 33; i++) {
    const labels = { app: `atp-${i}`, version: "stable" };
    const container = {
      name: "app",
      image: "atp.azurecr.io/ingestion:1.2.4",
      ports: [{ containerPort: 8080 }],
      env: [{ name: "LOG_LEVEL", value: "info" }],
      readinessProbe: {
        httpGet: { path: "/health/ready", port: 8080 },
        initialDelaySeconds: 10,
        periodSeconds: 5,
      },
      livenessProbe: {
        httpGet: { path: "/health/live", port: 8080 },
        initialDelaySeconds: 30,
        periodSeconds: 10,
      },
      resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
    };
    const template = { metadata: { labels }, spec: { containers: [container] } };
    const spec = { replicas: 6, minReadySeconds: 30, selector: { matchLabels: labels }, template };
    new Any("kubernetes:apps/v1:Deployment", `atp-${i}`, { props: { metadata: { labels }, spec }, opts });
    new Any("kubernetes:core/v1:Service", `atp-${i}`, { props: { spec: { selector: labels } }, opts });
    new Any("kubernetes:core/v1:ConfigMap", `atp-${i}`, { props: { data: { level: "info" } }, opts });
  }
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-bench-"));
  try {
    for (const name of ["home", "state", "work"]) mkdirSync(join(dir, name));
    const found = await acquireEngine({ env: process.env, log: (line) => void stderr.write(`${line}\n`) });
    const workDir = join(dir, "work");
    writeFileSync(join(workDir, "Pulumi.yaml"), stringify({ name: "atp", runtime: "nodejs" }));
    writeFileSync(
      join(workDir, "Pulumi.prod.yaml"),
      stringify({ config: { "atp:rollout": { ...validConfig, service: "atp", windows: { rules: [] } } } }),
    );
    const root = join(found.pulumi, "../..");
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "prod", projectName: "atp", program },
      {
        workDir,
        pulumiCommand: await PulumiCommand.get({ root, skipVersionCheck: true }),
        envVars: {
          ...engineEnv(found, { home: join(dir, "home") }),
          PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
          PULUMI_CONFIG_PASSPHRASE: "bench",
        },
      },
    );
    const previewMs = async (policyPacks?: string[]) => {
      const begun = performance.now();
      // What it finds is not what is measured.
      await stack.preview(policyPacks === undefined ? {} : { policyPacks }).catch(() => undefined);
      return performance.now() - begun;
    };
    await previewMs([pack]);
    const pairs = [];
    for (let i = 0; i < rounds; i++) pairs.push([await previewMs(), await previewMs([pack])] as const);
    report(pairs);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function report(pairs: readonly (readonly [without: number, withPack: number])[]): void {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const without = median(pairs.map(([ms]) => ms));
  const more = median(pairs.map(([bare, judged]) => judged - bare));
  stdout.write(`preview of 100 resources, median of ${pairs.length}: ${(without / 1000).toFixed(2)} s\n`);
  stdout.write(`  with the guardrails ${(more / 1000).toFixed(2)} s more, limit ${limitMs / 1000} s\n`);
  if (more > limitMs) process.exitCode = 1;
}

await main();
