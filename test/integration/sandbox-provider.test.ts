import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Deployment, type DeploymentArgs } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import {
  type EngineEvent,
  LocalWorkspace,
  PulumiCommand,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { all, secret } from "@pulumi/pulumi/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acquireEngine } from "../../src/adapters/engine/acquire.ts";
import { parseFault } from "../../src/sandbox/faults.ts";
import { createSandboxLever } from "../../src/sandbox/lever.ts";
import type { Manifest } from "../../src/sandbox/manifest.ts";
import { type ProviderServer, serveSandbox } from "../../src/sandbox/provider-server.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { deployment, MINUTE, names, ref, route, START_MS, service } from "../unit/sandbox/world.ts";

const PLANTED = "hunter2-planted-secret";

/** What the program renders: changed between updates. */
interface Wanted {
  readonly weights?: readonly [number, number?];
  readonly candidate?: boolean;
  readonly candidateReplicas?: number;
  readonly job?: boolean;
}

let dir: string;
let sandbox: Sandbox;
let server: ProviderServer;
let stack: Stack;
let wanted: Wanted = {};

/** The shape of a canary: workloads first, the route after them. */
async function program(): Promise<void> {
  const { weights = [100], candidate = false, job = false } = wanted;
  const password = new Secret("password", {
    metadata: { name: "ingestion", namespace: names.namespace },
    stringData: { password: secret(PLANTED) },
  });
  const behind = [...side("stable"), ...(candidate ? side("canary") : [])];
  const made = new CustomResource(
    "route",
    { ...(route(...weights) as typeof routeArgs) },
    { dependsOn: behind },
  );
  if (job) new CustomResource("job", { apiVersion: "batch/v1", kind: "Job", metadata: { name: "job" } });
  all([made.id, password.id]).apply(() => undefined);
}

const routeArgs = { apiVersion: "", kind: "" };

function side(which: "stable" | "canary"): readonly (Deployment | Service)[] {
  const replicas = which === "stable" ? 3 : (wanted.candidateReplicas ?? 1);
  return [
    new Service(which, service(which) as object),
    new Deployment(which, deployment(which, { replicas }) as object as DeploymentArgs),
  ];
}

/** An update with the provider's own faults shown as text. */
async function up(
  next: Wanted,
  options: { refresh?: boolean } = {},
): Promise<Readonly<Record<string, number>>> {
  wanted = next;
  const result = await stack.up(options);
  return (result.summary.resourceChanges ?? {}) as Readonly<Record<string, number>>;
}

async function failedUp(next: Wanted): Promise<string> {
  wanted = next;
  const messages: string[] = [];
  const onEvent = (event: EngineEvent): void => {
    // The SDK's own debug lines carry inputs in the clear.
    if (event.diagnosticEvent?.severity === "error") messages.push(event.diagnosticEvent.message);
  };
  await expect(stack.up({ onEvent })).rejects.toThrow();
  return messages.join("\n");
}

const liveRoute = (): Manifest | undefined => sandbox.cloud.get(ref("HTTPRoute", names.route))?.manifest;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sandbox-provider-"));
  const workDir = join(dir, "work");
  for (const folder of ["work", "home", "state"]) await mkdir(join(dir, folder));
  await writeFile(join(workDir, "Pulumi.yaml"), "name: sandbox-provider\nruntime: nodejs\n");
  const engine = await acquireEngine({ log: () => undefined, env: process.env });
  sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [parseFault("crashloop@50")] });
  server = await serveSandbox(sandbox);
  stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "dev", projectName: "sandbox-provider", program },
    {
      workDir,
      pulumiCommand: await PulumiCommand.get({ root: engine.root, skipVersionCheck: true }),
      envVars: {
        PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
        PULUMI_HOME: join(dir, "home"),
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...server.env,
      },
    },
  );
});

afterAll(async () => {
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

// One stack's life, in order: each test goes on from where the one before it left the cloud.
describe("a real engine on the sandbox", () => {
  it("previews without touching the cloud", async () => {
    const { changeSummary } = await stack.preview();
    expect(changeSummary).toEqual({ create: 5 });
    expect(sandbox.cloud.list()).toEqual([]);
  });

  it("creates everything; the Deployment is awaited in virtual time", async () => {
    const startedAt = performance.now();
    expect(await up({})).toEqual({ create: 5 });
    expect(sandbox.clock.now() - START_MS).toBe(45_000);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(sandbox.cloud.status(ref("Deployment", names.stable))).toMatchObject({ ready: 3, complete: true });
    expect(sandbox.cloud.violations).toEqual([]);
  });

  it("does nothing for the same program, also after a refresh", async () => {
    expect(await up({})).toEqual({ same: 5 });
    expect(await up({}, { refresh: true })).toEqual({ same: 5 });
  });

  it("keeps a secret a secret in the state, and gives it to the cloud", async () => {
    const kept = join(dir, "state", ".pulumi", "stacks", "sandbox-provider", "dev.json");
    const text = await readFile(kept, "utf8");
    expect(text).toContain("password");
    expect(text).not.toContain(PLANTED);
    expect(sandbox.cloud.get(ref("Secret", "ingestion"))?.manifest["stringData"]).toEqual({
      password: PLANTED,
    });
  });

  it("brings the candidate up and moves a weight in place", async () => {
    expect(await up({ candidate: true, weights: [95, 5] })).toEqual({ create: 2, same: 4, update: 1 });
    await sandbox.clock.advance(1_000);
    expect(await up({ candidate: true, weights: [80, 20] })).toEqual({ same: 6, update: 1 });
    await sandbox.clock.advance(1_000);
    expect(sandbox.routeHistory.map((entry) => entry.exposure)).toEqual([0, 5, 20]);
    expect(sandbox.cloud.violations).toEqual([]);
  });

  it("fails an ordinary update after the lever with a conflict, and the lever's weights stay", async () => {
    await createSandboxLever(sandbox, names).setExposure(0);
    const said = await failedUp({ candidate: true, weights: [60, 40] });
    expect(said).toContain("Server-Side Apply field conflict detected");
    expect(said).toContain('conflict with "rollouts-lever" using gateway.networking.k8s.io/v1: .spec.rules');
    expect(liveRoute()).toEqual(route(100, 0));
  });

  it("sees the lever's drift in a refresh", async () => {
    const { summary } = await stack.refresh();
    expect(summary.resourceChanges).toMatchObject({ same: 6, update: 1 });
    const { deployment: state } = await stack.exportStack();
    const stored = state.resources.find((resource: { urn: string }) => resource.urn.endsWith("::route"));
    expect(stored.inputs.spec).toEqual(route(100, 0)["spec"]);
  });

  it("converges with force, and later updates need none", async () => {
    sandbox.cloud.setForce(true);
    expect(await up({ candidate: true, weights: [95, 5] })).toEqual({ same: 6, update: 1 });
    sandbox.cloud.setForce(false);
    expect(liveRoute()).toEqual(route(95, 5));
    expect(await up({ candidate: true, weights: [80, 20] })).toEqual({ same: 6, update: 1 });
  });

  it("keeps a Deployment that crash-loops, with its reasons, and forgets them once it lives", async () => {
    sandbox.announce(50);
    const beforeMs = sandbox.clock.now();
    const said = await failedUp({ candidate: true, candidateReplicas: 2, weights: [50, 50] });
    expect(said).toContain("failed to fully initialize or become live");
    expect(said).toContain("CrashLoopBackOff");
    // A mere scale-up: the provider's own 10 minutes, not the Deployment's progress deadline.
    expect(sandbox.clock.now() - beforeMs).toBe(10 * MINUTE);
    expect(liveRoute()).toEqual(route(80, 20));
    const { deployment: state } = await stack.exportStack();
    const stored = state.resources.find((resource: { urn: string }) =>
      resource.urn.endsWith("Deployment::canary"),
    );
    expect(stored.initErrors.join()).toContain("CrashLoopBackOff");
    expect(await up({ candidate: true, weights: [80, 20] }, { refresh: true })).toMatchObject({ update: 1 });
    const after = (await stack.exportStack()).deployment.resources;
    expect(after.filter((resource: { initErrors?: unknown }) => resource.initErrors !== undefined)).toEqual(
      [],
    );
  });

  it("refuses a kind that it doesn't serve before anything is done", async () => {
    const said = await failedUp({ candidate: true, weights: [80, 20], job: true });
    expect(said).toContain("The sandbox does not serve batch/v1/Job. It serves: apps/v1/Deployment");
  });

  it("takes the candidate away and deletes everything, with no object left", async () => {
    expect(await up({ weights: [100] })).toMatchObject({ delete: 2, update: 1 });
    await stack.destroy();
    expect(sandbox.cloud.list()).toEqual([]);
  });

  it("leaves no port and no handler behind", async () => {
    const handlers = process.listenerCount("uncaughtException");
    const second = await serveSandbox(sandbox);
    expect(second.port).not.toBe(server.port);
    expect(process.listenerCount("uncaughtException")).toBe(handlers);
    second.close();
    const reuse = createServer();
    await new Promise<void>((resolve, reject) => {
      reuse.once("error", reject);
      reuse.listen(second.port, "127.0.0.1", resolve);
    });
    await new Promise((resolve) => reuse.close(resolve));
  });

  it("lets its process end once it is closed", async () => {
    const from = (file: string): string =>
      JSON.stringify(new URL(`../../src/sandbox/${file}`, import.meta.url).href);
    const script = join(dir, "serve-and-close.ts");
    await writeFile(
      script,
      `import { createSandbox } from ${from("sandbox.ts")};
       import { serveSandbox } from ${from("provider-server.ts")};
       (await serveSandbox(createSandbox({ seed: 1, startMs: 0, faults: [] }))).close();
       console.log("closed");`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
    expect(stdout.trim()).toBe("closed");
  });
});
