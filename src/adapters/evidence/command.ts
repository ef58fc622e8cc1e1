import { redact } from "../../lib/redact.ts";
import { cutShort, failureOf, lastLine, runProgram } from "../../lib/run-program.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Evidence } from "../../ports/evidence.ts";

export interface CommandEvidenceOptions {
  readonly name: string;
  /** Program and arguments; started without a shell. */
  readonly run: readonly string[];
  readonly runtime: Runtime;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Taken out of what it says. */
  readonly secrets?: readonly string[];
  /** Time limit of a run, ms; default 5 min. */
  readonly timeoutMs?: number;
}

/**
 * A program that tells whether an item is met. Exit 0: it is. Exit 1 with a line on stdout: it isn't, and that line says
 * why; a crash exits 1 too, but has nothing to report there. Anything else (a time-out, another code, a program that
 * isn't there) could not check. `VERSION` in its environment is the version in question. Never throws.
 */
export function createCommandEvidence(options: CommandEvidenceOptions): Evidence {
  const { name, run, runtime, cwd, secrets = [], timeoutMs = 300_000 } = options;
  const program = run[0] || "the command";
  const said = (text: string) => redact(text, secrets);
  return {
    name,
    read: async ({ version, signal }) => {
      const env = { ...(options.env ?? process.env), VERSION: version };
      const ended = await runProgram({ run, runtime, timeoutMs, cwd, env, signal });
      const error = (why: string) => ({ status: "error" as const, message: said(`${program} ${why}`) });
      if (ended.how !== "exit") return error(cutShort(ended, timeoutMs));
      const line = said(lastLine(ended.stdout));
      if (ended.code === 0) return { status: "value", met: true, message: line || `${program} passes` };
      if (ended.code === 1 && line !== "") return { status: "value", met: false, message: line };
      return error(`could not check: ${failureOf(ended)}`);
    },
  };
}
