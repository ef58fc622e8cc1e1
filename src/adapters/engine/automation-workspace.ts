import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { PulumiCommand, Stack } from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import { RolloutError } from "../../errors/errors.ts";

/** Where an engine works. */
export interface WorkspaceOptions {
  readonly stack: string;
  readonly project: string;
  /** Folder of the user's Pulumi.yaml and Pulumi.<stack>.yaml. Only read. */
  readonly projectDir: string;
  /** Folder of ours that the CLI runs in; may be `projectDir` where that is ours too (a sandbox). */
  readonly workDir: string;
  /** Absolute path of the `pulumi` command. */
  readonly pulumi: string;
  readonly env: Readonly<Record<string, string>>;
  /** Creates the stack where there is none; default: `no-stack` is thrown. */
  readonly createStack?: boolean;
}

type Settings = Record<string, unknown>;

/**
 * Brings the project into the work folder, so that the CLI neither changes which stack the user has selected
 * nor writes into a file of theirs. Called before each operation: people edit config while a rollout runs.
 */
export async function syncProject({ stack, project, projectDir, workDir }: WorkspaceOptions): Promise<void> {
  await mkdir(workDir, { recursive: true });
  if (resolve(projectDir) === resolve(workDir)) return;
  const { stackConfigDir = ".", ...own } = (await readYaml(projectFile(projectDir))) ?? {};
  const backend = absoluteBackend(own["backend"], projectDir);
  const settings = { runtime: "nodejs", ...own, name: project, main: resolve(projectDir), ...backend };
  await writeFile(join(workDir, "Pulumi.yaml"), stringify(settings));
  const target = join(workDir, `Pulumi.${stack}.yaml`);
  const config = (await readYaml(join(projectDir, String(stackConfigDir), `Pulumi.${stack}.yaml`))) ?? {};
  // A stack that was created here has its key here alone.
  const { encryptionsalt, encryptedkey, secretsprovider } = (await readYaml(target)) ?? {};
  await writeFile(
    target,
    stringify(dropUndefined({ encryptionsalt, encryptedkey, secretsprovider, ...config })),
  );
}

/** Opens the stack of an inline program through the Automation API, which is only loaded here. */
export async function openStack(options: WorkspaceOptions): Promise<Stack> {
  await syncProject(options);
  const { LocalWorkspace, PulumiCommand, StackNotFoundError } = await import(
    "@pulumi/pulumi/automation/index.js"
  );
  const command = await PulumiCommand.get({ root: await commandRoot(options), skipVersionCheck: true });
  const program = async () => {
    throw new Error("every operation brings its own program");
  };
  const inline = { stackName: options.stack, projectName: options.project, program };
  const workspace = {
    workDir: options.workDir,
    envVars: cliEnv(options),
    pulumiCommand: withoutFollowUps(command),
  };
  if (options.createStack === true) return LocalWorkspace.createOrSelectStack(inline, workspace);
  try {
    return await LocalWorkspace.selectStack(inline, workspace);
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw error;
    throw new RolloutError(`There is no stack ${options.stack} of project ${options.project}.`, {
      code: "no-stack",
      exit: "noStack",
      hint: `pulumi stack init ${options.stack}`,
      cause: error,
    });
  }
}

/** Runs a read-only CLI command in the work folder; the text of its standard output. */
export function runCli(options: WorkspaceOptions, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const settings = {
      cwd: options.workDir,
      env: { ...process.env, ...cliEnv(options) },
      maxBuffer: 512 * 1024 * 1024,
    };
    execFile(options.pulumi, [...args, "--non-interactive"], settings, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(stderr.trim() === "" ? error.message : stderr.trim()));
    });
  });
}

/** Environment of each CLI process, over this process's own. */
export function cliEnv({ env, projectDir }: WorkspaceOptions): Record<string, string> {
  const url = env["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"];
  const folder = url === undefined ? undefined : backendFolder(url, projectDir);
  // The CLI doesn't run in the project's folder, which a relative path is meant from.
  return { ...env, ...(folder === undefined ? {} : { PULUMI_BACKEND_URL: `file://${folder}` }) };
}

/** URL of the backend: the environment's, the project's, else undefined (the user's login). */
export async function backendUrl(options: WorkspaceOptions): Promise<string | undefined> {
  const fromEnv = cliEnv(options)["PULUMI_BACKEND_URL"] ?? process.env["PULUMI_BACKEND_URL"];
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv;
  const own = (await readYaml(projectFile(options.projectDir))) ?? {};
  return absoluteBackend(own["backend"], options.projectDir).backend?.url;
}

/** Folder of a `file://` backend; undefined for any other. A relative path is relative to `from`. */
export function backendFolder(url: string, from: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = (url.slice("file://".length).split("?")[0] ?? "").replace(/^~/, homedir());
  return resolve(from, path);
}

/** Whether a process of this machine still runs an engine: a zombie doesn't, nor a new owner of the number. */
export function engineAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return true;
  try {
    const [, name = "", state = ""] = /^\d+ \((.*)\) (\S)/s.exec(readFileSync(stat, "utf8")) ?? [];
    return name.startsWith("pulumi") && state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

/**
 * After each update the SDK asks for outputs twice (once in the clear) and for the history: three processes,
 * more than half of an update's time, for what nobody here reads. They are answered on the spot.
 */
function withoutFollowUps(command: PulumiCommand): PulumiCommand {
  const run = Reflect.get(command, "run") as (
    args: readonly string[],
    ...rest: unknown[]
  ) => Promise<unknown>;
  const answer = (stdout: string) => Promise.resolve({ stdout, stderr: "", code: 0 });
  const value = (args: readonly string[], ...rest: unknown[]) => {
    const [first, second] = args;
    if (first === "stack" && second === "output") return answer("{}");
    if (first === "stack" && second === "history") return answer("[]");
    return run.call(command, args, ...rest);
  };
  return Object.create(command, { run: { value } }) as PulumiCommand;
}

/** The SDK wants a folder with `bin/pulumi`. */
async function commandRoot({ pulumi, workDir }: WorkspaceOptions): Promise<string> {
  const folder = dirname(pulumi);
  if (basename(folder) === "bin" && basename(pulumi) === "pulumi") return dirname(folder);
  const root = join(workDir, ".engine");
  await mkdir(join(root, "bin"), { recursive: true });
  await symlink(pulumi, join(root, "bin", "pulumi")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return root;
}

function projectFile(folder: string): string {
  return join(folder, existsSync(join(folder, "Pulumi.yml")) ? "Pulumi.yml" : "Pulumi.yaml");
}

/** A relative file backend would move with the work folder. */
function absoluteBackend(
  backend: unknown,
  projectDir: string,
): { readonly backend?: { readonly url: string } } {
  const url: unknown = Object(backend)["url"];
  if (typeof url !== "string") return {};
  const folder = backendFolder(url, projectDir);
  return { backend: { ...Object(backend), url: folder === undefined ? url : `file://${folder}` } };
}

async function readYaml(file: string): Promise<Settings | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : Object(parse(text));
}

function dropUndefined(value: Settings): Settings {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
