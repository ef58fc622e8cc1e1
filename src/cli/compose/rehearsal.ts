import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { acquireEngine, engineEnv } from "../../adapters/engine/acquire.ts";
import { createAutomationEngine } from "../../adapters/engine/automation.ts";
import { createFileRecord } from "../../adapters/record/file-record.ts";
import type { StackConfig } from "../../config/load.ts";
import type { Outcome } from "../../driver/outcome.ts";
import { lastRollout } from "../../driver/resume.ts";
import { type RunOptions, runRollout } from "../../driver/run.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { sandboxEngine } from "../../sandbox/engine.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import { createSandboxGauges } from "../../sandbox/gauges.ts";
import { createSandboxIntegrity } from "../../sandbox/integrity.ts";
import { createSandboxMetrics } from "../../sandbox/metrics.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../../sandbox/sandbox.ts";
import { type Healthy, usual } from "../../sandbox/telemetry.ts";
import { createSandboxTotals } from "../../sandbox/totals.ts";
import { assertFaultsWatched, watchedBySandbox } from "../../sandbox/watched.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { Program } from "./program.ts";
import { rehearsalFiles } from "./rehearsal-files.ts";
import type { RehearsedCloud } from "./rehearsed-cloud.ts";
import { openCluster } from "./rehearsed-cluster.ts";
import { assertChecksExist } from "./rehearsed-validation.ts";

export interface RehearsalOptions {
  readonly projectDir: string;
  readonly stack: string;
  readonly config: StackConfig;
  readonly program: Program;
  /** What the version brings; `config.policy` is the change's already. */
  readonly change?: NonNullable<RunOptions["change"]>;
  /** Version that is in service before. */
  readonly baseline: string;
  readonly faults: readonly FaultSpec[];
  readonly seed: number;
  readonly runtime: Runtime;
  /** Progress of getting an engine, for people. */
  readonly log: (line: string) => void;
  readonly observer?: (entry: JournalEntry) => void;
}

/** A stack in a cloud of its own, with a version in service, ready to rehearse rollouts one after another. */
export interface Rehearsal extends Pick<RehearsedCloud, "app" | "nodes"> {
  readonly sandbox: Sandbox;
  run(version: string): Promise<Outcome>;
  /** Takes back by hand what is held, as `rollouts rollback` does where no driver is alive. */
  rollback(reason: string): Promise<Outcome>;
  /** Removes the sandbox; the journal stays. */
  close(): Promise<void>;
}

/**
 * Builds the sandbox of one stack: the real engine on a backend, home and passphrase of its own, the real program
 * and driver, and a cloud in memory. Nothing of the user's login, plugins, state or cloud is touched; approvals
 * and channels are replaced, and marked in the journal.
 */
export async function openRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  const folder = await mkdtemp(join(tmpdir(), "rollouts-rehearsal-"));
  // Time starts on a whole minute in the future of nothing: bins and times read well.
  const startMs = Math.ceil(options.runtime.wall.now() / 60_000) * 60_000;
  const healthy = healthyUnder(options.config.policy);
  const sandbox = createSandbox({
    seed: options.seed,
    startMs,
    faults: options.faults,
    healthy,
    ...entryOf(options.config.policy),
  });
  const cloud = await openCloud(options, { sandbox, folder }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const close = async () => {
    await cloud.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    // After the cloud: what can't be rehearsed says so before an engine is built.
    const found = await acquireEngine({ log: (line) => options.log(line), env: process.env });
    const deps = await rehearsalDeps(options, { sandbox, folder, found, cloud });
    await install(deps, options.baseline);
    const change = options.change === undefined ? {} : { change: options.change };
    const run = (version: string) => runRollout(deps, { ...change, version, holder, rehearsed: true });
    const { app, nodes } = cloud;
    const places = { ...(app ? { app } : {}), ...(nodes ? { nodes } : {}) };
    return { sandbox, ...places, run, rollback: (reason) => rollback(deps, reason), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const holder = `rehearsal pid ${process.pid}`;

async function rollback(deps: DriverDeps, reason: string): Promise<Outcome> {
  const { requests, journal } = deps.record;
  const recorded = lastRollout(await journal.read());
  const version = recorded?.plan.to ?? "";
  const at = new Date(deps.runtime.clock.now()).toISOString();
  const rolloutId = recorded?.rolloutId ?? "";
  await requests.submit({ kind: "abort", by: "rehearsal", reason, at, rolloutId });
  return await runRollout(deps, { version, holder, rehearsed: true, onlyResume: true });
}

/** In memory as a cluster; on loopback as App Service, where the policy has slots, or as a cluster of node pools. */
async function openCloud(
  { config: { policy }, baseline, faults, runtime }: RehearsalOptions,
  parts: Pick<Parts, "sandbox" | "folder">,
): Promise<RehearsedCloud> {
  assertChecksExist(faults, policy.validate, runtime);
  assertFaultsWatched(faults, policy.watch);
  const { lever } = policy;
  const options = { ...parts, policy, baseline, faults, runtime };
  if (lever.kind === "node-pools") {
    const { openNodePoolsCloud } = await import("./rehearsed-node-pools.ts");
    return await openNodePoolsCloud(options, lever);
  }
  if (lever.kind !== "app-service-slot") return await openCluster(options);
  const { openAppService } = await import("./rehearsed-app-service.ts");
  return await openAppService(options, lever);
}

interface Parts {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly found: Awaited<ReturnType<typeof acquireEngine>>;
  readonly cloud: RehearsedCloud;
}

async function rehearsalDeps(options: RehearsalOptions, parts: Parts): Promise<DriverDeps> {
  const { config, stack, runtime } = options;
  const { sandbox } = parts;
  const policy = rehearsedPolicy(config.policy);
  const sandboxRuntime: Runtime = { ...runtime, clock: sandbox.clock };
  const workDir = join(parts.folder, "work");
  const state = join(parts.folder, "state");
  const home = join(parts.folder, "home");
  await Promise.all([workDir, state, home].map((dir) => mkdir(dir, { recursive: true })));
  for (const [name, content] of Object.entries(await rehearsalFiles(options))) {
    await writeFile(join(workDir, name), stringify(content));
  }
  const passphrase = `rehearsal-${Math.floor(runtime.random() * 36 ** 9).toString(36)}`;
  const engine = createAutomationEngine({
    stack,
    project: config.project,
    projectDir: workDir,
    workDir,
    pulumi: parts.found.pulumi,
    env: {
      ...engineEnv(parts.found, { home }),
      ...parts.cloud.env,
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
    },
    createStack: true,
    runtime: sandboxRuntime,
    secrets: [passphrase],
    program: options.program,
  });
  const dir = resolve(
    options.projectDir,
    ".rollouts",
    "rehearsals",
    `${stack}-${new Date(runtime.wall.now()).toISOString().replace(/[:.]/g, "-")}`,
  );
  return {
    engine: sandboxEngine(parts.cloud.wrap(engine), sandbox),
    ...parts.cloud.ports,
    metrics: createSandboxMetrics(sandbox),
    ...watchPorts(sandbox, policy),
    record: createFileRecord({ dir, runtime }),
    // Messages go nowhere but into the journal: a rehearsal must not page anybody.
    notify: [{ name: "rehearsed", send: async () => {} }],
    runtime: sandboxRuntime,
    policy,
    secrets: [passphrase],
    ...(options.observer ? { observer: options.observer } : {}),
  };
}

/** Whatever the stack is watched by, here the sandbox is what is watched. */
function watchPorts(
  sandbox: Sandbox,
  { watch, gates }: EnvironmentPolicy,
): Pick<DriverDeps, "gauges" | "reviews" | "integrity" | "queueLag" | "totals"> {
  return {
    ...createSandboxGauges(sandbox, watch, gates.gauges),
    ...(watch.integrity === undefined ? {} : { integrity: createSandboxIntegrity(sandbox) }),
    totals: createSandboxTotals(sandbox, gates.slo),
  };
}

/** Where requests come in, if not by the routes that the program makes. */
function entryOf({ lever }: EnvironmentPolicy): Pick<SandboxOptions, "sharedService"> {
  return lever.kind === "replica-ratio" ? { sharedService: lever.service } : {};
}

/** A healthy service keeps its stack's own limits: where any error turns back, it makes none. */
function healthyUnder({ gates }: EnvironmentPolicy): Healthy {
  return {
    errorsPpm: gates.errorRate.limitPercent * 10_000 < usual.errorsPpm ? 0 : usual.errorsPpm,
    exceptions: gates.exceptions.limit < usual.exceptions ? 0 : usual.exceptions,
  };
}

/** The stack's own policy, with the sandbox as its cloud. */
function rehearsedPolicy(policy: EnvironmentPolicy): EnvironmentPolicy {
  const { lever } = policy;
  return {
    ...policy,
    ...watchedBySandbox(policy),
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    // Pools are the plan's own steps, and pods no weights; the cloud that they are in is the sandbox's all the same.
    lever: lever.kind === "node-pools" || lever.kind === "replica-ratio" ? lever : { kind: "sandbox" },
  };
}

/** Puts the baseline version in service, as a first install does. */
async function install({ engine }: DriverDeps, version: string): Promise<void> {
  const result = await engine.up({ target: { kind: "step", version } });
  if (result.ok) return;
  throw new RolloutError(`The rehearsal could not install ${version}: ${result.failure.message}`, {
    code: "rehearsal-install-failed",
    exit: result.failure.kind === "program" ? "config" : "error",
    hint: "The program, its packages or its config don't work in the sandbox: docs/sandbox.md lists what it serves.",
  });
}
