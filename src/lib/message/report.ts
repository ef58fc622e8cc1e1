import type { IncidentReport, ReportLine } from "../../types/report.ts";
import type { GateReading } from "../../types/verdict.ts";
import { concernWords } from "../concern.ts";
import { formatDuration } from "../duration.ts";
import { escapedMarkdown } from "./markdown.ts";

/** As Markdown. What nobody has said yet is left open, never filled in. */
export function renderReport(report: IncidentReport): string {
  const { told, timeline, evidence, people, planHash } = report;
  const { service, versions, stack, impact, reason, communication } = told;
  const parts = [
    `# Incident report: ${escapedMarkdown(`${service} ${versions.from} → ${versions.to} on ${stack}`)}`,
    facts(report),
    "## What happened",
    escapedMarkdown(reason ?? told.text),
    "## Impact",
    escapedMarkdown(impact?.text ?? "Unknown: the journal has no counts."),
    "## Evidence at the verdict",
    evidence.length === 0 ? "None: no gate has spoken." : evidenceTable(evidence),
    "## Timeline",
    ["| Time | Entry | What |", "|---|---|---|", ...timeline.map(lineText)].join("\n"),
    "## Who",
    people.map((one) => `- ${escapedMarkdown(one)}`).join("\n"),
    "## Root cause analysis",
    `- When: ${escapedMarkdown(communication.rca ?? "not set (rollout.communication.rca)")}\n- Root cause:\n- Contributing factors:\n- What went well:\n- Actions, each with an owner and a date:`,
    `_Rollout ${escapedMarkdown(report.rolloutId)}, plan ${planHash.slice(0, 12)}. Written from the journal._`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function facts({ told, outcome, times }: IncidentReport): string {
  const { leverMs, objectiveMs, stackMs } = times;
  const { fromBuild, toBuild } = told.versions;
  const builds = [fromBuild, toBuild].filter((build) => build !== undefined).join(" → ");
  const objective = objectiveMs === undefined ? "" : ` (objective ${formatDuration(objectiveMs / 1000)})`;
  const rows = [
    ["Outcome", outcome ?? "the way back is under way"],
    ["Environment", told.environment],
    ["Strategy", told.strategy],
    ["Step", told.step ?? "unknown"],
    ["Builds", builds],
    ["Change", told.change ?? ""],
    ["Concern", told.concern === undefined ? "" : concernWords[told.concern]],
    ["Incident", [told.incident?.id, told.incident?.url].filter(Boolean).join(" ")],
    ["Traffic off after", leverMs === undefined ? "" : `${seconds(leverMs)}${objective}`],
    ["Baseline restored after", stackMs === undefined ? "" : seconds(stackMs)],
  ].filter(([, value]) => value !== "");
  const lines = rows.map(([label, value = ""]) => `| ${label} | ${escapedMarkdown(value)} |`);
  return ["| | |", "|---|---|", ...lines].join("\n");
}

function evidenceTable(evidence: readonly GateReading[]): string {
  const rows = evidence.map(
    ({ gate, verdict, value, limit, message }) =>
      `| ${escapedMarkdown(gate)} | ${verdict} | ${value ?? ""} | ${limit} | ${escapedMarkdown(message)} |`,
  );
  return ["| Gate | Verdict | Value | Limit | What it said |", "|---|---|---|---|---|", ...rows].join("\n");
}

function lineText({ atText, seq, text }: ReportLine): string {
  return `| ${atText} | ${seq} | ${escapedMarkdown(text.replaceAll("\n", " "))} |`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
