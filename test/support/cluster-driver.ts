import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { createAutomationEngine } from "../../src/adapters/engine/automation.ts";
import { createHttpHealth } from "../../src/adapters/health/http-health.ts";
import { createHttpRouteLever } from "../../src/adapters/lever/http-route.ts";
import { createPrometheusMetrics } from "../../src/adapters/metrics/prometheus.ts";
import { createFileRecord } from "../../src/adapters/record/file-record.ts";
import { createValidation } from "../../src/adapters/validation/validation.ts";
import { normalizeOrThrow } from "../../src/config/normalize.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import type { Runtime } from "../../src/lib/runtime.ts";
import { wallClock } from "../../src/lib/wall-clock.ts";
import { runInContext } from "../../src/program/context.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { candidate, clusterProgram, type ProgramOptions, service } from "./cluster-program.ts";

export const passphrase = "cluster-test-passphrase";

/** One stack as plain data: everything that a driver needs, in this process or another. */
export interface StackSpec {
  /** Folder of the stack's project, state, record and engine home. */
  readonly dir: string;
  /** Absolute path of `pulumi`, and the environment that it runs in. */
  readonly pulumi: string;
  readonly env: Readonly<Record<string, string>>;
  readonly program: ProgramOptions;
  /** `atp:rollout` as it stands in the stack's file. */
  readonly rollout: Readonly<Record<string, unknown>>;
}

/** Folder of the project, which is the engine's work folder too. */
export function projectDir({ dir }: StackSpec): string {
  return join(dir, "project");
}

/** Writes the stack's files and makes its folders. */
export async function writeProject(spec: StackSpec): Promise<void> {
  const folders = ["project", "state", "home", "record"].map((name) => join(spec.dir, name));
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  const project = { name: "atp", runtime: { name: "nodejs", options: { typescript: false } } };
  await writeFile(join(projectDir(spec), "Pulumi.yaml"), stringify(project));
  const config = { "atp:version": "1.2.3", "atp:rollout": spec.rollout };
  await writeFile(join(projectDir(spec), "Pulumi.prod.yaml"), stringify({ config }));
}

/** The driver of a stack with the real adapters: engine, route, Prometheus, health over HTTP, files. */
export function openDriver(spec: StackSpec, observer?: (entry: JournalEntry) => void): DriverDeps {
  const policy = normalizeOrThrow({ written: spec.rollout, stack: "prod" });
  const runtime = testRuntime();
  const main = clusterProgram(spec.program);
  return {
    engine: createAutomationEngine({
      stack: "prod",
      project: "atp",
      projectDir: projectDir(spec),
      workDir: projectDir(spec),
      pulumi: spec.pulumi,
      env: spec.env,
      createStack: true,
      runtime,
      secrets: [passphrase],
      program: async (context) => runInContext(context, main),
    }),
    ...sourcesOf(policy, runtime),
    record: createFileRecord({ dir: join(spec.dir, "record"), runtime }),
    notify: [{ name: "test", kind: "test", for: "all", send: async () => ({ status: "sent" }) }],
    runtime,
    policy,
    secrets: [passphrase],
    ...(observer ? { observer } : {}),
  };
}

function sourcesOf(
  { lever, metrics, health, validate, timeouts }: EnvironmentPolicy,
  runtime: Runtime,
): Pick<DriverDeps, "lever" | "metrics" | "health" | "validation"> {
  if (lever.kind !== "http-route" || metrics.kind !== "prometheus" || health.kind !== "http") {
    throw new Error("a cluster test drives the real route, Prometheus and health");
  }
  return {
    lever: createHttpRouteLever({ config: lever, names: { stable: service, candidate }, runtime }),
    // Scraped each second: a bin is complete after two scrapes.
    metrics: createPrometheusMetrics({ config: metrics, runtime, binMs: 1_000, lagMs: 2_000 }),
    health: createHttpHealth({ config: health, runtime, pauseMs: 200 }),
    validation: createValidation({
      config: validate,
      runtime,
      warmUpSeconds: timeouts.confirmSeconds,
      baseUrl: async () => new URL(health.candidate[0] ?? "").origin,
      cwd: ".",
      env: {},
      openCredential: () => Promise.reject(new Error("no cluster test has an Azure identity")),
    }),
  };
}

function testRuntime(): Runtime {
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
