import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { acquireEngine, engineEnv } from "../../adapters/engine/acquire.ts";
import { createAutomationEngine } from "../../adapters/engine/automation.ts";
import { createFileRecord } from "../../adapters/record/file-record.ts";
import type { StackConfig } from "../../config/load.ts";
import { anchored } from "../../driver/anchor.ts";
import type { Outcome } from "../../driver/outcome.ts";
import { lastRollout } from "../../driver/resume.ts";
import { type RunOptions, runRollout } from "../../driver/run.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { RolloutError } from "../../errors/errors.ts";
import { journalName } from "../../lib/journal-chain.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { isFlagAlone } from "../../lib/strategies.ts";
import type { Engine } from "../../ports/engine.ts";
import type { RecordStore } from "../../ports/record.ts";
import { sandboxEngine } from "../../sandbox/engine.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import { createSandboxMetrics } from "../../sandbox/metrics.ts";
import { together } from "../../sandbox/observed.ts";
import { createSandbox, type Sandbox } from "../../sandbox/sandbox.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { openGuardrails } from "./guardrails.ts";
import { openCloud } from "./open-cloud.ts";
import type { Program } from "./program.ts";
import { rehearsalFiles } from "./rehearsal-files.ts";
import type { RehearsedCloud } from "./rehearsed-cloud.ts";
import { crashingEngine } from "./rehearsed-crash.ts";
import { faultsOfParts } from "./rehearsed-flags.ts";
import { type MessageServer, rehearsedMessages } from "./rehearsed-messages.ts";
import { binsOf, entryOf, healthyUnder, rehearsedPolicy, watchPorts } from "./rehearsed-policy.ts";
import { releaseKept } from "./rehearsed-release.ts";
import { createStridingClock } from "./striding-clock.ts";

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
  /** Servers on this machine that messages go to; default: they go into the journal alone. */
  readonly messagesTo?: readonly MessageServer[];
  readonly runtime: Runtime;
  /** Progress of getting an engine, for people. */
  readonly log: (line: string) => void;
  readonly observer?: (entry: JournalEntry) => void;
}

/** A stack in a cloud of its own, with a version in service, ready to rehearse rollouts one after another. */
export interface Rehearsal extends Pick<RehearsedCloud, "app" | "nodes" | "flags"> {
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
  const { policy } = options.config;
  const cloudOf = async (): Promise<Pick<Parts, "sandbox" | "cloud">> => {
    const faults = faultsOfParts(options.faults, policy);
    const healthy = healthyUnder(policy);
    const sandbox = createSandbox({
      seed: options.seed,
      startMs,
      faults: faults.service,
      healthy,
      ...binsOf(policy),
      ...entryOf(policy),
    });
    return { sandbox, cloud: await openCloud({ ...options, policy, faults, sandbox, folder }) };
  };
  const { sandbox, cloud } = await cloudOf().catch(async (error: unknown) => {
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
    const once = (version: string) => runRollout(deps, { ...change, version, holder, rehearsed: true });
    const run = async (version: string) => {
      const outcome = await once(version);
      return (await releaseKept(deps, once)) ?? outcome;
    };
    const { app, nodes, flags } = cloud;
    const places = { ...(app ? { app } : {}), ...(nodes ? { nodes } : {}), ...(flags ? { flags } : {}) };
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

interface Parts {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly found: Awaited<ReturnType<typeof acquireEngine>>;
  readonly cloud: RehearsedCloud;
}

async function rehearsalDeps(options: RehearsalOptions, parts: Parts): Promise<DriverDeps> {
  const { config, runtime } = options;
  const { sandbox } = parts;
  const policy = rehearsedPolicy(config.policy);
  const { flags } = parts.cloud;
  // A flag alone has no other requests than its own.
  const alone = isFlagAlone(policy) ? flags : undefined;
  const observed = alone ?? (flags === undefined ? sandbox : together(sandbox, flags));
  const striding = createStridingClock({
    clock: sandbox.clock,
    lookMs: policy.lookSeconds * 1000,
    holdMs: policy.hold.stepSeconds * 1000,
    changes: () => [...sandbox.faults.changes(), ...(flags?.changes() ?? [])],
  });
  const sandboxRuntime: Runtime = { ...runtime, clock: striding.clock };
  const passphrase = `rehearsal-${Math.floor(runtime.random() * 36 ** 9).toString(36)}`;
  const engine = await rehearsalEngine(options, parts, { policy, passphrase, runtime: sandboxRuntime });
  const { faults } = options;
  const state = stateFolder(parts);
  const fragile = crashingEngine(engine, {
    ...{ sandbox, faults, state },
    lever: config.policy.lever.kind,
    project: config.project,
    stack: options.stack,
  });
  const wrapped = sandboxEngine(parts.cloud.wrap(fragile), sandbox);
  return {
    ...anchored({ engine: wrapped, record: rehearsalRecord(options) }),
    ...parts.cloud.ports,
    metrics: (alone && parts.cloud.ports.flag?.metrics) ?? createSandboxMetrics(sandbox),
    ...watchPorts(observed, policy),
    // Never to where the stack's own go: a rehearsal must not page anybody.
    ...(await rehearsedMessages(config.policy, options.messagesTo ?? [], sandboxRuntime)),
    runtime: sandboxRuntime,
    policy,
    secrets: [passphrase],
    observer: (entry) => {
      striding.hear(entry);
      options.observer?.(entry);
    },
  };
}

const stateFolder = ({ folder }: Parts) => join(folder, "state");

/** The real engine, on a backend, home and passphrase of its own. */
async function rehearsalEngine(
  options: RehearsalOptions,
  parts: Parts,
  its: { readonly policy: EnvironmentPolicy; readonly passphrase: string; readonly runtime: Runtime },
): Promise<Engine> {
  const workDir = join(parts.folder, "work");
  const state = stateFolder(parts);
  const home = join(parts.folder, "home");
  await Promise.all([workDir, state, home].map((dir) => mkdir(dir, { recursive: true })));
  for (const [name, content] of Object.entries(await rehearsalFiles(options))) {
    await writeFile(join(workDir, name), stringify(content));
  }
  return createAutomationEngine({
    stack: options.stack,
    project: options.config.project,
    projectDir: workDir,
    workDir,
    pulumi: parts.found.pulumi,
    env: {
      ...engineEnv(parts.found, { home }),
      ...parts.cloud.env,
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: its.passphrase,
    },
    createStack: true,
    ...openGuardrails(its.policy, {
      projectDir: options.projectDir,
      folder: parts.folder,
      engineVersion: parts.found.version,
      // Windows are not asked in a rehearsal, whose time is its own.
      rules: { "deployment-window": "disabled" },
    }),
    runtime: its.runtime,
    secrets: [its.passphrase],
    program: options.program,
  });
}

/** A folder of its own each time, below the project's. */
function rehearsalRecord({ projectDir, config, stack, runtime }: RehearsalOptions): RecordStore {
  const begun = new Date(runtime.wall.now()).toISOString().replace(/[:.]/g, "-");
  return createFileRecord({
    dir: resolve(projectDir, ".rollouts", "rehearsals", `${stack}-${begun}`),
    name: `${journalName({ project: config.project, stack })}/rehearsal`,
    runtime,
  });
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
