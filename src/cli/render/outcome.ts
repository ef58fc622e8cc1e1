import type { Outcome } from "../../driver/outcome.ts";
import { concernWords } from "../../lib/concern.ts";
import { formatDuration } from "../../lib/duration.ts";
import { betaExposure, exposureTrail } from "../../lib/strategies.ts";
import { isFlagStep } from "../../plan/flag-steps.ts";
import type { Concern } from "../../types/concern.ts";
import type { CommandResult } from "../command.ts";
import { type Paint, painter } from "./human.ts";
import { formatSeconds, stepLabel } from "./words.ts";

/** What a rollout came to, in a few lines for stdout. */
export function renderOutcome(outcome: Outcome, options: { readonly color: boolean }): string {
  const paint = painter(options.color);
  const lines = [
    headline(outcome, paint),
    ...revertLines(outcome),
    ...keptLines(outcome),
    ...requestLines(outcome),
    ...openLines(outcome),
    `  journal  ${outcome.journal}`,
  ];
  return lines.join("\n");
}

function headline(
  { outcome, version, exposures, failedAt, heldAt, cause, kept }: Outcome,
  paint: Paint,
): string {
  const why = cause ? `: ${cause.message}` : "";
  switch (outcome) {
    case "promoted":
      return `${paint("green", `${version} promoted`)}${exposures.length > 0 ? ` after ${exposureTrail(exposures)}` : ""}`;
    case "reverted":
      return `${paint("red", `${version} reverted`)} at ${stepLabel(failedAt ?? "?")}${why}`;
    case "revert-failed":
      return `${paint(["red", "bold"], `${version}: the revert did not verify`)}${why}`;
    case "held":
      if (kept !== undefined) return `${paint("red", keptText(version, failedAt, kept))}${why}`;
      return `${paint("yellow", `${version} held`)} at ${stepLabel(heldAt ?? "?")}${why}`;
    case "blocked":
      return `${paint("red", `${version} blocked`)}, nothing was touched${why}`;
    case "nothing-to-do":
      return `${version} is in service already: nothing to do`;
    case "lease-lost":
      return `${paint("red", "the lease was lost")}: another driver goes on with ${version}`;
    case "interrupted":
      return `${paint("yellow", `${version} interrupted`)}${lastText(exposures)}, nobody watches it now`;
  }
}

/** What is asked of people where a candidate is kept as evidence. */
export const keptHint =
  "`rollouts evidence export` saves it once more; `rollouts evidence release --by NAME` lets it go.";

function keptText(version: string, failedAt: string | undefined, kept: Concern): string {
  const what = concernWords[kept];
  return `${version} turned back at ${stepLabel(failedAt ?? "?")}, kept without traffic as evidence of ${what}`;
}

/** What is asked of people before the way back goes on. */
function keptLines({ kept }: Outcome): readonly string[] {
  if (kept === undefined) return [];
  return [
    "  kept     pods and logs stay until `rollouts evidence release --by NAME`; then the way back goes on",
  ];
}

function lastText(exposures: readonly number[]): string {
  const last = exposures.at(-1);
  if (last === undefined) return "";
  return last === betaExposure ? " with the beta tenants" : ` at ${last} %`;
}

/** Measured times beside the objectives of the guide: the strategy's own for users, 5 min for the stack. */
function revertLines({ revert, version, failedAt = "" }: Outcome): readonly string[] {
  if (revert === undefined) return [];
  const { leverMs, objectiveMs = 60_000, stackMs, stateEqual, inPlace, flag } = revert;
  const objective = `(objective: ${formatDuration(objectiveMs / 1000)})`;
  const traffic = leverMs === undefined ? "not read back" : `off after ${formatSeconds(leverMs)}`;
  const stack = stackMs === undefined ? "not restored" : `restored after ${formatSeconds(stackMs)}`;
  const undone =
    leverMs === undefined ? "not read back" : `every new pod gone after ${formatSeconds(leverMs)}`;
  const stays = isFlagStep(failedAt) ? `, code of ${version} stays` : "";
  const users =
    flag === undefined
      ? [inPlace ? `  undo     ${undone} ${objective}` : `  traffic  ${traffic} ${objective}`]
      : [`  flag     ${flag}: ${traffic} ${objective}${stays}`];
  return [
    ...users,
    `  stack    ${stack} (objective: 5 min), ${stateEqual ? "equals its baseline" : "differs from its baseline"}`,
  ];
}

/** What approvers are asked, whole: the line in it is what they write or sign. */
function requestLines({ planHash, approvalRequest }: Outcome): readonly string[] {
  if (planHash === undefined || approvalRequest === undefined) return [];
  return [`  plan     ${planHash}`, "", ...approvalRequest.split("\n").map((line) => `  ${line}`), ""];
}

/** What keeps a promoted rollout open. */
function openLines({ open = [] }: Outcome): readonly string[] {
  if (open.length === 0) return [];
  return [
    `  open     ${open.map(({ item }) => item).join(", ")}: the next rollout waits for it`,
    "           `rollouts checklist --phase post` says what to do",
  ];
}

/** The machine's form: why an outcome isn't success, with what to do. Undefined for success. */
export function problemOf(outcome: Outcome): CommandResult["problem"] {
  const { version, cause, failedAt } = outcome;
  const message = cause?.message ?? headline(outcome, (_, text) => text);
  switch (outcome.outcome) {
    case "promoted":
    case "nothing-to-do":
      return undefined;
    case "reverted":
      return {
        code: "reverted",
        message: `${version} was reverted at ${failedAt}: ${message}`,
        hint: `${version} is in quarantine: once mended, \`rollouts run --cause TEXT --by NAME\` lets it pass.`,
      };
    case "revert-failed":
      return {
        code: "revert-failed",
        message,
        hint: "Look at the stack and the route now; the journal says what is left.",
      };
    case "held":
      if (outcome.kept !== undefined)
        return {
          code: "held",
          message: `${keptText(version, failedAt, outcome.kept)}: ${message}`,
          hint: keptHint,
        };
      return {
        code: "held",
        message,
        hint: "`rollouts approve` or `rollouts run` goes on, `rollouts abort` takes it back.",
      };
    case "blocked":
      return { code: "blocked", message, hint: "Mend what it names and run again; nothing was touched." };
    case "lease-lost":
      return { code: "lease-lost", message, hint: "`rollouts status` shows who drives it." };
    case "interrupted":
      return {
        code: "interrupted",
        message,
        hint: "`rollouts run` goes on; `rollouts abort` takes it back.",
      };
  }
}
