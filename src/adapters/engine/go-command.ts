import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RolloutError } from "../../errors/errors.ts";

/** One run of the go command. */
export interface GoRun {
  /** Folder of the module. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Gets each line of stdout and stderr. */
  readonly onLine: (line: string) => void;
}

/** The toolchain that `go` uses inside a module. */
export interface GoToolchain {
  /** "go1.26.8" */
  readonly GOVERSION: string;
  readonly GOOS: string;
  readonly GOARCH: string;
}

/**
 * Runs `go` with its arguments.
 *
 * @returns the exit code, or null when a signal ended it
 * @throws RolloutError `go-missing`; an AbortError when the signal aborts
 */
export function runGo(args: readonly string[], run: GoRun): Promise<number | null> {
  // Pure Go programs run on any libc; a go.work above the checkout must not change what is pinned.
  const env = { ...run.env, CGO_ENABLED: "0", GOWORK: "off" };
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, {
      cwd: run.cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      ...(run.signal ? { signal: run.signal } : {}),
    });
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, run.onLine);
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? missing(error) : error);
    });
    child.once("close", resolve);
  });
}

/**
 * Asks which toolchain `go` would use in the module at `cwd`.
 *
 * @throws RolloutError `go-missing`, `go-too-old` or `go-failed`
 */
export async function goToolchain(run: Omit<GoRun, "onLine">): Promise<GoToolchain> {
  const lines: string[] = [];
  const args = ["env", "-json", "GOVERSION", "GOOS", "GOARCH"];
  const code = await runGo(args, { ...run, onLine: (line) => lines.push(line) });
  const text = lines.join("\n");
  const wanted = /^go (\d+(?:\.\d+)*)/m.exec(readFileSync(join(run.cwd, "go.mod"), "utf8"))?.[1] ?? "0";
  if (text.includes("requires go >=")) throw tooOld(wanted, text);
  if (code !== 0) {
    throw new RolloutError(`go env failed in ${run.cwd}: ${text}`, { code: "go-failed", exit: "error" });
  }
  const toolchain = JSON.parse(text) as GoToolchain;
  if (isOlder(toolchain.GOVERSION.replace(/^go/, ""), wanted)) throw tooOld(wanted, toolchain.GOVERSION);
  return toolchain;
}

/** Compares dotted numbers; anything after them (rc1) is ignored. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map(
    (text) =>
      text
        .split(/[^\d.]/)[0]
        ?.split(".")
        .map(Number) ?? [],
  );
  for (let i = 0; i < Math.max(a?.length ?? 0, b?.length ?? 0); i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function missing(cause: Error): RolloutError {
  return new RolloutError("A program must be built, and there is no go command on PATH.", {
    code: "go-missing",
    exit: "error",
    hint: "install Go (https://go.dev/dl), or the Pulumi CLI, and put it on PATH",
    cause,
  });
}

function tooOld(wanted: string, found: string): RolloutError {
  return new RolloutError(`The build needs Go ${wanted}; found: ${found}`, {
    code: "go-too-old",
    exit: "error",
    hint: `install Go ${wanted} or newer, or the Pulumi CLI, and put it on PATH`,
  });
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest) onLine(rest);
  });
}
