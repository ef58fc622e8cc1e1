import type { Issue } from "../errors/errors.ts";
import type { JournalHead } from "../types/journal.ts";
import { usageError } from "./args.ts";
import { type Command, type CommandContext, type OptionSpec, textOption } from "./command.ts";

/** Options of `history verify`. */
export const verifyOptions: readonly OptionSpec[] = [
  { flags: "--file <path>", summary: "with verify: a copy of the journal, which may stand anywhere" },
  {
    flags: "--anchor <seq:hash>",
    summary: "with verify: hold it against this head, in place of the one in the stack's state",
  },
];

/** What `history` is asked for. */
export type HistoryAsked =
  | { readonly mode: "show" }
  | { readonly mode: "verify"; readonly file?: string; readonly anchor?: JournalHead };

const written = /^([1-9]\d{0,14}):([0-9a-f]{64})$/;

/** @throws RolloutError `usage` (exit 2) with every problem. */
export function askedOf(context: CommandContext, command: Command): HistoryAsked {
  const { argument, stack } = context;
  const file = textOption(context, "file");
  const anchor = textOption(context, "anchor");
  const [, seq, hash] = written.exec(anchor ?? "") ?? [];
  const verify = argument === "verify";
  const issues: Issue[] = [];
  if (argument !== undefined && !verify) {
    const received = JSON.stringify(argument);
    issues.push({ path: "[verify]", received, rule: "verify, or nothing", hint: "Write verify." });
  }
  if (stack === "" && !(verify && file !== undefined)) {
    const hint = "Write --stack <name>: only `verify --file` goes without one.";
    issues.push({ path: "--stack", rule: "required", hint });
  }
  for (const path of [...(file ? ["--file"] : []), ...(anchor ? ["--anchor"] : [])]) {
    if (!verify) issues.push({ path, rule: "only with verify", hint: "Write `rollouts history verify`." });
  }
  if (anchor !== undefined && hash === undefined) {
    const hint = "Write a head as `rollouts history verify` prints it: 60:<64 hexadecimal digits>.";
    issues.push({ path: "--anchor", received: JSON.stringify(anchor), rule: "seq:hash", hint });
  }
  if (issues.length > 0) throw usageError(command, issues);
  if (!verify) return { mode: "show" };
  return {
    mode: "verify",
    ...(file === undefined ? {} : { file }),
    ...(hash === undefined ? {} : { anchor: { seq: Number(seq), hash } }),
  };
}
