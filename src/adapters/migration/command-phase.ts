import { formatDuration } from "../../lib/duration.ts";
import { messageOf } from "../../lib/error-message.ts";
import { redact } from "../../lib/redact.ts";
import { failureOf } from "../../lib/run-program.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { PhaseCommands, PhaseProgress, PhaseReport, PhaseRun } from "../../ports/phase-command.ts";
import { type PhaseOutput, phaseOutput } from "./phase-output.ts";
import { type Ended, runLong } from "./run-long.ts";

export interface PhaseCommandOptions {
  /** Program and arguments; started without a shell. */
  readonly run: readonly string[];
  readonly runtime: Pick<Runtime, "wall">;
  /** What it said last in a run that was cut off: it finds that in `CHECKPOINT`. Absent: from the beginning. */
  readonly checkpoint?: string | undefined;
  /** Told at once, so that a record has it whatever becomes of this process. What it throws ends the command. */
  readonly report?: (report: PhaseReport) => void;
  /** Time limit, ms of the wall clock; default 24 h. */
  readonly timeoutMs?: number | undefined;
  /** From SIGTERM to SIGKILL, ms of the wall clock: time to finish a batch and say a checkpoint. Default 10 s. */
  readonly graceMs?: number;
  /** Where it runs; default: the folder of this process. */
  readonly cwd?: string | undefined;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Taken out of messages; a checkpoint that holds one isn't kept. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Commands of the project: where they run, with which environment, and what is masked in what they say. */
export function createPhaseCommands(
  at: Pick<PhaseCommandOptions, "runtime" | "cwd" | "env" | "secrets" | "graceMs">,
): PhaseCommands {
  return { run: (call) => runPhaseCommand({ ...at, ...call }) };
}

/**
 * Runs a command of a migration to its end, for hours if need be. On stdout a line `done/total` is its progress and
 * `checkpoint: <text>` is where it would go on. Done is exit 0, and not short of its own total where it gave one. At
 * its time limit and on abort it gets SIGTERM, after the grace SIGKILL, with all that it has started. Should this
 * process itself be killed, the command notices when it next writes; until then a second run may meet the first, so it
 * has to stand that. Never throws but for an abort: the signal's reason.
 */
export async function runPhaseCommand(options: PhaseCommandOptions): Promise<PhaseRun> {
  const { run, runtime, checkpoint, report = () => {}, timeoutMs = dayMs, graceMs = 10_000 } = options;
  options.signal?.throwIfAborted();
  const unreported = new AbortController();
  const output = phaseOutput({
    checkpoint,
    secrets: options.secrets ?? [],
    report,
    failed: (message) => unreported.abort(message),
  });
  const stop = AbortSignal.any([...(options.signal ? [options.signal] : []), unreported.signal]);
  const env = environment(options.env ?? process.env, checkpoint);
  const ended = await runLong({
    run,
    wall: runtime.wall,
    timeoutMs,
    graceMs,
    cwd: options.cwd,
    env,
    stop,
    output,
  });
  options.signal?.throwIfAborted();
  const failure: Ended = unreported.signal.aborted
    ? { how: "stopped", why: `what it said could not be stored: ${messageOf(unreported.signal.reason)}` }
    : ended;
  return resultOf(failure, output, options);
}

const dayMs = 86_400_000;

/** A `CHECKPOINT` of our own surroundings is none of this command's. */
function environment(env: NodeJS.ProcessEnv, checkpoint: string | undefined): NodeJS.ProcessEnv {
  const { CHECKPOINT: _foreign, ...rest } = env;
  return checkpoint === undefined ? rest : { ...rest, CHECKPOINT: checkpoint };
}

function resultOf(ended: Ended, output: PhaseOutput, options: PhaseCommandOptions): PhaseRun {
  const progress = output.progress();
  const checkpoint = output.checkpoint();
  const said = { ...(progress === undefined ? {} : { progress }), notes: output.notes() };
  const failure = failureIn(ended, progress, options);
  if (failure === undefined) return { ok: true, ...said };
  const { code, why } = failure;
  const program = options.run[0] || "the command";
  const goesOn = checkpoint === undefined ? "begins anew" : "goes on from its last checkpoint";
  const started = code !== "phase-command-not-started";
  return {
    ok: false,
    code,
    message: redact(
      `${program} ${why}${started && progress ? ` (at ${progress.done}/${progress.total})` : ""}`,
      options.secrets ?? [],
    ),
    hint: started
      ? `Mend the cause and run the phase again: it ${goesOn}.`
      : "Is the program there, and may it be run?",
    ...(ended.how === "exit" ? { exitCode: ended.code } : {}),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...said,
  };
}

function failureIn(
  ended: Ended,
  progress: PhaseProgress | undefined,
  { timeoutMs = dayMs }: PhaseCommandOptions,
): { readonly code: Extract<PhaseRun, { readonly ok: false }>["code"]; readonly why: string } | undefined {
  switch (ended.how) {
    case "late":
      return { code: "phase-command-late", why: `did not end within ${formatDuration(timeoutMs / 1000)}` };
    case "not-started":
      return { code: "phase-command-not-started", why: `can't be started: ${ended.message}` };
    case "stopped":
      return { code: "phase-command-failed", why: `was stopped: ${ended.why}` };
    case "exit":
      if (ended.code !== 0)
        return { code: "phase-command-failed", why: `failed: ${failureOf({ ...ended, stdout: "" })}` };
      // More than the total is done where rows were added meanwhile; less is not done, whatever the exit code says.
      if (progress === undefined || progress.done >= progress.total) return undefined;
      return { code: "phase-command-failed", why: "ended with exit 0 short of its own total" };
  }
}
