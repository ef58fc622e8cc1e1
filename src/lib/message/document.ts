import type { BreakGlass, MessageLink } from "../../types/communication.ts";
import type { IncidentRef, MetricRow, RolloutMessage } from "../../types/message.ts";
import { concernWords, guards } from "../concern.ts";

/** A part of a message, before it has a format. */
export type MessageBlock =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "fields"; readonly fields: readonly (readonly [label: string, value: string])[] }
  | { readonly kind: "metrics"; readonly title: string; readonly rows: readonly MetricRow[] }
  | { readonly kind: "list"; readonly title: string; readonly items: readonly string[] }
  | { readonly kind: "links"; readonly title: string; readonly links: readonly MessageLink[] }
  | { readonly kind: "code"; readonly title: string; readonly lines: readonly string[] };

/** A message as every format shows it: the fields of the guide's templates, in their order. */
export interface MessageDocument {
  readonly symbol: string;
  readonly title: string;
  readonly blocks: readonly MessageBlock[];
  readonly footer: string;
}

export function documentOf(message: RolloutMessage): MessageDocument {
  const { title, rolloutId, atText, rehearsed } = message;
  return {
    symbol: symbolOf(message),
    title: rehearsed ? `[rehearsal] ${title}` : title,
    blocks: blocksOf(message).filter((block) => !isEmpty(block)),
    footer: `${rolloutId}, ${atText}`,
  };
}

/** How a verdict looks beside a number. */
export const verdictSymbols: Readonly<Record<MetricRow["verdict"], string>> = {
  ok: "✅",
  over: "❌",
  unknown: "❔",
};

function symbolOf({ phase, kind }: RolloutMessage): string {
  if (kind === "revert-failed") return "🚨";
  if (kind === "escalation") return "📟";
  switch (phase) {
    case "starting":
      return "📢";
    case "increment":
    case "promoted":
      return "✅";
    case "hold":
      return "⏸️";
    case "rolling-back":
      return "🔴";
    case "rolled-back":
      return "↩️";
  }
}

function blocksOf(message: RolloutMessage): readonly MessageBlock[] {
  if (message.kind === "escalation") return escalated(message);
  switch (message.phase) {
    case "starting":
      return starting(message);
    case "increment":
    case "promoted":
      return going(message);
    case "hold":
      return held(message);
    case "rolling-back":
    case "rolled-back":
      return back(message);
  }
}

function starting(message: RolloutMessage): readonly MessageBlock[] {
  const { change, strategy, duration, rollbackPlan, status } = message;
  return [
    fields([...about(message), ["Change", change], ["Strategy", strategy], ["Duration", duration]]),
    { kind: "list", title: "Rollback plan", items: rollbackPlan },
    fields([["On-call", onCall(message)]]),
    monitoring(message),
    fields([["Status", status]]),
    ...breakGlassBlocks(message.breakGlass),
  ];
}

function going(message: RolloutMessage): readonly MessageBlock[] {
  const { text, phase, status } = message;
  return [
    { kind: "text", text },
    ...metrics(message),
    fields([
      ["Next", message.next?.text],
      ["ETA", message.next?.eta],
      ...(phase === "promoted" ? ([["Status", status]] as const) : []),
      ["Build", message.versions.toBuild],
    ]),
    monitoring(message),
  ];
}

function held(message: RolloutMessage): readonly MessageBlock[] {
  const { reason, text, status, nextSteps } = message;
  // What an approver signs stands in a line of its own.
  if (reason === undefined) return [{ kind: "text", text }, monitoring(message)];
  return [
    fields([
      ["Reason", reason],
      ...concerned(message),
      ["Status", status],
      ["Traffic", !message.exposure ? undefined : `${message.exposure} % stays as it is`],
    ]),
    ...metrics(message),
    fields([["On-call", onCall(message)]]),
    { kind: "list", title: "Next steps", items: nextSteps },
    monitoring(message),
  ];
}

/** Whom an alarm goes up to, or that somebody has it. */
function escalated(message: RolloutMessage): readonly MessageBlock[] {
  const { text, to, incident, nextSteps } = message;
  return [
    { kind: "text", text },
    fields([
      ...concerned(message),
      ["For", to?.name],
      ["On-call", to === undefined ? undefined : onCall(message)],
      ["Incident", incident === undefined ? undefined : linkOf(incident)],
    ]),
    { kind: "list", title: "Next steps", items: nextSteps },
    monitoring(message),
  ];
}

function back(message: RolloutMessage): readonly MessageBlock[] {
  const { reason, text, action, impact, next, incident, status, nextSteps, phase, kind } = message;
  const failed = kind === "revert-failed";
  return [
    // What was done by hand says it all in its text.
    ...(reason === undefined ? [{ kind: "text", text } as const] : []),
    fields([
      ["Reason", reason],
      ...concerned(message),
      ["Action", action],
      ["Status", reason !== undefined && (phase === "rolled-back" || failed) ? status : undefined],
      ["Impact", impact?.text],
      ["ETA", next?.eta === undefined ? undefined : `${next.text} ${next.eta}`],
      ["Incident", incident === undefined ? undefined : linkOf(incident)],
      ["Build", message.versions.toBuild],
      ["On-call", onCall(message)],
    ]),
    { kind: "list", title: "Next steps", items: nextSteps },
    monitoring(message),
    ...(failed ? breakGlassBlocks(message.breakGlass) : []),
  ];
}

function linkOf({ id, url }: IncidentRef): string {
  return url === undefined ? id : `${id} ${url}`;
}

function about({ service, stack, environment, versions }: RolloutMessage) {
  const { from, to, fromBuild, toBuild } = versions;
  const where = stack === environment ? stack : `${stack} (${environment})`;
  const builds = [fromBuild, toBuild].filter((build) => build !== undefined).join(" → ");
  return [
    ["Service", `${service} on ${where}`],
    ["Version", `${from} → ${to}`],
    ["Builds", builds === "" ? undefined : builds],
  ] as const;
}

function onCall({ communication: { onCall: people } }: RolloutMessage): string {
  if (people === undefined) return "nobody is named (communication.onCall)";
  const second = people.secondary === undefined ? "" : `, ${people.secondary} (secondary)`;
  return `${people.primary} (primary)${second}`;
}

/** What it is beside a bad version, and who is called for that. */
function concerned({ concern, communication }: RolloutMessage): readonly (readonly [string, string])[] {
  if (concern === undefined) return [];
  const guard = guards[concern];
  const label = guard === "security" ? "Security" : "Compliance";
  const who = communication[guard] ?? `nobody is named (communication.${guard})`;
  return [
    ["Concern", concernWords[concern]],
    [label, who],
  ];
}

function metrics({ metrics }: RolloutMessage): readonly MessageBlock[] {
  return metrics === undefined
    ? []
    : [{ kind: "metrics", title: `Metrics (${metrics.span})`, rows: metrics.rows }];
}

function monitoring({ links }: RolloutMessage): MessageBlock {
  return { kind: "links", title: "Monitoring", links };
}

function breakGlassBlocks(ways: readonly BreakGlass[]): readonly MessageBlock[] {
  return ways.map(({ what, commands }) => ({
    kind: "code",
    title: `Without this tool: ${what}`,
    lines: commands,
  }));
}

function fields(all: readonly (readonly [string, string | undefined])[]): MessageBlock {
  const known = all.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
  return { kind: "fields", fields: known };
}

function isEmpty(block: MessageBlock): boolean {
  switch (block.kind) {
    case "text":
      return block.text === "";
    case "fields":
      return block.fields.length === 0;
    case "metrics":
      return block.rows.length === 0;
    case "list":
      return block.items.length === 0;
    case "links":
      return block.links.length === 0;
    case "code":
      return block.lines.length === 0;
  }
}
