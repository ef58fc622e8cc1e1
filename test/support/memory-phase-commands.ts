import type { PhaseCall, PhaseCommands, PhaseRun } from "../../src/ports/phase-command.ts";

/** Commands in memory: what was run with which checkpoint, and knobs for what they come to. */
export interface MemoryPhaseCommands extends PhaseCommands {
  /** `migrate add-column`, `migrate backfill from 8000`. */
  readonly calls: readonly string[];
  /** What the next command of that name does; default: it is done. Asked anew at each call. */
  answers: Record<string, (call: PhaseCall) => Promise<PhaseRun> | PhaseRun>;
}

export function createMemoryPhaseCommands(): MemoryPhaseCommands {
  const calls: string[] = [];
  const commands: MemoryPhaseCommands = {
    calls,
    answers: {},
    run: async (call) => {
      call.signal.throwIfAborted();
      const name = call.run.join(" ");
      calls.push(call.checkpoint === undefined ? name : `${name} from ${call.checkpoint}`);
      const answer = await (commands.answers[name] ?? (() => done))(call);
      call.signal.throwIfAborted();
      return answer;
    },
  };
  return commands;
}

export const done: PhaseRun = { ok: true, notes: [] };

export function failed(message: string, checkpoint?: string): PhaseRun {
  return {
    ok: false,
    code: "phase-command-failed",
    message,
    hint: "Mend the cause and run the phase again.",
    exitCode: 1,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    notes: [],
  };
}

/** A command that ends with its signal alone. */
export function endless({ signal }: PhaseCall): Promise<PhaseRun> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
