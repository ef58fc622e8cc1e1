import * as z from "zod";
import { jsonOf } from "../../lib/json-of.ts";
import { cutShort, failureOf, runProgram } from "../../lib/run-program.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Exceptions, ExceptionsAnswer } from "../../ports/exceptions.ts";

export interface CommandExceptionsOptions {
  /** Program and arguments. */
  readonly run: readonly string[];
  readonly runtime: Runtime;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string;
  /** Time limit of a run, ms; default 30 s. */
  readonly timeoutMs?: number;
}

const types = z.array(z.object({ type: z.string().min(1), count: z.number().nonnegative() }));

/**
 * A program that lists the candidate's exceptions: JSON `[{"type": "…", "count": 3}]` on stdout, at most 4 KB, exit 0; `[]`
 * where there are none. `SINCE` and `NOW` in its environment are the span, as ISO dates. It runs without a shell. No
 * output, other output and any other exit are errors. Never throws.
 */
export function createCommandExceptions(options: CommandExceptionsOptions): Exceptions {
  const { run, runtime, cwd, timeoutMs = 30_000 } = options;
  const program = run[0] || "the command";
  const error = (why: string): ExceptionsAnswer => ({ status: "error", message: `${program} ${why}` });
  return {
    name: "command",
    list: async ({ sinceMs, nowMs, signal }) => {
      const env = { ...process.env, SINCE: iso(sinceMs), NOW: iso(nowMs) };
      const ended = await runProgram({ run, runtime, timeoutMs, cwd, env, signal });
      if (ended.how !== "exit") return error(cutShort(ended, timeoutMs));
      if (ended.code !== 0) return error(`failed: ${failureOf(ended)}`);
      const parsed = types.safeParse(jsonOf(ended.stdout));
      if (!parsed.success) return error('prints no list like [{"type": "TimeoutException", "count": 3}]');
      return { status: "value", types: parsed.data.toSorted((a, b) => b.count - a.count) };
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
