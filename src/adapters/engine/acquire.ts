import { createHash } from "node:crypto";
import { existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import { buildGoTool, cacheRoot, findBuiltTool, type GoTool } from "./go-build.ts";
import { isOlder } from "./go-command.ts";
import { type InstallContext, installCommand, installedCommand } from "./install.ts";
import { findOnPath, pulumiVersion } from "./pulumi-command.ts";

/** A Pulumi engine that runs on this machine. */
export interface Engine {
  /** Absolute path of the `pulumi` command. */
  readonly pulumi: string;
  /** What `PulumiCommand.get({ root })` wants: a folder whose `bin/pulumi` is this engine. */
  readonly root: string;
  /** "3.274.1" */
  readonly version: string;
  /** Absolute path of `pulumi-language-nodejs`; inline programs need none. */
  readonly languageHost?: string;
  /** Where it comes from: the PATH, the official installer, or our own build. */
  readonly source: "path" | "installed" | "built";
}

/** What `acquireEngine` takes from its surroundings; PULUMI_ROLLOUTS_ENGINE is `path`, `install` or `build`. */
export interface AcquireOptions extends InstallContext {
  /** Also get the Node.js language host, which local programs need. */
  readonly languageHost?: boolean;
}

/** The first engine that starts a policy pack from an executable file. */
const executablePacksSince = "3.255.0";
const sources = ["path", "install", "build"] as const;
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const modules = resolve(import.meta.dirname, "../../../tools/engine");

const engineTool: GoTool = {
  name: "pulumi",
  moduleDir: join(modules, "pulumi"),
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  variables: { [versionVariable]: "3.274.1" },
};
const languageHostTool: GoTool = {
  name: "pulumi-language-nodejs",
  moduleDir: join(modules, "language-nodejs"),
  package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  variables: { [versionVariable]: "3.68.0" },
};

/**
 * Finds an engine, or gets one: `pulumi` on PATH, else what an earlier call left in the cache, else the
 * official installer, else a build from pinned Go modules (minutes, once per user).
 * `PULUMI_ROLLOUTS_ENGINE` forces one of these ways.
 *
 * @throws RolloutError `engine-source-unknown`, `engine-not-found`, `engine-install-failed`, or what the
 * build throws
 */
export async function acquireEngine(options: AcquireOptions): Promise<Engine> {
  const forced = forcedSource(options.env);
  const engine =
    (await onPath(options, forced)) ??
    (await fromCache(options, forced)) ??
    (await installed(options, forced)) ??
    (await built(options));
  if (isOlder(engine.version, executablePacksSince)) {
    options.log(
      `pulumi ${engine.version} can't run policy packs from executable files; ${executablePacksSince} can`,
    );
  }
  if (!options.languageHost) return engine;
  return { ...engine, languageHost: await languageHostOf(engine, options) };
}

/** What `engineEnv` needs to know. */
export interface EngineEnvOptions {
  /** Absolute folder for PULUMI_HOME: no login, plugin or setting of the user is seen. */
  readonly home: string;
  /** Environment whose PATH is extended; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** More folders with plugins, put first on the PATH. */
  readonly folders?: readonly string[];
}

/**
 * The variables that make an engine run with a PULUMI_HOME of its own, offline: add them to the
 * environment of each command. PATH holds the engine, the language host, the dynamic-provider script of
 * the npm package, and this Node.js, which that script starts.
 */
export function engineEnv(engine: Engine, options: EngineEnvOptions): Record<string, string> {
  const base = (options.env ?? process.env)["PATH"] ?? "";
  const sdk = dirname(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
  const folders = [
    ...(options.folders ?? []),
    dirname(engine.pulumi),
    ...(engine.languageHost ? [dirname(engine.languageHost)] : []),
    sdk,
    ...(isThisNode(findOnPath("node", base)) ? [] : [dirname(process.execPath)]),
  ];
  return {
    PATH: [...new Set(folders), base].join(delimiter),
    PULUMI_HOME: options.home,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

function isThisNode(node: string | undefined): boolean {
  return node !== undefined && realpathSync(node) === realpathSync(process.execPath);
}

type ForcedSource = (typeof sources)[number] | undefined;

function forcedSource(env: NodeJS.ProcessEnv): ForcedSource {
  const value = env["PULUMI_ROLLOUTS_ENGINE"];
  if (!value) return undefined;
  const known = sources.find((source) => source === value);
  if (known) return known;
  throw new RolloutError(`PULUMI_ROLLOUTS_ENGINE is ${JSON.stringify(value)}.`, {
    code: "engine-source-unknown",
    exit: "config",
    hint: `use one of ${sources.join(", ")}, or leave it out`,
  });
}

async function onPath(options: AcquireOptions, forced: ForcedSource): Promise<Engine | undefined> {
  if (forced && forced !== "path") return undefined;
  const pulumi = findOnPath("pulumi", options.env["PATH"]);
  const version = pulumi && (await pulumiVersion(pulumi, options));
  if (pulumi && version) return { pulumi, root: rootOf(pulumi, options.env), version, source: "path" };
  if (!forced) return undefined;
  throw new RolloutError("There is no working pulumi command on PATH.", {
    code: "engine-not-found",
    exit: "error",
    hint: "put it on PATH, or leave PULUMI_ROLLOUTS_ENGINE out",
  });
}

async function fromCache(options: AcquireOptions, forced: ForcedSource): Promise<Engine | undefined> {
  const installedAt = forced === "build" ? undefined : installedCommand(options.env);
  const builtAt = forced === "install" ? undefined : findBuiltTool(engineTool, options.env);
  for (const [pulumi, source] of [
    [installedAt, "installed"],
    [builtAt, "built"],
  ] as const) {
    const version = pulumi && existsSync(pulumi) && (await pulumiVersion(pulumi, options));
    if (pulumi && version) return { pulumi, root: rootOf(pulumi, options.env), version, source };
  }
  return undefined;
}

async function installed(options: AcquireOptions, forced: ForcedSource): Promise<Engine | undefined> {
  if (forced === "build") return undefined;
  try {
    const pulumi = await installCommand(options);
    const version = await pulumiVersion(pulumi, options);
    if (!version) throw new Error(`${pulumi} doesn't run`);
    return { pulumi, root: rootOf(pulumi, options.env), version, source: "installed" };
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = messageOf(error);
    if (forced === "install") {
      throw new RolloutError(`The official Pulumi CLI can't be installed: ${reason}`, {
        code: "engine-install-failed",
        exit: "error",
        hint: "check the network, or set PULUMI_ROLLOUTS_ENGINE=build to build it with Go",
        cause: error,
      });
    }
    options.log(
      `the official Pulumi CLI can't be installed (${reason}); building the engine with Go instead`,
    );
    return undefined;
  }
}

async function built(options: AcquireOptions): Promise<Engine> {
  const { path } = await buildGoTool(engineTool, options);
  const version = (await pulumiVersion(path, options)) ?? "unknown";
  return { pulumi: path, root: rootOf(path, options.env), version, source: "built" };
}

/** The SDK only takes a root, and not every engine on a PATH stands in a folder named bin. */
function rootOf(pulumi: string, env: NodeJS.ProcessEnv): string {
  if (pulumi.endsWith(join(sep, "bin", "pulumi"))) return dirname(dirname(pulumi));
  const root = join(cacheRoot(env), "links", createHash("sha256").update(pulumi).digest("hex").slice(0, 32));
  const link = join(root, "bin", "pulumi");
  mkdirSync(dirname(link), { recursive: true });
  try {
    symlinkSync(pulumi, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return root;
}

async function languageHostOf(engine: Engine, options: AcquireOptions): Promise<string> {
  const beside = join(dirname(engine.pulumi), languageHostTool.name);
  if (existsSync(beside)) return beside;
  const onSearchPath = findOnPath(languageHostTool.name, options.env["PATH"]);
  return (
    onSearchPath ??
    findBuiltTool(languageHostTool, options.env) ??
    (await buildGoTool(languageHostTool, options)).path
  );
}
