import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Issue, RolloutError } from "../errors/errors.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { isObject } from "./json.ts";
import { receivedText } from "./received.ts";
import { parseYaml } from "./yaml-file.ts";

/** How files are read; given so that tests need no disk. Both reject with `code: "ENOENT"` for what is missing. */
export interface ProjectFiles {
  readonly readFile: (path: string) => Promise<string>;
  /** Names in a folder. */
  readonly listDir: (path: string) => Promise<readonly string[]>;
}

/** What a stack's files say, without any engine. */
export interface StackConfig {
  /** Name of the Pulumi project: the namespace of its keys. */
  readonly project: string;
  /** `main` of Pulumi.yaml, relative to the project's folder. */
  readonly main: string;
  /** `<project>:version`. */
  readonly version?: string;
  /** `<project>:step`, by hand. */
  readonly step?: string;
  /** `<project>:rollout` as it is written; encrypted values as `{ secure: … }`. */
  readonly rollout: unknown;
  readonly policy: EnvironmentPolicy;
}

/** Which stack of which project, and how to read its files. Default: the disk. */
export interface LoadOptions {
  readonly projectDir: string;
  /** `prod`, or fully qualified: `org/project/prod`. */
  readonly stack: string;
  readonly readFile?: ProjectFiles["readFile"];
  readonly listDir?: ProjectFiles["listDir"];
}

/**
 * Reads Pulumi.yaml and Pulumi.<stack>.yaml of a project. No engine, no network, nothing decrypted. Throws a
 * RolloutError (code `config-invalid`, exit 2) with every problem of the files, the path of the file in each.
 */
export async function loadStackConfig(options: LoadOptions): Promise<StackConfig> {
  const files: ProjectFiles = {
    readFile: options.readFile ?? ((path) => readFile(path, "utf8")),
    listDir: options.listDir ?? readdir,
  };
  const stack = options.stack.split("/").at(-1) ?? options.stack;
  const project = await readProject(files, options.projectDir);
  const stackFile = `Pulumi.${stack}.yaml`;
  const dir = join(options.projectDir, project.configDir);
  const settings = await readStack(files, { dir, stackFile });
  const rollout = settings[`${project.name}:rollout`];
  const version = scalar(settings, `${project.name}:version`, stackFile);
  const step = scalar(settings, `${project.name}:step`, stackFile);
  // Loaded here and not above: the schema library is most of the start, and a missing file needs none of it.
  const { normalizeConfig } = await import("./normalize.ts");
  const result = normalizeConfig({ written: rollout, stack });
  const issues = [...version.issues, ...step.issues, ...("issues" in result ? result.issues : [])];
  if (issues.length > 0 || "issues" in result) throw fileError(stackFile, issues);
  return {
    project: project.name,
    main: project.main,
    ...(version.value === undefined ? {} : { version: version.value }),
    ...(step.value === undefined ? {} : { step: step.value }),
    rollout,
    policy: result.policy,
  };
}

interface Project {
  readonly name: string;
  readonly main: string;
  /** Where the stack files are, relative to the project: `stackConfigDir`. */
  readonly configDir: string;
}

async function readProject(files: ProjectFiles, projectDir: string): Promise<Project> {
  const file = "Pulumi.yaml";
  const text = await files.readFile(join(projectDir, file)).catch((cause: unknown) => {
    throw unreadable(cause, {
      path: join(projectDir, file),
      rule: "a Pulumi project",
      hint: "Run it in the folder of Pulumi.yaml, or name that folder with --project.",
    });
  });
  const content = await parseYaml(file, text);
  const { name, main, stackConfigDir } = content;
  const issues: Issue[] = [];
  if (typeof name !== "string" || name === "") {
    issues.push(
      needs(`${file}: name`, name, { rule: "required: the name of the project", hint: "Write name: atp." }),
    );
  }
  if (typeof main !== "string" || main === "") {
    const hint = "Write main: src/program/index.ts, the module that default-exports rolloutProgram(…).";
    issues.push(needs(`${file}: main`, main, { rule: "required: the path of the program", hint }));
  }
  if (typeof name !== "string" || typeof main !== "string" || issues.length > 0)
    throw fileError(file, issues);
  return { name, main, configDir: typeof stackConfigDir === "string" ? stackConfigDir : "." };
}

async function readStack(
  files: ProjectFiles,
  { dir, stackFile }: { readonly dir: string; readonly stackFile: string },
): Promise<Readonly<Record<string, unknown>>> {
  const text = await files.readFile(join(dir, stackFile)).catch(async (cause: unknown) => {
    const stacks = await stacksIn(files, dir);
    const hint =
      stacks.length > 0 ? `Stacks with a file here: ${stacks.join(", ")}.` : "No stack has a file here.";
    throw unreadable(cause, { path: join(dir, stackFile), rule: "the config file of the stack", hint });
  });
  const { config } = await parseYaml(stackFile, text);
  if (config === undefined || config === null) return {};
  if (isObject(config)) return config;
  throw fileError(stackFile, [
    needs(`${stackFile}: config`, config, {
      rule: "an object of <project>:<key> entries",
      hint: "Indent the keys below config:.",
    }),
  ]);
}

async function stacksIn(files: ProjectFiles, dir: string): Promise<readonly string[]> {
  const names = await files.listDir(dir).catch(() => []);
  return names
    .map((name) => /^Pulumi\.(.+)\.ya?ml$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** A text, or a number that YAML made of one: steps may be numbers, versions must not (1.20 would become 1.2). */
function scalar(settings: Readonly<Record<string, unknown>>, name: string, file: string) {
  const value = settings[name];
  const short = name.slice(name.indexOf(":") + 1);
  if (value === undefined || (typeof value === "string" && value !== "")) return { value, issues: [] };
  if (short === "step" && Number.isInteger(value)) return { value: String(value), issues: [] };
  const hint = typeof value === "number" ? `Quote it: ${name}: "${value}".` : `Write ${name}: 1.2.4.`;
  const issue = needs(`${file}: ${name}`, value, { rule: "a plain text, not secret and not empty", hint });
  return { value: undefined, issues: [issue] };
}

function needs(path: string, value: unknown, advice: Pick<Issue, "rule" | "hint">): Issue {
  const received = receivedText(value, { hidden: true });
  return { path, ...(received === undefined ? {} : { received }), ...advice };
}

function unreadable(
  cause: unknown,
  { path, rule, hint }: { readonly path: string; readonly rule: string; readonly hint: string },
): RolloutError {
  const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const what = missing
    ? "does not exist"
    : `can't be read (${cause instanceof Error ? cause.message : cause})`;
  return new RolloutError(`${path} ${what}.`, {
    code: "config-missing",
    exit: "config",
    hint,
    path,
    issues: [{ path, rule: `required: ${rule}`, hint }],
    cause,
  });
}

function fileError(file: string, issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  const hint = issues[0]?.hint;
  return new RolloutError(`${file} has ${count}.`, {
    code: "config-invalid",
    exit: "config",
    issues,
    ...(hint === undefined ? {} : { hint }),
  });
}
