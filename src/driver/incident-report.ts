import type { Decision } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutMessage } from "../types/message.ts";
import type { IncidentReport } from "../types/report.ts";
import type { GateReading } from "../types/verdict.ts";
import { messagesOf } from "./messages.ts";
import { reportLines } from "./report-lines.ts";

/** The report of a rollout that was taken back: of `rolloutId`, or of the newest one. Undefined: there is none. Pure. */
export function incidentReport(
  entries: readonly JournalEntry[],
  rolloutId?: string,
): IncidentReport | undefined {
  const backs = messagesOf(entries)
    .map(({ message }) => message)
    .filter(({ phase }) => phase === "rolling-back" || phase === "rolled-back");
  const told = backs.findLast((message) => rolloutId === undefined || message.rolloutId === rolloutId);
  if (told === undefined) return undefined;
  const own = entries.filter((entry) => entry.rolloutId === told.rolloutId);
  const verdict = own.find(({ data }) => decisionOf(data)?.kind === "revert");
  const end = own.findLast(({ kind }) => kind === "end")?.data;
  return {
    rolloutId: told.rolloutId,
    told,
    ...(end === undefined ? {} : { outcome: String(end["outcome"]) }),
    planHash: own[0]?.planHash ?? "",
    timeline: reportLines(own, told.communication.zone),
    evidence: (verdict?.data["readings"] ?? []) as readonly GateReading[],
    times: Object(end?.["revert"]),
    people: peopleOf(own, told),
  };
}

function decisionOf(data: JournalEntry["data"]): Decision | undefined {
  return data["decision"] as Decision | undefined;
}

function peopleOf(
  own: readonly JournalEntry[],
  { communication, concern }: RolloutMessage,
): readonly string[] {
  const { onCall, lead, manager, security, compliance } = communication;
  const holders = own.flatMap(({ data }) => (typeof data["holder"] === "string" ? [data["holder"]] : []));
  const asked = own.flatMap(({ data }) => {
    const decision = decisionOf(data);
    return decision?.kind === "revert" && decision.cause.kind === "person" ? [decision.message] : [];
  });
  const approved = own.flatMap(({ data }) => {
    const message: unknown = Object(data["approvals"]).message;
    return typeof message === "string" ? [`approvals: ${message}`] : [];
  });
  const named = (what: string, who: string | undefined) => (who === undefined ? [] : [`${what}: ${who}`]);
  return [
    ...[...new Set(holders)].map((holder) => `driver: ${holder}`),
    ...asked,
    ...approved,
    ...named("on-call, primary", onCall?.primary),
    ...named("on-call, secondary", onCall?.secondary),
    ...named("deployment lead", lead),
    ...named("engineering manager", manager),
    ...named("security", concern === "corruption" ? security : undefined),
    ...named("compliance", concern === "compliance" ? compliance : undefined),
  ];
}
