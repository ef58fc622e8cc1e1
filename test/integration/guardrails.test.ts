import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policies } from "../../policy-packs/rollout-guardrails/policies.ts";
import { validConfig } from "../unit/config/valid-config.ts";
import { validMigration } from "../unit/config/valid-migration.ts";
import { createTestStack, type TestStack } from "./engine-stack.ts";

const repository = resolve(import.meta.dirname, "../..");
const pack = join(repository, "policy-packs/rollout-guardrails/pack.js");
const planted = "hunter2-hunter2";

/** A user's program; `BAD` names what is wrong with it. */
const source = `
import { ComponentResource, output, secret } from "@pulumi/pulumi";
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

const bads = (process.env.BAD ?? "").split(",");
const is = (name) => bads.includes(name);
/** All that is wrong, one after another. */
const all = (changes) => (one, side) => bads.reduce((so, bad) => changes[bad]?.(so, side) ?? so, one);
const planted = "${planted}";

/** A resource of any type, without its provider: the engine shows it to the pack like any other. */
class Any extends ComponentResource {
  constructor(type, name, props, opts) {
    super(type, name, props, opts);
    this.registerOutputs(props);
  }
}

const pods = (deployment, change) => ({
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
const spec = (of, change) => ({ ...of, spec: { ...of.spec, ...change } });
const backends = (route, change) => ({
  ...route,
  spec: {
    ...route.spec,
    rules: route.spec.rules.map((rule) => ({ ...rule, backendRefs: rule.backendRefs.map(change) })),
  },
});

const deployments = {
  "pinned-images": (one) => pods(one, { image: "atp.azurecr.io/ingestion:latest" }),
  "no-plain-secrets": (one) => pods(one, { env: [{ name: "DB_PASSWORD", value: secret(planted) }] }),
  probes: (one) => pods(one, { readinessProbe: undefined, livenessProbe: undefined }),
  "rolling-settings": (one) => spec(one, { minReadySeconds: 29 }),
  // Every number of the guide, one off.
  numbers: (one) =>
    pods(
      spec(one, {
        minReadySeconds: 29,
        progressDeadlineSeconds: 601,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 2, maxUnavailable: 2 } },
      }),
      {
        readinessProbe: { httpGet: { path: "/ready", port: 8080 }, initialDelaySeconds: 9, periodSeconds: 6 },
        livenessProbe: { httpGet: { path: "/live", port: 8080 }, initialDelaySeconds: 29, periodSeconds: 11 },
      },
    ),
  "stable-capacity": (one, side) => (side === "stable" ? spec(one, { replicas: 5 }) : one),
};
const routes = {
  // The share is right, and no router takes such numbers.
  "route-weights": (route) => backends(route, (one, i) => ({ ...one, weight: i === 0 ? 1900000 : 100000 })),
  "route-backends": (route) => backends(route, (one) => ({ ...one, weight: one.weight > 100 ? 1500000 : 50 })),
  "unknown-weight": (route) => backends(route, (one) => ({ ...one, weight: later.id.apply(() => 50) })),
};
let later;

const appSettings = (more) => Object.entries(more).map(([name, value]) => ({ name, value }));
const warm = { WEBSITE_SWAP_WARMUP_PING_PATH: "/health/ready", WEBSITE_SWAP_WARMUP_PING_STATUSES: "200,202" };
const identity = { type: "SystemAssigned" };
const key = (filters) => ({
  keyValueName: ".appconfig.featureflag~2FAudit.New",
  contentType: "application/vnd.microsoft.appconfig.ff+json;charset=utf-8",
  value: JSON.stringify({ id: "Audit.New", enabled: true, conditions: { client_filters: filters } }),
});

/** What stands beside the service, where that is what is wrong. */
function beside(bad) {
  const app = (type, name, props) => {
    const parent = new Any("rollouts:index:BlueGreenApp", bad + "-web", { intent: { from: 0, to: 0, step: "settle" } });
    const site = { name: "atp", kind: "app,linux", identity, siteConfig: { healthCheckPath: "/health/live" } };
    new Any("azure-native:web:WebApp", bad + "-app", { ...site, ...(name === "app" ? props : {}) }, { parent });
    if (name !== "app") new Any(type, bad + "-" + name, { ...site, ...props }, { parent });
  };
  const flag = (props) => {
    const parent = new Any("rollouts:index:FeatureFlagRollout", bad + "-flag", { intent: { from: 0, to: 0, step: "off" } });
    new Any("azure-native:appconfiguration:KeyValue", bad + "-value", props, { parent });
  };
  const healthCheckPath = "/health/live";
  switch (bad) {
    case "exposure-steps":
      new Any("rollouts:index:CanaryDeployment", bad + "-other", {
        intent: { from: 5, to: 50, step: "50", increments: [5, 20, 50, 100] },
      });
      break;
    case "strategy-matrix":
      new Any("rollouts:index:CanaryDeployment", bad + "-other", {
        intent: { from: 0, to: 0, step: "install", strategy: "direct" },
      });
      break;
    case "slot-warm-up":
      app("azure-native:web:WebAppSlot", "slot", {
        siteConfig: { healthCheckPath, appSettings: appSettings({ ...warm, WEBSITE_SWAP_WARMUP_PING_PATH: "/" }) },
      });
      break;
    case "slot-identity":
      app("azure-native:web:WebAppSlot", "slot", {
        identity: undefined,
        siteConfig: { healthCheckPath, appSettings: appSettings(warm) },
      });
      break;
    case "slot-sticky":
      app("azure-native:web:WebAppSlotConfigurationNames", "names", { appSettingNames: ["RELEASE_ID"] });
      break;
    case "slot-traffic":
      app("", "app", {
        siteConfig: {
          healthCheckPath,
          experiments: { rampUpRules: [{ name: "a", reroutePercentage: 60 }, { name: "b", reroutePercentage: 41 }] },
        },
      });
      break;
    case "flag-schema":
      flag(key([{ name: "Targeting", parameters: { Audience: { DefaultRolloutPercentage: 10 } } }]));
      break;
    case "flag-percentage":
      flag(key([{ name: "Microsoft.Percentage", parameters: { Value: 10 } }]));
      break;
    case "flag-phases":
      new Any("rollouts:index:FeatureFlagRollout", bad + "-flag", {
        intent: { from: 10, to: 50, step: "50", increments: [10, 25, 50, 100] },
      });
      break;
    case "hpa-pdb":
      new Any(
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        bad + "-stray",
        { spec: { minReplicas: 3, maxReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "atp-ingestion" } } },
        { parent: new Any("rollouts:index:CanaryDeployment", bad + "-other", { intent: { from: 0, to: 0, step: "install" } }) },
      );
      break;
  }
}

export default rolloutProgram(async (rollout) => {
  if (is("unknown-weight")) {
    const { ConfigMap } = await import("@pulumi/kubernetes/core/v1/index.js");
    later = new ConfigMap("later", { metadata: { namespace: "atp-prod", name: "later" } });
  }
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: is("few-pods") ? 3 : 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
    transform: { deployment: all(deployments), route: all(routes) },
  });
  bads.forEach(beside);
  return rollout.outputs();
});
`;

/** A program that breaks one rule each, and where that is found. */
const broken = [
  { bad: "pinned-images", of: "atp-ingestion" },
  { bad: "no-plain-secrets", of: "atp-ingestion" },
  { bad: "probes", of: "atp-ingestion" },
  { bad: "rolling-settings", of: "atp-ingestion" },
  { bad: "stable-capacity", of: "atp-ingestion" },
  { bad: "route-weights", of: "atp-ingestion" },
  { bad: "route-backends", of: "atp-ingestion" },
  { bad: "hpa-pdb", of: "hpa-pdb-stray" },
  { bad: "exposure-steps", of: "exposure-steps-other" },
  { bad: "strategy-matrix", of: "strategy-matrix-other" },
  { bad: "slot-warm-up", of: "slot-warm-up-slot" },
  { bad: "slot-identity", of: "slot-identity-slot" },
  { bad: "slot-sticky", of: "slot-sticky-names" },
  { bad: "slot-traffic", of: "slot-traffic-app" },
  { bad: "flag-schema", of: "flag-schema-value" },
  { bad: "flag-phases", of: "flag-phases-flag" },
];

const sandboxes = ["metrics", "health", "lever"].map((name) => [name, { kind: "sandbox" }] as const);

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
async function preview(
  bad = "",
  path = pack,
  more: readonly string[] = [],
): Promise<{ code: number; text: string; found: string[] }> {
  process.env["BAD"] = bad;
  try {
    const { code, text } = await stack.cli("preview", "--stack", "prod", "--policy-pack", path, ...more);
    const found = [...text.matchAll(/- \[mandatory\]\s+(\S+)\s+\((.+)\)/g)].map(
      ([, rule, resource]) => `${rule}: ${resource}`,
    );
    return { code, text, found: [...new Set(found)] };
  } finally {
    delete process.env["BAD"];
  }
}

const rulesOf = (found: readonly string[]) =>
  [...new Set(found.map((one) => one.split(":")[0] ?? ""))].toSorted();

/** `rollouts` as a user calls it, on the stack. */
function rollouts(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const main = join(repository, "src/cli/main.ts");
  const options = { cwd: stack.projectDir, env: { ...process.env, ...stack.env, NO_COLOR: "1" } };
  return new Promise((done) => {
    execFile(process.execPath, [main, ...args, "--stack", "prod"], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), text: `${stdout}\n${stderr}` });
    });
  });
}

describe("the driver with the pack", () => {
  test("plan --preview and run end with 5, and nothing was touched", async () => {
    stack.config({
      "atp:version": "1.2.4",
      "atp:rollout": {
        preset: "development",
        service: "atp-ingestion",
        guardrails: { rules: { "soak-length": { soakSeconds: 1 } } },
      },
    });
    stack.calls();
    const planned = await rollouts("plan", "--preview");
    expect(planned, planned.text).toMatchObject({ code: 5 });
    expect(planned.text).toContain("✗ soak-length");
    const ran = await rollouts("run");
    expect(ran, ran.text).toMatchObject({ code: 5 });
    expect(stack.calls()).toEqual([]);
  });
});

describe("a plain preview with the pack", () => {
  test("of the next increment is clean", async () => {
    await config("1.2.4", "5");
    const { code, text, found } = await preview();
    expect(found, text).toEqual([]);
    expect(code).toBe(0);
    expect(text).toContain("rollout-guardrails@v");
  });

  test.each(broken)(
    "of a program that breaks $bad is refused by it alone, at $of, and lets no secret out",
    async ({ bad, of }) => {
      await config("1.2.4", "5");
      const { code, text, found } = await preview(bad);
      expect(code).not.toBe(0);
      expect([...new Set(found.map((one) => one.split(":")[0]))], text).toEqual([bad]);
      expect(
        found.some((one) => one.endsWith(`: ${of}`) || one.endsWith(`: ${of}-canary`)),
        text,
      ).toBe(true);
      expect(text).not.toContain(planted);
    },
  );

  test("of a weight that a preview doesn't know is refused", async () => {
    await config("1.2.4", "5");
    const { code, text, found } = await preview("unknown-weight");
    expect(code).not.toBe(0);
    expect(rulesOf(found), text).toEqual(["route-backends", "route-weights"]);
    expect(text).toContain("is not known in a preview");
  });

  const closed = { zone: "UTC", rules: [{ from: "Mon 00:00", to: "Sun 23:59", reason: planted }] };
  test("lets pass what its rule is disabled for, of all of them at once, and is silent then", async () => {
    const wrong = {
      soak: "14m",
      approvals: { required: 1 },
      gates: { errorRate: { limit: "2%" } },
      windows: closed,
      migration: validMigration,
    };
    await config("2.0.0", "5", wrong);
    const names = broken.map(({ bad }) => bad);
    const bad = names.join();
    const file = join(stack.dir, "rules.json");
    const asked = { "triggers-watched": { reasonIsEnough: false } };
    writeFileSync(file, JSON.stringify(asked));
    const on = await preview(bad, pack, ["--policy-pack-config", file]);
    const mandatory = policies.filter(({ enforcementLevel }) => enforcementLevel === "mandatory");
    expect(rulesOf(on.found), on.text).toEqual(mandatory.map(({ name }) => name).toSorted());
    expect(on.text).not.toContain(planted);
    writeFileSync(file, JSON.stringify(Object.fromEntries(policies.map(({ name }) => [name, "disabled"]))));
    const off = await preview(bad, pack, ["--policy-pack-config", file]);
    expect(off.text).not.toMatch(/\[(?:mandatory|advisory)\]/);
    expect(off.code, off.text).toBe(0);
  });

  test("finds every number of the guide that is one off, each with what to write", async () => {
    await config("1.2.4", "5", {
      soak: "899s",
      gates: {
        errorRate: { limit: "1.1%", for: "3m" },
        p95: { limit: "1001ms", for: "6m" },
        exceptions: { limit: 11 },
        dbPool: { limit: "91%", for: "4m" },
        queue: { limit: 10_001, for: "6m" },
        memory: { limit: "91%", for: "4m" },
      },
    });
    const { text } = await preview("numbers");
    const probe = (name: string) => `containers[0].${name}`;
    for (const said of [
      "minReadySeconds is 29",
      "progressDeadlineSeconds is 601",
      "maxSurge is 2",
      "maxUnavailable is 2",
      `${probe("readinessProbe")}.httpGet.path is not /health/ready`,
      `${probe("readinessProbe")}.initialDelaySeconds is 9`,
      `${probe("readinessProbe")}.periodSeconds is 6`,
      `${probe("livenessProbe")}.httpGet.path is not /health/live`,
      `${probe("livenessProbe")}.initialDelaySeconds is 29`,
      `${probe("livenessProbe")}.periodSeconds is 11`,
      ...[5, 20, 50, 100].map((exposure) => `the increment of ${exposure} % is watched for 899 s`),
      "gates.errorRate.limit is 1.1 %",
      "gates.errorRate.for is 180 s",
      "gates.p95.limit is 1001 ms",
      "gates.p95.for is 360 s",
      "gates.exceptions.limit is 11 exceptions",
      "gates.dbPool.limit is 91 %",
      "gates.dbPool.for is 240 s",
      "gates.queue.limit is 10001 messages",
      "gates.queue.for is 360 s",
      "gates.memory.limit is 91 %",
      "gates.memory.for is 240 s",
    ])
      expect(text).toContain(said);
  });

  test.each([
    { rule: "approvals", rollout: { approvals: { required: 1 } } },
    { rule: "soak-length", rollout: { soak: "14m" } },
    { rule: "gate-limits", rollout: { gates: { errorRate: { limit: "2%" } } } },
    { rule: "migration-fence", version: "2.0.0", rollout: { migration: validMigration } },
    { rule: "deployment-window", rollout: { windows: closed } },
    {
      rule: "triggers-watched",
      rollout: { guardrails: {}, ...Object.fromEntries(sandboxes) },
    },
  ])("of a config that breaks $rule is refused by it alone", async ({ rule, rollout, version = "1.2.4" }) => {
    await config(version, "5", rollout);
    const { text, found } = await preview();
    expect([...new Set(found.map((one) => one.split(":")[0]))], text).toEqual([rule]);
    expect(text).not.toContain(planted);
  });

  test("says what is recommended, and goes on", async () => {
    await config("1.2.4", "5");
    const advice = (text: string) =>
      new Set([...text.matchAll(/- \[advisory\]\s+(\S+)/g)].map(([, rule]) => rule));
    const bare = await preview("few-pods");
    expect(bare.code, bare.text).toBe(0);
    expect([...advice(bare.text)].toSorted()).toEqual([
      "alert-coverage",
      "digest-images",
      "labels",
      "production-replicas",
      "resource-limits",
    ]);
    expect(advice((await preview("slot-traffic")).text)).toContain("azure-tags");
    await config("1.2.4", "5", { preset: "test", strategy: "canary", strategyReason: "a test" });
    expect(advice((await preview("flag-percentage")).text)).toContain("flag-percentage");
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
