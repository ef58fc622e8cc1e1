import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { verifyJournal } from "../analysis/verify-journal.ts";
import { exitCodes, RolloutError } from "../errors/errors.ts";
import { messageOf } from "../lib/error-message.ts";
import { journalName } from "../lib/journal-chain.ts";
import type { JournalHead } from "../types/journal.ts";
import type { JournalReport } from "../types/journal-report.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { renderJournalReport } from "./render/journal-report.ts";
import type { HistoryAsked } from "./verify-asked.ts";
import type { StackAt } from "./world.ts";

/** `data` of `history verify --json`. */
export interface JournalVerification extends JournalReport {
  /** Where it lies. */
  readonly journal: string;
  /** Where the anchor comes from; `none`: nobody knew one. */
  readonly anchorFrom: "state" | "option" | "none";
  /** Why the state could not be asked for one. */
  readonly anchorError?: string;
}

type Asked = Extract<HistoryAsked, { mode: "verify" }>;

/** Holds a journal against its chain, its stack's name, and the anchor in the stack's state. Nothing is written. */
export async function verifyHistory(context: CommandContext, asked: Asked): Promise<CommandResult> {
  const at = await stackOf(context);
  const { bytes, journal } = await contentOf(context, { at, file: asked.file });
  const data = await verificationOf(context, { at, bytes, journal, anchor: asked.anchor });
  return { data, text: renderJournalReport(data, { color: context.color }), ...ended(data) };
}

/** What is to be verified. `anchor`: in place of the one in the stack's state. */
export interface JournalContent {
  readonly at: StackAt | undefined;
  readonly bytes: Uint8Array;
  /** Where it lies, for people. */
  readonly journal: string;
  readonly anchor?: JournalHead | undefined;
}

/** Holds a journal's bytes against their chain, their stack's name, and the anchor in the stack's state. */
export async function verificationOf(
  context: CommandContext,
  { at, bytes, journal, anchor: given }: JournalContent,
): Promise<JournalVerification> {
  const { anchor, ...from } = await anchorOf(context, { at, given });
  const name = at === undefined ? {} : { name: journalName({ project: at.config.project, stack: at.stack }) };
  const report = verifyJournal(bytes, { ...name, ...(anchor === undefined ? {} : { anchor }) });
  return { ...report, journal, ...from };
}

async function stackOf({ projectDir, stack, world }: CommandContext): Promise<StackAt | undefined> {
  if (stack === "") return undefined;
  return { projectDir, stack, config: await world.loadConfig({ projectDir, stack }) };
}

async function contentOf(
  context: CommandContext,
  { at, file }: { readonly at: StackAt | undefined; readonly file: string | undefined },
): Promise<{ readonly bytes: Uint8Array; readonly journal: string }> {
  if (file === undefined) {
    if (at === undefined) throw new Error("neither a stack nor a file was given");
    const { journal } = await context.world.openRecord(at, context);
    return { bytes: await journal.bytes(), journal: journal.location };
  }
  const journal = resolve(context.projectDir, file);
  try {
    return { bytes: await readFile(journal), journal };
  } catch (error) {
    throw new RolloutError(`The journal can't be read: ${messageOf(error)}`, {
      code: "journal-unreadable",
      exit: "config",
      path: "--file",
      hint: "Write --file and the path of a journal.jsonl.",
    });
  }
}

type Anchor = Pick<JournalVerification, "anchorFrom" | "anchorError"> & { readonly anchor?: JournalHead };

/** What was given, else what the state knows. */
async function anchorOf(
  context: CommandContext,
  { at, given }: { readonly at: StackAt | undefined; readonly given: JournalHead | undefined },
): Promise<Anchor> {
  if (given !== undefined) return { anchor: given, anchorFrom: "option" };
  if (at === undefined) return { anchorFrom: "none" };
  try {
    const anchor = await context.world.readAnchor?.(at, context);
    return anchor === undefined ? { anchorFrom: "none" } : { anchor, anchorFrom: "state" };
  } catch (error) {
    // What was never made, or is gone, knows no head.
    if (error instanceof RolloutError && error.code === "no-stack") return { anchorFrom: "none" };
    return { anchorFrom: "none", anchorError: messageOf(error) };
  }
}

/** Only what was held against all that is known of it is a success. */
function ended(data: JournalVerification): Pick<CommandResult, "exit" | "problem"> {
  const { status, found, anchorError, journal } = data;
  if (status === "damaged") {
    const count = found === 1 ? "1 problem" : `${found} problems`;
    const message = `${journal} is not what was written: ${count}.`;
    const hint = "Keep it as it is, and compare it with a copy from elsewhere.";
    return { exit: exitCodes.error, problem: { code: "journal-damaged", message, hint } };
  }
  if (anchorError !== undefined) {
    const message = `The stack's state could not be asked for its anchor: ${anchorError}`;
    const hint = "Give a head that you have noted (--anchor), or verify the chain alone (--file).";
    return { exit: exitCodes.error, problem: { code: "anchor-unread", message, hint } };
  }
  if (status === "unchained") {
    const message = `No entry of ${journal} is chained: there is nothing to hold it against.`;
    const hint = "The chain begins with the next entry.";
    return { exit: exitCodes.nothingToDo, problem: { code: "nothing-to-verify", message, hint } };
  }
  return {};
}
