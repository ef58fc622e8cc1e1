import type { MigrateOutcome } from "../../driver/migrate.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { Tested } from "../../plan/migration-tested.ts";
import type { CommandResult } from "../command.ts";
import type { BackView, MigrationView, NextView, UnderwayView } from "../migration-view.ts";
import { columns, painter } from "./human.ts";

/** Where a migration stands, for people, with the command lines that move it. */
export function renderMigration(view: MigrationView, { color }: { readonly color: boolean }): string {
  const { stack, migration, position, since, underway, frozen, next, back, journal } = view;
  const paint = painter(color);
  const when = since === undefined ? "" : ` since ${since}`;
  const rows = [
    ...(underway === undefined ? [] : underwayRows(underway)),
    ...(frozen === undefined ? [] : [["  ", "frozen", `since ${frozen.since}: ${frozen.reason}`]]),
    ...(next === undefined ? [] : nextRows(next)),
    ...(back === undefined ? [] : [["  ", "back", `to ${back.to}: ${reverseText(back)}`]]),
    ["  ", "contract", contractText(view)],
    ["  ", "journal", journal],
  ];
  const title = `${paint("bold", migration)} on ${stack}: ${position}${when}`;
  const asks = asksOf(view);
  return [title, "", columns(rows), ...(asks.length === 0 ? [] : ["", columns(asks)])].join("\n");
}

function underwayRows({ phase, direction, done, of, since, checkpoint, driven }: UnderwayView) {
  const what = direction === "forward" ? phase : `the way back over ${phase}`;
  const from = checkpoint === undefined ? "" : `, checkpoint ${checkpoint}`;
  const who = driven ? "a live process is at it" : "nobody is at it";
  return [["  ", "under way", `${what}, ${done} of ${of} done since ${since}${from}; ${who}`]];
}

function nextRows({ phase, guide, actions, reverse, tested }: NextView) {
  return [
    ["  ", "next", `${phase} (${guide})`],
    ["  ", "  does", listText(actions)],
    ["  ", "  way back", reverseText(reverse)],
    ...tested.map((one) => ["  ", "  tested", testedText(one)]),
  ];
}

function contractText({ position, contract, underway }: MigrationView): string {
  const { afterSeconds, notBefore } = contract;
  if (position === "contract") return "done: there is no way back";
  if (underway?.phase === "contract") return "under way: there is no way back";
  if (notBefore !== undefined) return `from ${notBefore} on`;
  return `${formatDuration(afterSeconds)} after switch-reads`;
}

/** What can be asked, as rows of command lines. */
function asksOf({ stack, underway, frozen, next, back, contract }: MigrationView): string[][] {
  const ask = (position: string, more: string, what: string) => [
    "  ",
    `rollouts migrate ${position} --stack ${stack}${more}`,
    what,
  ];
  if (underway !== undefined) {
    const thaw = frozen === undefined ? "" : " --thaw --by NAME";
    const { goal, origin } = underway;
    return [ask(goal, thaw, "goes on"), ...(origin === undefined ? [] : [ask(origin, thaw, "turns around")])];
  }
  const by = next?.reverse.reason === undefined ? "" : " --by NAME";
  const from = next?.phase === "contract" ? `from ${contract.notBefore} on` : "goes on";
  return [
    ...(next === undefined ? [] : [ask(next.phase, by, from)]),
    ...(back?.actions === undefined ? [] : [ask(back.to, "", "goes back")]),
  ];
}

function reverseText({ actions, reason }: Omit<BackView, "to">): string {
  return actions === undefined ? `none: ${reason}` : listText(actions);
}

/** Texts of actions in order. */
export function listText(actions: readonly string[]): string {
  return actions.length === 0 ? "nothing to do" : actions.join(", then ");
}

/** What a stack says of a way back. */
export function testedText(tested: Tested): string {
  return tested.ok
    ? `in ${tested.stack} on ${new Date(tested.atMs).toISOString()}`
    : `not in ${tested.stack}: ${tested.why}`;
}

/** What a move came to, in a few lines for stdout. */
export function renderMove(outcome: MigrateOutcome, { color }: { readonly color: boolean }): string {
  return [
    headline(outcome, color),
    ...outcome.notes.map((note) => `  note     ${note}`),
    journalLine(outcome),
  ].join("\n");
}

function journalLine({ journal }: MigrateOutcome): string {
  return `  journal  ${journal}`;
}

function headline({ outcome, migration, record, move, failure }: MigrateOutcome, color: boolean): string {
  const paint = painter(color);
  const at = `${migration} is at ${record.phase}`;
  switch (outcome) {
    case "done":
      return `${paint("green", at)}${move?.direction === "back" ? `, ${move.phase} was taken back` : ""}`;
    case "nothing-to-do":
      return `${at} already: nothing to do`;
    case "thawed":
      return `${at} and no longer frozen`;
    case "taken-back":
      return `${paint("red", `${move?.phase} failed and was taken back`)}, ${at}: ${failure?.message}`;
    case "frozen":
      return paint(["red", "bold"], failure?.message ?? `${migration} is frozen`);
    case "interrupted":
      return `${paint("yellow", `${move?.phase} interrupted`)}, ${at}`;
  }
}

/** The machine's form: why a move isn't success, with what to do. Undefined for success. */
export function problemOfMove(outcome: MigrateOutcome): CommandResult["problem"] {
  const { failure, move } = outcome;
  const message = failure?.message ?? headline(outcome, false);
  switch (outcome.outcome) {
    case "done":
    case "nothing-to-do":
    case "thawed":
      return undefined;
    case "taken-back":
      return {
        code: failure?.code ?? "taken-back",
        message: `${move?.phase} failed and was taken back: ${message}`,
        hint: failure?.hint ?? "Mend the cause and ask for the phase again.",
      };
    case "frozen":
      return {
        code: "migration-frozen",
        message,
        hint: "Mend the cause, then --thaw --by NAME, and on or back.",
      };
    case "interrupted":
      return { code: "interrupted", message, hint: "The same command goes on where it stopped." };
  }
}
