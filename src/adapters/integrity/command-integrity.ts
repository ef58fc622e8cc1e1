import { cutShort, failureOf, lastLine, runProgram } from "../../lib/run-program.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Integrity } from "../../ports/gauge.ts";
import type { IntegrityConfig } from "../../types/watch.ts";

export interface CommandIntegrityOptions {
  readonly config: Extract<IntegrityConfig, { kind: "command" }>;
  readonly runtime: Runtime;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string;
  /** Time limit of a run, ms; default 30 s. */
  readonly timeoutMs?: number;
}

/**
 * A program that verifies the candidate's data, at each look. Exit 0: whole. Exit 1 with a line on stdout: broken, and
 * that line says what; a crash exits 1 too, but has nothing to report there. Anything else (a time-out, another code, a
 * program that isn't there) could not check, and proves nothing.
 * `SINCE` and `NOW` in its environment are the span, as ISO dates. Never throws.
 */
export function createCommandIntegrity(options: CommandIntegrityOptions): Integrity {
  const { config, runtime, cwd, timeoutMs = 30_000 } = options;
  const program = config.run[0] || "the command";
  return {
    name: "command",
    check: async ({ sinceMs, nowMs, signal }) => {
      const env = { ...process.env, SINCE: iso(sinceMs), NOW: iso(nowMs) };
      const run = await runProgram({ run: config.run, runtime, timeoutMs, cwd, env, signal });
      const error = (why: string) => ({ status: "error" as const, message: `${program} ${why}` });
      if (run.how !== "exit") return error(cutShort(run, timeoutMs));
      const said = lastLine(run.stdout);
      if (run.code === 0) return { status: "whole", message: said || `${program} finds nothing broken` };
      if (run.code === 1 && said !== "") return { status: "broken", message: said };
      return error(`could not check: ${failureOf(run)}`);
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
