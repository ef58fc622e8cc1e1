import { type ChildProcess, spawn } from "node:child_process";
import { messageOf } from "../../lib/error-message.ts";
import { signalGroup } from "../../lib/process-group.ts";
import type { Clock } from "../../lib/runtime.ts";
import type { PhaseOutput } from "./phase-output.ts";

export interface LongRun {
  readonly run: readonly string[];
  readonly wall: Clock;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
  /** Reads stdout while it runs. */
  readonly output: Pick<PhaseOutput, "push" | "end">;
}

export type Ended =
  | { readonly how: "exit"; readonly code: number | null; readonly stderr: string }
  | { readonly how: "late" }
  | { readonly how: "stopped"; readonly why: string }
  | { readonly how: "not-started"; readonly message: string };

/** Of stderr, the end is kept. */
const keptLength = 4_096;

/** Runs a program that may take hours, and reads it meanwhile. When it is told to stop, it gets time to say where it is. */
export async function runLong(options: LongRun): Promise<Ended> {
  try {
    return await start(options);
  } catch (error) {
    // A program without a name, say, which isn't even tried.
    return { how: "not-started", message: messageOf(error) };
  }
}

function start(options: LongRun): Promise<Ended> {
  const { run, wall, timeoutMs, graceMs, cwd, env, stop, output } = options;
  const [program = "", ...args] = run;
  return new Promise((resolve) => {
    const over = new AbortController();
    // A group of its own: what the program starts ends with it.
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let stopped: Ended | undefined;
    let stderr = "";
    const finish = (ended: Ended) => {
      over.abort();
      stop.removeEventListener("abort", cancel);
      resolve(stopped ?? ended);
    };
    const end = (how: Ended) => {
      if (stopped !== undefined) return;
      stopped = how;
      signalGroup(child.pid, "SIGTERM");
      void wall.sleep(graceMs, over.signal).then(() => over.signal.aborted || kill(child));
    };
    const cancel = () => end({ how: "stopped", why: messageOf(stop.reason) });
    stop.addEventListener("abort", cancel, { once: true });
    void wall.sleep(timeoutMs, over.signal).then(() => over.signal.aborted || end({ how: "late" }));
    // As text, so that a letter of two bytes isn't cut between two chunks.
    child.stdout.setEncoding("utf8").on("data", output.push);
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      stderr = `${stderr}${chunk}`.slice(-keptLength);
    });
    child.once("error", ({ message }) => finish({ how: "not-started", message }));
    // What it leaves behind would keep its output open.
    child.once("exit", () => signalGroup(child.pid, "SIGKILL"));
    child.once("close", (code) => {
      output.end(code === 0 ? "complete" : "cut-off");
      finish({ how: "exit", code, stderr });
    });
  });
}

/** At once, and what has left the group no longer holds its output open. */
function kill(child: ChildProcess): void {
  signalGroup(child.pid, "SIGKILL");
  child.stdout?.destroy();
  child.stderr?.destroy();
}
