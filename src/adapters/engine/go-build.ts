import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { RolloutError } from "../../errors/errors.ts";
import { takeLock } from "./build-lock.ts";
import { type GoToolchain, goToolchain, runGo } from "./go-command.ts";

/** A program that is built from a pinned Go module. */
export interface GoTool {
  /** File name of the program, and of its folder in the cache: "pulumi". */
  readonly name: string;
  /** Absolute folder with go.mod, go.sum and, for an own program, main.go. */
  readonly moduleDir: string;
  /** Import path to build; "." is the main.go beside go.mod. */
  readonly package: string;
  /** String variables set by the linker: fully qualified name → value. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What a build takes from its surroundings. */
export interface GoBuildContext {
  readonly env: NodeJS.ProcessEnv;
  /** One line of talk; called at the start, about every 15 s and at the end. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** ms between two progress lines; default 15,000. */
  readonly progressMs?: number;
}

/** A program in the cache. */
export interface BuiltTool {
  /** Absolute path of the program: `<cache>/<name>/<key>/bin/<name>`. */
  readonly path: string;
  readonly key: string;
  /** False when the cache had it, or another process built it while we waited. */
  readonly built: boolean;
  /** Wall time of this call. */
  readonly seconds: number;
}

/** Our part of the user's cache: `$XDG_CACHE_HOME` or `~/.cache`, then `pulumi-rollouts`. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "pulumi-rollouts");
}

/**
 * The newest program in the cache that was built from exactly these module files and flags, by whichever
 * Go version: needs no Go and builds nothing.
 */
export function findBuiltTool(tool: GoTool, env: NodeJS.ProcessEnv): string | undefined {
  const folder = join(cacheRoot(env), tool.name);
  if (!existsSync(folder)) return undefined;
  const sources = digest(sourceParts(tool));
  const found: { path: string; at: number }[] = [];
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry, "bin", tool.name);
    const note = join(folder, entry, "build.json");
    if (!existsSync(path) || !existsSync(note)) continue;
    const { sources: of, at, platform } = JSON.parse(readFileSync(note, "utf8")) as Record<string, unknown>;
    if (of === sources && platform === process.platform) found.push({ path, at: Number(at) });
  }
  return found.sort((a, b) => b.at - a.at)[0]?.path;
}

/**
 * Builds a program of a pinned Go module once and keeps it in the user's cache. The key is made of go.mod,
 * go.sum, main.go, the Go version, the platform and the flags. When several processes ask at once, one
 * builds and the others wait for it. Touches nothing outside the cache, except Go's own caches.
 *
 * @throws RolloutError `go-missing`, `go-too-old`, `go-failed` or `go-build-failed`, with a hint
 */
export async function buildGoTool(tool: GoTool, context: GoBuildContext): Promise<BuiltTool> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 100) / 10;
  const { env, signal, log } = context;
  const go = await goToolchain({ cwd: tool.moduleDir, env, signal });
  const key = digest([...sourceParts(tool), go.GOVERSION, go.GOOS, go.GOARCH]);
  const folder = join(cacheRoot(env), tool.name);
  const path = join(folder, key, "bin", tool.name);
  if (existsSync(path)) return { path, key, built: false, seconds: seconds() };
  mkdirSync(folder, { recursive: true });
  const lock = await takeLock(join(folder, `${key}.lock`), {
    done: () => existsSync(path),
    onWait: (owner) => log(`${tool.name}: process ${owner.pid} is building it; waiting`),
    signal,
  });
  if (!lock) return { path, key, built: false, seconds: seconds() };
  try {
    if (existsSync(path)) return { path, key, built: false, seconds: seconds() };
    await buildInto(tool, { ...context, folder, key, go, touch: lock.touch });
  } finally {
    lock.release();
  }
  return { path, key, built: true, seconds: seconds() };
}

interface BuildStep extends GoBuildContext {
  readonly folder: string;
  readonly key: string;
  readonly go: GoToolchain;
  readonly touch: () => void;
}

async function buildInto(tool: GoTool, step: BuildStep): Promise<void> {
  // Left by a build that was killed; we hold the lock, so nobody else is at work in them.
  for (const entry of readdirSync(step.folder)) {
    if (entry.startsWith(`${step.key}.tmp-`)) rmSync(join(step.folder, entry), { recursive: true });
  }
  const temp = join(step.folder, `${step.key}.tmp-${process.pid}`);
  mkdirSync(join(temp, "bin"), { recursive: true });
  try {
    await runBuild(tool, step, join(temp, "bin", tool.name));
    const note = {
      sources: digest(sourceParts(tool)),
      platform: process.platform,
      go: step.go.GOVERSION,
      at: Date.now(),
    };
    writeFileSync(join(temp, "build.json"), `${JSON.stringify(note)}\n`);
    rmSync(join(step.folder, step.key), { recursive: true, force: true });
    renameSync(temp, join(step.folder, step.key));
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

async function runBuild(tool: GoTool, step: BuildStep, output: string): Promise<void> {
  const started = Date.now();
  const tail: string[] = [];
  let downloads = 0;
  step.log(`${tool.name}: building it with ${step.go.GOVERSION}; this happens once and takes minutes`);
  const progress = setInterval(() => {
    step.touch();
    const fetched = downloads > 0 ? `, ${downloads} modules downloaded` : "";
    step.log(`${tool.name}: still building, ${elapsed(Date.now() - started)}${fetched}`);
  }, step.progressMs ?? 15_000);
  const code = await runGo([...buildFlags(tool), "-o", output, tool.package], {
    cwd: tool.moduleDir,
    env: step.env,
    signal: step.signal,
    onLine(line) {
      if (line.startsWith("go: downloading ")) downloads += 1;
      else tail.push(line);
      if (tail.length > 30) tail.shift();
    },
  }).finally(() => clearInterval(progress));
  if (code === 0 && existsSync(output)) {
    step.log(`${tool.name}: built in ${elapsed(Date.now() - started)}`);
    return;
  }
  step.signal?.throwIfAborted();
  throw new RolloutError(`go build of ${tool.name} failed (exit ${code}).\n${tail.join("\n")}`, {
    code: "go-build-failed",
    exit: "error",
    hint: "see the lines above; a build needs the Go module proxy, 5 GB of disk and 2 GB of memory",
  });
}

function buildFlags(tool: GoTool): string[] {
  const variables = Object.entries(tool.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ["-s", "-w", ...variables].join(" ");
  return ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", ldflags];
}

function sourceParts(tool: GoTool): string[] {
  const files = ["go.mod", "go.sum", "main.go"].flatMap((name) => {
    const path = join(tool.moduleDir, name);
    return existsSync(path) ? [name, readFileSync(path, "utf8")] : [];
  });
  return [...files, ...buildFlags(tool), tool.package];
}

/** The length before each part keeps ("ab", "c") and ("a", "bc") apart. */
function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest("hex").slice(0, 32);
}

/** 135,000 ms → "2m15s" */
function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}
