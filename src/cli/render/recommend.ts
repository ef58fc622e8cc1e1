import { formatDuration } from "../../lib/duration.ts";
import { changeRows, environmentRows, revertWords } from "../../plan/matrix-data.ts";
import type { ApprovalDemand, Recommendation } from "../../types/change.ts";
import { columns, painter } from "./human.ts";

/** The guide's two tables, whole. */
export function renderMatrix({ color }: { readonly color: boolean }): string {
  const paint = painter(color);
  return [
    paint("bold", "Deployment strategy decision matrix"),
    "",
    columns([
      ["  ", "Change", "Scenario", "Strategy", "Traffic Pattern", "Rollback Time", "Use When"],
      ...Object.entries(changeRows).map(([kind, row]) => [
        "  ",
        kind,
        row.scenario,
        row.strategyName,
        row.trafficPattern,
        row.rollback,
        row.useWhen,
      ]),
    ]),
    "",
    paint("bold", "Environment-specific rollout strategies"),
    "",
    columns([
      [
        "  ",
        "Environment",
        "Primary Strategy",
        "Approval Required",
        "Monitoring Duration",
        "Rollback Policy",
      ],
      ...Object.values(environmentRows).map((row) => [
        "  ",
        row.name,
        row.primaryStrategy,
        row.approvalWords,
        row.watchWords,
        revertWords[row.revert],
      ]),
    ]),
    "",
    "  The change picks the strategy; the environment gives approvals, monitoring, window and rollback policy.",
    "  `rollouts recommend --change new-feature --stack prod` puts the two together.",
  ].join("\n");
}

/** One change across environments: the matrix row, then a row for each. */
export function renderAcross(all: readonly Recommendation[], { color }: { readonly color: boolean }): string {
  const [first] = all;
  if (first === undefined) return "";
  const paint = painter(color);
  return [
    `${paint("bold", first.scenario)}: ${first.strategyName}`,
    "",
    columns(matrixRows(first)),
    "",
    columns([
      [
        "  ",
        "Environment",
        "Approval Required",
        "Monitoring Duration",
        "Rollback Policy",
        "Window",
        "Promoted In",
      ],
      ...all.map((one) => [
        "  ",
        environmentRows[one.environment].name,
        approvalsOf(one.approvals),
        watchOf(one),
        revertWords[one.revert],
        one.window,
        promotionsOf(one),
      ]),
    ]),
    ...(first.overridden === undefined ? [] : ["", `  ${first.reason}`]),
  ].join("\n");
}

/** One recommendation, in full. */
export function renderRecommendation(
  one: Recommendation,
  options: { readonly color: boolean; readonly notes: readonly string[] },
): string {
  const paint = painter(options.color);
  return [
    `${paint("bold", one.scenario)}${one.change === undefined ? "" : ` in ${environmentRows[one.environment].name}`}: ${one.strategyName}`,
    "",
    columns([
      ...matrixRows(one),
      ["  ", "Approval Required", approvalsOf(one.approvals)],
      ["  ", "Monitoring Duration", watchOf(one)],
      ["  ", "Rollback Policy", revertWords[one.revert]],
      ["  ", "Deployment Window", one.window],
      ["  ", "Promoted In", promotionsOf(one)],
      ["  ", "Why", one.reason],
    ]),
    ...options.notes.map((note) => `  ${paint("yellow", "note")}  ${note}`),
  ].join("\n");
}

function matrixRows(one: Recommendation): readonly (readonly string[])[] {
  return [
    ["  ", "Traffic Pattern", one.trafficPattern],
    ["  ", "Rollback Time", one.rollback],
    ["  ", "RTO objective", `< ${formatDuration(one.rtoSeconds)}`],
    ["  ", "Use When", one.useWhen],
  ];
}

/** The guide's words: "2 approvers + CAB", "2 approvers (expedited)". */
function approvalsOf({ required, cab, expedited }: ApprovalDemand): string {
  if (required === 0) return cab ? "CAB" : "No";
  const people = `${required} approver${required === 1 ? "" : "s"}`;
  return `${people}${cab ? " + CAB" : ""}${expedited ? " (expedited)" : ""}`;
}

/** The guide's words: "15 min per increment", "30 minutes", "None". */
function watchOf({ watch: { seconds, perIncrement } }: Recommendation): string {
  if (seconds === 0) return "None";
  return perIncrement ? `${formatDuration(seconds)} per increment` : `${seconds / 60} minutes`;
}

function promotionsOf({ promotedIn }: Recommendation): string {
  return promotedIn.length === 0 ? "-" : promotedIn.join(", ");
}
