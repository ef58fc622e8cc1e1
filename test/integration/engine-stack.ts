import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { acquireEngine, engineEnv } from "../../src/adapters/engine/acquire.ts";
import { createAutomationEngine } from "../../src/adapters/engine/automation.ts";
import type { Runtime } from "../../src/lib/runtime.ts";
import type { Engine } from "../../src/ports/engine.ts";
import { runInContext } from "../../src/program/context.ts";

const repository = resolve(import.meta.dirname, "../..");
export const passphrase = "planted-passphrase";

/** What `faults.json` of the stand-in provider may say. */
export interface StandInFaults {
  readonly fail?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

/** A project in a folder of its own, on a file backend of its own, with a stand-in for Kubernetes. */
export interface TestStack {
  readonly dir: string;
  readonly projectDir: string;
  readonly pulumi: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the cluster holds, `Kind name` → inputs; undefined where there is no such object. */
  object(name: string): Record<string, unknown> | undefined;
  /** Calls that change the cluster since the last look, in order: `write Kind name`, `delete Kind name`. */
  calls(): readonly string[];
  faults(faults: StandInFaults): void;
  config(config: Readonly<Record<string, unknown>>): void;
  engine(
    main: () => Promise<Record<string, unknown>>,
    options?: {
      readonly secrets?: readonly string[];
      readonly createStack?: boolean;
      readonly pulumi?: string;
    },
  ): Engine;
  /** Runs the CLI in the project's folder; never throws. */
  cli(...args: string[]): Promise<{ readonly code: number; readonly text: string }>;
  stop(): void;
}

export const rolloutConfig = {
  preset: "production",
  service: "atp-ingestion",
  metrics: { kind: "sandbox" },
  health: { kind: "sandbox" },
  lever: { kind: "sandbox" },
};

/** Makes a project with stack `prod`; `source` is what its index.ts holds. */
export async function createTestStack(
  source: string,
  options: { readonly languageHost?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestStack> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-engine-")));
  const projectDir = join(dir, "project");
  const cloud = join(dir, "cloud");
  for (const folder of [projectDir, cloud, join(dir, "state")]) mkdirSync(folder);
  writeProject(projectDir, source);
  const found = await acquireEngine({
    log: () => {},
    env: process.env,
    languageHost: options.languageHost ?? false,
  });
  const { child, port } = await startStandIn(cloud);
  const env = {
    ...engineEnv(found, { home: join(dir, "home") }),
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_DEBUG_PROVIDERS: `kubernetes:${port}`,
    ...options.env,
  };
  const cli = (...args: string[]) => runCli(found.pulumi, args, { cwd: projectDir, env });
  const log = join(cloud, "calls.log");
  let seen = 0;
  return {
    dir,
    projectDir,
    pulumi: found.pulumi,
    env,
    object: (name) => readObject(join(cloud, `${name}.json`)),
    calls: () => {
      const all = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    faults: (faults) => writeFileSync(join(cloud, "faults.json"), JSON.stringify(faults)),
    config: (config) => writeFileSync(join(projectDir, "Pulumi.prod.yaml"), stringify({ config })),
    engine: (main, more) =>
      createAutomationEngine({
        stack: "prod",
        project: "atp",
        projectDir,
        workDir: join(dir, "work"),
        pulumi: found.pulumi,
        env,
        createStack: true,
        program: (context) => runInContext(context, main),
        runtime: systemRuntime(),
        ...more,
      }),
    cli,
    stop: () => {
      child.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function writeProject(projectDir: string, source: string): void {
  const project = {
    name: "atp",
    runtime: { name: "nodejs", options: { typescript: false } },
    main: "index.ts",
  };
  writeFileSync(join(projectDir, "Pulumi.yaml"), stringify(project));
  writeFileSync(join(projectDir, "package.json"), JSON.stringify({ name: "atp", type: "module" }));
  writeFileSync(
    join(projectDir, "index.ts"),
    source
      .replaceAll("pulumi-rollouts/azure", join(repository, "src/azure.ts"))
      .replaceAll("pulumi-rollouts/aks", join(repository, "src/aks.ts"))
      .replaceAll("pulumi-rollouts", join(repository, "src/index.ts")),
  );
  symlinkSync(join(repository, "node_modules"), join(projectDir, "node_modules"));
}

async function startStandIn(cloud: string): Promise<{ readonly child: ChildProcess; readonly port: string }> {
  const script = join(import.meta.dirname, "stand-in-provider.ts");
  const child = spawn(process.execPath, [script, cloud], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<string>((ok, fail) => {
    child.stdout?.once("data", (data) => ok(String(data).trim()));
    child.once("exit", (code) => fail(new Error(`the stand-in provider ended with ${code}`)));
  });
  return { child, port };
}

function readObject(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function runCli(
  pulumi: string,
  args: readonly string[],
  at: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly text: string }> {
  const options = { cwd: at.cwd, env: { ...process.env, ...at.env }, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((done) => {
    execFile(pulumi, [...args, "--non-interactive"], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}\n${stderr}` });
    });
  });
}

function systemRuntime(): Runtime {
  const clock = { now: () => Date.now(), sleep: async (ms: number) => void (await sleep(ms)) };
  const quiet = { info: () => {}, warn: () => {}, debug: () => {} };
  return {
    clock,
    wall: clock,
    random: () => 0.5,
    fetch: globalThis.fetch,
    logger: quiet,
    signal: new AbortController().signal,
  };
}
