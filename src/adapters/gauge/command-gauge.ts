import { cutShort, failureOf, runProgram } from "../../lib/run-program.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Gauge } from "../../ports/gauge.ts";
import type { GaugeConfig, GaugeSample } from "../../types/gauge.ts";

export interface CommandGaugeOptions {
  readonly config: Extract<GaugeConfig, { kind: "command" }>;
  readonly runtime: Runtime;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string;
  /** Time limit of a run, ms; default 10 s. */
  readonly timeoutMs?: number;
}

/** A window expects a sample a minute at least; looks are closer together as a rule. */
const maxEveryMs = 60_000;
/** More than a day of looks each 10 s: a process that lives on doesn't fill its memory. */
const maxSamples = 10_000;
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * The level that a program prints: one number on stdout, exit 0. It runs at each read, without a shell. Samples are those
 * of this process, so a driver that is restarted has to watch anew: until a window is full, it proves nothing. No output
 * is `empty`; anything else that isn't a number is `error`, and adds no sample. Never throws.
 */
export function createCommandGauge(options: CommandGaugeOptions): Gauge {
  const { config, runtime, cwd, timeoutMs = 10_000 } = options;
  const program = config.run[0] || "the command";
  let kept: GaugeSample[] = [];
  return {
    name: "command",
    read: async ({ sinceMs, nowMs, signal }) => {
      const run = await runProgram({ run: config.run, runtime, timeoutMs, cwd, signal });
      const error = (why: string) => ({ status: "error" as const, message: `${program} ${why}` });
      if (run.how !== "exit") return error(cutShort(run, timeoutMs));
      if (run.code !== 0) return error(`failed: ${failureOf(run)}`);
      const printed = run.stdout.trim();
      if (printed === "") return { status: "empty", message: `${program} prints nothing` };
      const value = number.test(printed) ? Number(printed) : Number.NaN;
      if (!Number.isFinite(value))
        return error(`prints ${JSON.stringify(printed.slice(0, 80))}, where a number belongs`);
      kept = [...kept.filter(({ atMs }) => atMs !== nowMs), { atMs: nowMs, value }].slice(-maxSamples);
      const samples = kept.filter(({ atMs }) => atMs >= sinceMs && atMs <= nowMs);
      return { status: "value", everyMs: rhythmOf(samples), watermarkMs: nowMs, samples };
    },
  };
}

/**
 * How far apart samples are expected: as far as they are. A fixed minute would take three looks in a row, 20 s, for a
 * window of 3 min.
 */
function rhythmOf(samples: readonly GaugeSample[]): number {
  const gaps = samples.slice(1).map(({ atMs }, index) => atMs - (samples[index]?.atMs ?? atMs));
  const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? maxEveryMs;
  return Math.min(median, maxEveryMs);
}
