import { mkdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { createAutomationEngine } from "../../src/adapters/engine/automation.ts";
import { createDeploymentLever } from "../../src/adapters/lever/deployment.ts";
import { createDeploymentRevisions } from "../../src/adapters/lever/revisions.ts";
import { createFileRecord } from "../../src/adapters/record/file-record.ts";
import { RollingDeployment } from "../../src/components/rolling-deployment.ts";
import { normalizeOrThrow } from "../../src/config/normalize.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import type { Runtime } from "../../src/lib/runtime.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import type { Revisions } from "../../src/ports/revisions.ts";
import { runInContext } from "../../src/program/context.ts";
import { rolloutProgram } from "../../src/program/rollout-program.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { ClusterSite } from "./cluster-stack.ts";
import { mustSucceed } from "./kube-api.ts";

/** The service of these stacks: 6 pods, one more and one fewer at most while they are replaced. */
export const rollingService = "atp-ingestion";

/** A stack whose versions roll: the real engine, provider, API server and lever; requests are made up. */
export interface RollingStack {
  readonly namespace: string;
  readonly deps: DriverDeps;
  readonly revisions: Revisions;
  readonly entries: readonly JournalEntry[];
  /** From now on every request fails, or none. */
  fail(all: boolean): void;
}

let count = 0;

/** What versions of a stack have for a ConfigMap: each its own, as by default, or all the same. */
export interface RollingConfig {
  readonly sharedConfig?: boolean;
}

/** Makes a namespace and a stack of its own with 1.2.3 in service. Versions with `bad` in them never get ready. */
export async function openRollingStack(
  site: ClusterSite,
  { sharedConfig = false }: RollingConfig = {},
): Promise<RollingStack> {
  const namespace = `rolling-${++count}`;
  const dir = join(site.dir, namespace);
  mkdirSync(dir);
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await mustSucceed(site.plane.api, { method: "POST", path: "/api/v1/namespaces", body });
  const written = rolloutOf();
  await writeProject(dir, written);
  const runtime = quietRuntime();
  const metrics = madeUpMetrics();
  const entries: JournalEntry[] = [];
  const config = {
    kind: "http-route" as const,
    namespace,
    route: rollingService,
    kubeconfig: site.plane.kubeconfigPath,
  };
  const revisions = createDeploymentRevisions({ config, deployment: rollingService });
  const leverFor: DriverDeps["leverFor"] = (sides) =>
    createDeploymentLever({ config, deployment: rollingService, sides });
  const health = { candidate: { status: "ok" }, stable: { status: "ok" } } as const;
  const deps: DriverDeps = {
    engine: engineOf(site, { dir, namespace, runtime, sharedConfig }),
    lever: createDeploymentLever({ config, deployment: rollingService, sides: {} }),
    leverFor,
    metrics,
    health: { name: "made up", probe: async () => health },
    record: createFileRecord({ dir: join(dir, "record"), runtime }),
    notify: [],
    runtime,
    // Its Deployment lies where the lever's route would: what is announced for people in need names it.
    policy: { ...normalizeOrThrow({ written, stack: "prod" }), lever: config },
    secrets: [],
    observer: (entry) => entries.push(entry),
  };
  const installed = await deps.engine.up({ target: { kind: "step", version: "1.2.3" } });
  if (!installed.ok) throw new Error(`1.2.3 could not be installed: ${installed.failure.message}`);
  return { namespace, deps, revisions, entries, fail: metrics.fail };
}

function rolloutOf(): Record<string, unknown> {
  return {
    preset: "test",
    service: rollingService,
    soak: "8s",
    look: "1s",
    drain: "1s",
    hold: { step: "1s", maxFactor: 20 },
    timeouts: { rollout: "60s", confirm: "20s", verify: "20s", afterRevert: "2s" },
    gates: {
      window: "1s",
      minRequests: 10,
      errorRate: { limit: "1%", for: "2s" },
      p95: { limit: "500ms", for: "2s" },
      exceptions: { limit: 10, window: "8s" },
      // Windows of one second: the hard limits are what is tried here.
      evidence: false,
    },
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: { kind: "sandbox" },
  };
}

async function writeProject(dir: string, rollout: Record<string, unknown>): Promise<void> {
  for (const name of ["project", "state", "home", "record"]) await mkdir(join(dir, name));
  const project = { name: "atp", runtime: { name: "nodejs", options: { typescript: false } } };
  await writeFile(join(dir, "project", "Pulumi.yaml"), stringify(project));
  const config = { "atp:version": "1.2.3", "atp:rollout": rollout };
  await writeFile(join(dir, "project", "Pulumi.prod.yaml"), stringify({ config }));
}

function engineOf(
  site: ClusterSite,
  at: {
    readonly dir: string;
    readonly namespace: string;
    readonly runtime: Runtime;
    readonly sharedConfig: boolean;
  },
): DriverDeps["engine"] {
  const { dir, namespace, runtime, sharedConfig } = at;
  const passphrase = "rolling-test-passphrase";
  const main = rolloutProgram(async (rollout) => {
    new RollingDeployment(rollingService, {
      rollout,
      namespace,
      image: "atp.example/ingestion",
      port: 8080,
      replicas: 6,
      config: { RELEASE: sharedConfig ? "any" : rollout.version },
      // More than any node has: such pods wait for ever, as those of an image that can't be pulled.
      ...(rollout.version.includes("bad") ? { resources: { requests: { cpu: "5000" } } } : {}),
      route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
      rolling: { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 1, progressDeadlineSeconds: 12 },
      transform: {
        service: (args) => ({
          ...args,
          metadata: { ...args.metadata, annotations: { "pulumi.com/skipAwait": "true" } },
        }),
      },
    });
    return rollout.outputs();
  });
  return createAutomationEngine({
    stack: "prod",
    project: "atp",
    projectDir: join(dir, "project"),
    workDir: join(dir, "project"),
    pulumi: site.pulumi,
    env: {
      ...site.engineEnv(join(dir, "home")),
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
    },
    createStack: true,
    runtime,
    secrets: [passphrase],
    program: async (context) => runInContext(context, main),
  });
}

/** A hundred requests a second of the service as a whole; from the moment it is asked to, all of them fail. */
function madeUpMetrics(): Metrics & { fail(all: boolean): void } {
  let failsFromMs = Number.POSITIVE_INFINITY;
  return {
    name: "made up",
    fail: (all) => {
      failsFromMs = all ? Date.now() : Number.POSITIVE_INFINITY;
    },
    observe: async ({ sinceMs, nowMs, thresholdsMs }) => {
      const slow = Object.fromEntries(thresholdsMs.map((threshold) => [threshold, 0]));
      const first = Math.ceil(sinceMs / 1_000);
      const seconds = Math.max(0, Math.floor(nowMs / 1_000) - first);
      const bins = Array.from({ length: seconds }, (_, index) => {
        const startMs = (first + index) * 1_000;
        const errors = startMs + 1_000 > failsFromMs ? 100 : 0;
        return { startMs, n: 100, errors, slow, exceptions: 0, weightSquared: 100 };
      });
      const watermarkMs = Math.floor(nowMs / 1_000) * 1_000;
      return { status: "value", binMs: 1_000, watermarkMs, candidate: { bins: [] }, stable: { bins } };
    },
  };
}

function quietRuntime(): Runtime {
  const quiet = { info: () => {}, warn: () => {}, debug: () => {} };
  return {
    clock: wallClock,
    wall: wallClock,
    random: () => Math.random(),
    fetch: globalThis.fetch,
    logger: quiet,
    signal: new AbortController().signal,
  };
}
