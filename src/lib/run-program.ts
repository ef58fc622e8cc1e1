import { spawn } from "node:child_process";
import { messageOf } from "./error-message.ts";
import { signalGroup } from "./process-group.ts";
import type { Runtime } from "./runtime.ts";

export interface ProgramOptions {
  /** Program and arguments; started without a shell. */
  readonly run: readonly string[];
  readonly runtime: Pick<Runtime, "wall">;
  /** Time limit, ms of the wall clock. */
  readonly timeoutMs: number;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string | undefined;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** What a run came to. */
export type ProgramRun =
  | { readonly how: "exit"; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly how: "late" }
  | { readonly how: "cancelled" }
  | { readonly how: "not-started"; readonly message: string };

/** Output that is kept while it runs: a program that writes without end must not fill the memory. */
const keptLength = 4_096;

/** Runs a program to its end, within its time; what it has started ends with it. Never throws. */
export async function runProgram(options: ProgramOptions): Promise<ProgramRun> {
  if (options.signal?.aborted) return { how: "cancelled" };
  try {
    return await start(options);
  } catch (error) {
    // A program without a name, say, which isn't even tried.
    return { how: "not-started", message: messageOf(error) };
  }
}

function start({ run, runtime, timeoutMs, cwd, env, signal }: ProgramOptions): Promise<ProgramRun> {
  const [program = "", ...args] = run;
  return new Promise((resolve) => {
    const ended = new AbortController();
    // A group of its own: what the program starts ends with it.
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const output = { stdout: "", stderr: "" };
    const finish = (result: ProgramRun) => {
      ended.abort();
      signal?.removeEventListener("abort", cancel);
      resolve(result);
    };
    const stop = (how: "late" | "cancelled") => {
      signalGroup(child.pid, "SIGKILL");
      finish({ how });
    };
    const cancel = () => stop("cancelled");
    signal?.addEventListener("abort", cancel, { once: true });
    void runtime.wall.sleep(timeoutMs, ended.signal).then(() => {
      if (!ended.signal.aborted) stop("late");
    });
    for (const stream of ["stdout", "stderr"] as const) {
      // As text, so that a letter of two bytes isn't cut between two chunks.
      child[stream].setEncoding("utf8").on("data", (chunk) => {
        output[stream] = `${output[stream]}${chunk}`.slice(-keptLength);
      });
    }
    child.once("error", ({ message }) => finish({ how: "not-started", message }));
    // What it leaves behind would keep its output open, and the look waiting.
    child.once("exit", () => signalGroup(child.pid, "SIGKILL"));
    child.once("close", (code) => finish({ how: "exit", code, ...output }));
  });
}

/** Why a run did not come to its own end: what its program did, for the sentence that begins with it. */
export function cutShort(run: Exclude<ProgramRun, { how: "exit" }>, timeoutMs: number): string {
  switch (run.how) {
    case "cancelled":
      return "was cancelled";
    case "late":
      return `did not end within ${timeoutMs / 1000} s`;
    case "not-started":
      return `can't be started: ${run.message}`;
  }
}

/** Why a run failed, with the last line that it said, which is where programs say why. */
export function failureOf({ code, stderr }: Extract<ProgramRun, { how: "exit" }>): string {
  const how = code === null ? "it was killed" : `exit ${code}`;
  const last = lastLine(stderr);
  return last === "" ? how : `${how}: ${last}`;
}

/** The last line of what was said, at most 300 characters of it. */
export function lastLine(text: string): string {
  return (text.trim().split("\n").at(-1) ?? "").slice(0, 300);
}
