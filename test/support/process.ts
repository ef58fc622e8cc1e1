import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A program to start. */
export interface ProcessSpec {
  /** For messages, and for the log file `<dir>/<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly dir: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A program that runs, and ends with us. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** False once it has ended. */
  alive(): boolean;
  /** The last lines that it wrote. */
  tail(lines?: number): string;
  /** SIGTERM, after `graceMs` SIGKILL; resolves when it is gone. Harmless when it has ended. */
  stop(graceMs?: number): Promise<void>;
}

const running = new Set<ChildProcess>();
// Tests that fail hard skip their teardown; nothing that we started may outlive us.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program whose output goes to a file: a pipe that nobody reads would block it. */
export function startProcess(spec: ProcessSpec): RunningProcess {
  const logFile = join(spec.dir, `${spec.name}.log`);
  const output = openSync(logFile, "a");
  const child = spawn(spec.command, spec.args, {
    cwd: spec.dir,
    stdio: ["ignore", output, output],
    ...(spec.env ? { env: spec.env } : {}),
  });
  closeSync(output);
  running.add(child);
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      failure = error;
      resolve();
    });
  }).then(() => void running.delete(child));
  const alive = (): boolean => !failure && child.exitCode === null && child.signalCode === null;
  return {
    name: spec.name,
    pid: child.pid ?? -1,
    alive,
    tail(lines = 20) {
      const text = existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n") : [];
      return [...text.slice(-lines), ...(failure ? [failure.message] : [])].join("\n");
    },
    async stop(graceMs = 5_000) {
      if (!alive()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended.finally(() => clearTimeout(timer));
    },
  };
}

/** Whether a process runs. A zombie doesn't: nobody may have waited for it yet. */
export function isRunning(pid: number): boolean {
  try {
    const [, state = ""] = /^\d+ \(.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

/** What to wait for. */
export interface WaitSpec {
  /** Completes "… isn't ready": "the node". */
  readonly what: string;
  readonly timeoutMs: number;
  /** True ends the wait; false and an error mean not yet. */
  readonly ready: () => Promise<boolean>;
  /** Its end fails the wait at once, and its last lines go into the error. */
  readonly of?: RunningProcess;
  readonly pollMs?: number;
}

/**
 * Waits until something is ready.
 *
 * @throws Error with the reason and the last lines of the process that was waited for
 */
export async function waitUntil(spec: WaitSpec): Promise<void> {
  const deadline = Date.now() + spec.timeoutMs;
  let reason = "";
  while (Date.now() < deadline) {
    try {
      if (await spec.ready()) return;
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : error}`;
    }
    if (spec.of && !spec.of.alive()) break;
    await sleep(spec.pollMs ?? 50);
  }
  const how =
    spec.of && !spec.of.alive() ? `${spec.of.name} has ended` : `not within ${spec.timeoutMs / 1000} s`;
  const tail = spec.of ? `\nlast lines of ${spec.of.name}:\n${spec.of.tail()}` : "";
  throw new Error(`${spec.what} isn't ready, ${how}${reason}${tail}`);
}

/** Ports on loopback that are free now. They are held together, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
