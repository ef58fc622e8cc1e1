import { spawn } from "node:child_process";
import { signalGroup } from "../../lib/process-group.ts";
import type { Check } from "./run-checks.ts";

/** Output that is kept while it runs: a command that writes without end must not fill the memory. */
const keptLength = 16_384;

/**
 * A smoke command of the user's: exit code 0 passes. It is started without a shell and finds the idle side in
 * `VALIDATE_URL`. Its process group is killed at the time-out.
 */
export function commandCheck(options: {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly idleUrl: string;
  readonly timeoutMs: number;
}): Check {
  const [program = "", ...args] = options.command;
  return {
    name: options.name,
    timeoutMs: options.timeoutMs,
    run: (signal) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, {
          cwd: options.cwd,
          env: { ...options.env, VALIDATE_URL: options.idleUrl },
          stdio: ["ignore", "pipe", "pipe"],
          // A group of its own: what the command starts ends with it.
          detached: true,
        });
        let output = "";
        const keep = (chunk: unknown) => {
          output = `${output}${chunk}`.slice(-keptLength);
        };
        child.stdout.on("data", keep);
        child.stderr.on("data", keep);
        const stop = () => signalGroup(child.pid, "SIGKILL");
        signal.addEventListener("abort", stop, { once: true });
        child.once("error", (error) => reject(new Error(`${program} can't be started: ${error.message}`)));
        child.once("close", (code, killedBy) => {
          signal.removeEventListener("abort", stop);
          // Whole, as far as it was kept: what cuts it down takes the secrets out first.
          const said = output.trim();
          if (code === 0) return resolve(said === "" ? "exit 0" : `exit 0: ${said}`);
          const how = code === null ? `ended by ${killedBy}` : `exit ${code}`;
          reject(new Error(said === "" ? how : `${how}: ${said}`));
        });
      }),
  };
}
