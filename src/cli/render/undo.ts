import type { UndoOutcome } from "../../driver/undo-target.ts";
import type { JournalEntry } from "../../types/journal.ts";
import { painter } from "./human.ts";
import { formatSeconds } from "./words.ts";

/** What a rollback to a revision came to, for stdout. */
export function renderUndo(
  outcome: UndoOutcome,
  { color, service }: { readonly color: boolean; readonly service: string },
): string {
  const paint = painter(color);
  const { version, from, revision, running, differences, journal } = outcome;
  if (outcome.outcome === "nothing-to-do")
    return `${version} is in service already (revision ${revision}): nothing to do\n  journal  ${journal}`;
  const pods =
    running === undefined
      ? "the cluster did not say what runs"
      : `${running.ready} of ${running.desired} ready, image ${running.image} (revision ${running.number} now)`;
  const done = outcome.outcome === "undone";
  const head = done
    ? paint("green", `${service} serves ${version} again`)
    : paint(["red", "bold"], `${service} ${from} → ${version}: the rollback did not verify`);
  return [
    head,
    `  pods     ${pods}`,
    `  undo     ${goneText(outcome)} (objective: 5 min)`,
    `  stack    ${outcome.stackMs === undefined ? "not restored" : `restored after ${formatSeconds(outcome.stackMs)}`}`,
    ...outcome.problems.map((problem) => `  problem  ${problem}`),
    ...outcome.notes.map((note) => `  note     ${note}`),
    ...(differences.length === 0
      ? []
      : [`  note     unlike when ${version} was in service last: ${differences.slice(0, 5).join(", ")}`]),
    `  journal  ${journal}`,
  ].join("\n");
}

function goneText({ from, goneMs }: UndoOutcome): string {
  return goneMs === undefined
    ? `pods of ${from} may be left`
    : `no pod of ${from} after ${formatSeconds(goneMs)}`;
}

/** What a person reads on stderr meanwhile, a line an effect; undefined for the rest. */
export function undoLine({ kind, data }: JournalEntry): string | undefined {
  if (kind === "intent" && data["effect"] === "undo") {
    const { revision, from, to, by, reason } = Object(data["undo"]);
    return `○ undo  ${to} → ${from} (revision ${revision}), asked by ${by}: ${reason}`;
  }
  if (kind !== "effect") return undefined;
  const text = said[String(data["effect"])];
  if (text === undefined) return undefined;
  if (data["ok"] === true) {
    const took = typeof data["ms"] === "number" ? ` after ${formatSeconds(data["ms"])}` : "";
    return `↩ ${text}${took}`;
  }
  const problems = Array.isArray(data["problems"]) ? data["problems"].join("; ") : undefined;
  const failure = Object(data["failure"])["message"] ?? data["message"] ?? problems ?? "failed";
  return `✗ ${text}: ${failure}`;
}

const said: Readonly<Record<string, string>> = {
  lever: "the old pods are asked back",
  "pods-gone": "no pod of the version before is left",
  "stack-at-zero": "the stack has the old version",
  "candidate-removed": "the stack is written once more, with a refresh",
  "lever-released": "the lever gives the Deployment back",
  "preview-same": "a preview with refresh shows only same",
  "stable-verified": "the old version is ready",
  verified: "verified",
};
