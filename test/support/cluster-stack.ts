import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { acquireEngine, engineEnv } from "../../src/adapters/engine/acquire.ts";
import type { Outcome } from "../../src/driver/outcome.ts";
import { runRollout } from "../../src/driver/run.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import { clusterPart } from "../../tools/cluster-parts.ts";
import { unwatched } from "./builders.ts";
import { openDriver, passphrase, type StackSpec, writeProject } from "./cluster-driver.ts";
import { candidate, type ProgramOptions, service } from "./cluster-program.ts";
import { type RouteWatcher, watchRoute } from "./cluster-watch.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { followRoute, type RouteFollower } from "./follow-route.ts";
import { type Haproxy, startHaproxy } from "./haproxy.ts";
import { type HttpService, startHttpServices } from "./http-service.ts";
import { mustSucceed } from "./kube-api.ts";
import { waitUntil } from "./process.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";

/** What the tests of one file share: a control plane, and the programs that stacks run on. */
export interface ClusterSite {
  readonly plane: ControlPlane;
  readonly dir: string;
  readonly pulumi: string;
  /** Environment of every engine: the real Kubernetes provider, on this control plane. */
  readonly engineEnv: (home: string) => Record<string, string>;
  stop(): Promise<void>;
}

/** Gets engine and provider (cached), and starts a control plane in a folder of its own. */
export async function startClusterSite(log: (line: string) => void): Promise<ClusterSite> {
  const context = { env: process.env, log };
  const found = await acquireEngine(context);
  const provider = await clusterPart("pulumi-resource-kubernetes", context);
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-cluster-")));
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  try {
    mkdirSync(join(dir, "plane"));
    const plane = await startControlPlane({ dir: join(dir, "plane"), log });
    return {
      plane,
      dir,
      pulumi: found.pulumi,
      engineEnv: (home) => ({
        ...engineEnv(found, { home, folders: [dirname(provider.path)] }),
        KUBECONFIG: plane.kubeconfigPath,
      }),
      stop: async () => {
        await plane.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The time-outs of all stacks, as they stand in config. */
export const shortTimeouts = { rollout: "60s", confirm: "20s", verify: "20s", afterRevert: "2s" } as const;

/** What a test changes of its stack. */
export interface StackOptions extends Partial<Omit<ProgramOptions, "namespace">> {
  /** Merged over the rollout config of all tests. */
  readonly rollout?: Readonly<Record<string, unknown>>;
}

/** One stack with its traffic: the real engine, provider, route, balancer, Prometheus and driver. */
export interface ClusterStack {
  readonly namespace: string;
  readonly spec: StackSpec;
  /** `spec` as a file, for a driver in a process of its own. */
  readonly specFile: string;
  /** One driver's ports; every test process uses one. */
  readonly deps: DriverDeps;
  /** Every journal entry that the driver of this process wrote, as it was written. */
  readonly entries: readonly JournalEntry[];
  /** The services that stand in for the pods of each side. */
  readonly stable: HttpService;
  readonly candidate: HttpService;
  readonly haproxy: Haproxy;
  readonly prometheus: Prometheus;
  /** Feeds the balancer, and knows when a weight was in force there. */
  readonly follower: RouteFollower;
  readonly watcher: RouteWatcher;
  /** Drives a version in this process. */
  run(version: string): Promise<Outcome>;
  /** Asks the driver in flight to turn back. */
  abort(): Promise<void>;
  /** Resolves with the first entry written that is as wanted; throws what it waited for. */
  entry(what: string, wanted: (entry: JournalEntry) => boolean, timeoutMs?: number): Promise<JournalEntry>;
  stop(): Promise<void>;
}

let count = 0;

/** Makes a namespace and a stack of its own, and puts `baseline` in service. */
export async function openStack(
  site: ClusterSite,
  { rollout, ...program }: StackOptions = {},
  baseline = "1.2.3",
): Promise<ClusterStack> {
  const namespace = `atp-${++count}`;
  const dir = join(site.dir, namespace);
  mkdirSync(dir);
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.toReversed()) await one();
  };
  try {
    const traffic = await startTraffic({ site, namespace, dir }, stops);
    const spec = specOf({ site, namespace, dir }, { traffic, program, rollout: rollout ?? {} });
    await writeProject(spec);
    const specFile = join(dir, "spec.json");
    writeFileSync(specFile, JSON.stringify(spec));
    const entries: JournalEntry[] = [];
    const deps = openDriver(spec, (entry) => entries.push(entry));
    const installed = await deps.engine.up({ target: { kind: "step", version: baseline } });
    if (!installed.ok) throw new Error(`${baseline} could not be installed: ${installed.failure.message}`);
    await traffic.follower.waitFor({ [service]: 100 });
    return { namespace, spec, specFile, deps, entries, ...traffic, ...handles(deps, entries), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Place {
  readonly site: ClusterSite;
  readonly namespace: string;
  readonly dir: string;
}
type Traffic = Pick<ClusterStack, "stable" | "candidate" | "haproxy" | "prometheus" | "follower" | "watcher">;

async function startTraffic(
  { site, namespace, dir }: Place,
  stops: (() => Promise<unknown>)[],
): Promise<Traffic> {
  const { plane } = site;
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await mustSucceed(plane.api, { method: "POST", path: "/api/v1/namespaces", body });
  // Their version label says the side: which version a side runs is the stack's business.
  const hosted = await startHttpServices([
    { app: service, version: "stable" },
    { app: service, version: "canary" },
  ]);
  stops.push(hosted.stop);
  const [stable, canary] = hosted.services as [HttpService, HttpService];
  const haproxy = await startHaproxy({
    dir,
    servers: { [service]: stable.port, [candidate]: canary.port },
    weights: { [service]: 100, [candidate]: 0 },
  });
  stops.push(haproxy.stop);
  const prometheus = await startPrometheus({ dir, targets: [stable.port, canary.port] });
  stops.push(prometheus.stop);
  const follower = followRoute({
    kubeconfigPath: plane.kubeconfigPath,
    api: plane.api,
    namespace,
    name: service,
    // A backend that is gone from the route gets nothing.
    apply: (weights) => haproxy.setWeights({ [service]: 0, [candidate]: 0, ...weights }),
    log: (line) => console.error(line),
  });
  stops.push(follower.stop);
  const watcher = watchRoute(plane, { namespace, route: service, candidate });
  stops.push(watcher.stop);
  return { stable, candidate: canary, haproxy, prometheus, follower, watcher };
}

function specOf(
  { site, namespace, dir }: Place,
  parts: {
    readonly traffic: Traffic;
    readonly program: Partial<ProgramOptions>;
    readonly rollout: Readonly<Record<string, unknown>>;
  },
): StackSpec {
  const { stable, candidate: canary, prometheus } = parts.traffic;
  const health = (side: HttpService) => [`${side.url}/health/ready`, `${side.url}/health/live`];
  return {
    dir,
    pulumi: site.pulumi,
    env: {
      ...site.engineEnv(join(dir, "home")),
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
    },
    program: {
      replicas: 4,
      minReadySeconds: 1,
      progressDeadlineSeconds: 12,
      awaitServices: false,
      ...parts.program,
      namespace,
    },
    rollout: {
      preset: "production",
      service,
      approvals: { required: 0, cab: false },
      windows: { rules: [] },
      promotedIn: false,
      checklist: false,
      soak: "3s",
      look: "1s",
      drain: "2s",
      hold: { step: "1s", maxFactor: 20 },
      timeouts: shortTimeouts,
      gates: {
        window: "1s",
        minRequests: 10,
        errorRate: { limit: "1%", for: "2s" },
        p95: { limit: "500ms", for: "2s" },
        exceptions: { limit: 10, window: "12s" },
        health: { tries: 3, timeout: "1s" },
        // Windows of two seconds hold no proof: the hard limits are what is tried here.
        evidence: false,
      },
      slo: false,
      watch: unwatched,
      metrics: { kind: "prometheus", url: prometheus.url, cohort: { stable: "stable", candidate: "canary" } },
      health: { kind: "http", candidate: health(canary), stable: health(stable) },
      lever: { kind: "http-route", namespace, kubeconfig: site.plane.kubeconfigPath },
      record: { kind: "file", dir: "record" },
      ...parts.rollout,
    },
  };
}

function handles(
  deps: DriverDeps,
  entries: readonly JournalEntry[],
): Pick<ClusterStack, "run" | "abort" | "entry"> {
  return {
    run: (version) => runRollout(deps, { version, holder: `test pid ${process.pid}` }),
    abort: async () => {
      const rolloutId = entries.findLast(({ kind }) => kind === "begin")?.rolloutId ?? "";
      const at = new Date().toISOString();
      await deps.record.requests.submit({ kind: "abort", by: "test", reason: "asked to", at, rolloutId });
    },
    entry: async (what, wanted, timeoutMs = 120_000) => {
      const from = entries.length;
      const found = () => entries.slice(from).find((entry) => wanted(entry) || entry.kind === "end");
      const ready = async () => {
        if (found() !== undefined) return true;
        const last = entries.at(-1);
        throw new Error(`the last entry is ${last?.kind} in ${last?.state}: ${JSON.stringify(last?.data)}`);
      };
      await waitUntil({ what, timeoutMs, pollMs: 5, ready });
      const entry = found() as JournalEntry;
      if (wanted(entry)) return entry;
      throw new Error(`${what} never came, the rollout is over: ${JSON.stringify(entry.data)}`);
    },
  };
}
