import type { HistoryView, RevisionView, ServedVersion } from "../history-view.ts";
import { columns, painter } from "./human.ts";

/** A stack's history for people: versions by the journal, then revisions by the cluster. */
export function renderHistory(view: HistoryView, { color }: { readonly color: boolean }): string {
  const { stack, service, served, unfinished, revisions, clusterError, journal } = view;
  const paint = painter(color);
  const versions =
    served.length === 0 ? ["  no version yet"] : [columns([servedHead, ...served.map(servedRow)])];
  return [
    `${paint("bold", service)} on ${stack}`,
    "",
    ...versions,
    ...unfinished.map((line) => `  ${paint("yellow", `! ${line}`)}`),
    ...(revisions === undefined ? [] : ["", ...revisionLines(revisions, stack)]),
    ...(clusterError === undefined
      ? []
      : ["", `  ${paint("yellow", `! the cluster could not be read: ${clusterError}`)}`]),
    "",
    `  journal  ${journal}`,
  ].join("\n");
}

const servedHead = ["  ", "version", "since", "by", "identity"];

function servedRow({ version, since, by, identity, revision }: ServedVersion): readonly string[] {
  const how = by === "before" ? "before the first rollout" : by;
  const to = revision === undefined ? how : `${how} to revision ${revision}`;
  return ["  ", version, since ?? "unknown", to, identity ?? "unknown"];
}

function revisionLines(revisions: readonly RevisionView[], stack: string): readonly string[] {
  if (revisions.length === 0) return ["  the Deployment has no revision"];
  const rows = revisions.map(({ number, changeCause, ready, desired, identity, present, canUndo }) => [
    "  ",
    String(number),
    changeCause ?? "no change cause",
    `${ready}/${desired}`,
    identity ?? "none",
    present ? "present" : canUndo ? "can be gone back to" : "the journal has no baseline of it",
  ]);
  const table = columns([["  ", "revision", "change cause", "ready", "identity", ""], ...rows]);
  const back = revisions.find(({ canUndo }) => canUndo);
  if (back === undefined) return [table];
  const command = `rollouts rollback --stack ${stack} --to-revision ${back.number} --reason REASON --by NAME`;
  return [table, "", `  back: ${command}`];
}
