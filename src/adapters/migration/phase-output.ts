import { messageOf } from "../../lib/error-message.ts";
import { redact } from "../../lib/redact.ts";
import type { PhaseProgress, PhaseReport } from "../../ports/phase-command.ts";
import { lineReader, longestLine } from "./output-lines.ts";

/** What was said until now. */
export interface PhaseOutput {
  readonly push: (chunk: string) => void;
  readonly end: (how: "complete" | "cut-off") => void;
  readonly progress: () => PhaseProgress | undefined;
  readonly checkpoint: () => string | undefined;
  /** What was left out, each once. */
  readonly notes: () => readonly string[];
}

const progressLine = /^\s*(\d{1,15})\/(\d{1,15})\s*$/;
const checkpointLine = /^\s*checkpoint: *(.*?)\s*$/;

/** Reads a phase command's stdout: `done/total` and `checkpoint: <text>`, a line each; other lines are its own. */
export function phaseOutput(options: {
  /** The checkpoint that it was given: valid until it says another. */
  readonly checkpoint: string | undefined;
  readonly secrets: readonly string[];
  readonly report: (report: PhaseReport) => void;
  /** `report` has thrown. */
  readonly failed: (message: string) => void;
}): PhaseOutput {
  let { checkpoint } = options;
  let progress: PhaseProgress | undefined;
  const notes = new Set<string>();
  const tell = (report: PhaseReport) => {
    try {
      options.report(report);
    } catch (error) {
      options.failed(messageOf(error));
    }
  };
  const reader = lineReader((line, whole) => {
    const [, done, total] = progressLine.exec(line) ?? [];
    if (whole && done !== undefined && total !== undefined) {
      progress = { done: Number(done), total: Number(total) };
      return tell({ kind: "progress", ...progress });
    }
    const text = checkpointLine.exec(line)?.[1] ?? "";
    if (text === "") return;
    const why = unfit(text, { whole, secrets: options.secrets });
    if (why !== undefined) return void notes.add(`A checkpoint was not kept: ${why}.`);
    checkpoint = text;
    tell({ kind: "checkpoint", text });
  });
  return { ...reader, progress: () => progress, checkpoint: () => checkpoint, notes: () => [...notes] };
}

/** Why a checkpoint can't be handed back as it is. The last one before it counts on: that repeats work, and loses none. */
function unfit(
  text: string,
  { whole, secrets }: { readonly whole: boolean; readonly secrets: readonly string[] },
): string | undefined {
  if (!whole) return `its line is longer than ${longestLine} characters`;
  if (text.includes("\0")) return "no environment can carry a zero byte";
  // It goes into a record, where people read it.
  return redact(text, secrets) === text ? undefined : "it holds a secret";
}
