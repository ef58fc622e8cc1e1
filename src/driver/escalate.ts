import { escalationDue } from "../analysis/escalation.ts";
import { clockText } from "../lib/clock-text.ts";
import type { Announcement, Communication } from "../types/communication.ts";
import type { RolloutRequest } from "../types/decision.ts";
import type { Alarm, Escalation, Rung } from "../types/escalation.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { alarmOf } from "./alarm.ts";
import { announcedIn } from "./announced.ts";
import type { SaidInEntry } from "./message-said.ts";

/** One rollout's entries, and what people have asked in it. */
export interface Told {
  readonly entries: readonly JournalEntry[];
  readonly requests: readonly RolloutRequest[];
}

/** Who is to be told now, in order, each with what the journal is to keep of it. */
export interface Rise {
  readonly alarm: Alarm;
  readonly due: readonly { readonly rung: Rung; readonly data: Readonly<Record<string, unknown>> }[];
  /** When the next one is, ms; absent: nobody is, as it stands. */
  readonly nextAtMs?: number;
}

const titles: Readonly<Record<Rung, string>> = {
  lead: "deployment lead",
  manager: "engineering manager",
  vp: "VP Engineering",
  cto: "CTO",
};

/** Whom the alarm of a rollout goes up to by now. Undefined: its stack has no escalation. Pure. */
export function riseOf({ entries, requests }: Told, nowMs: number): Rise | undefined {
  const announced = announcedIn(entries);
  const terms = announced?.announcement.escalation;
  if (announced === undefined || terms === undefined) return undefined;
  const { announcement, plan } = announced;
  const alarm = alarmOf(entries, requests);
  const { now, nextAtMs } = escalationDue(alarm, terms, nowMs);
  return {
    alarm,
    due: now.map((escalation) => ({
      rung: escalation.rung,
      data: { escalation, said: saidOf(escalation, { plan, announcement, nowMs, alarm }) },
    })),
    ...(nextAtMs === undefined ? {} : { nextAtMs }),
  };
}

function saidOf(
  { rung, why, sinceMs }: Escalation,
  at: {
    readonly plan: RolloutPlan;
    readonly announcement: Announcement;
    readonly nowMs: number;
    readonly alarm: Alarm;
  },
): SaidInEntry {
  const { plan, announcement, nowMs, alarm } = at;
  const { communication, stack } = announcement;
  const name = communication[rung];
  const since = clockText(sinceMs, communication.zone, nowMs);
  const has = alarm.acknowledged === undefined ? "" : ` ${alarm.acknowledged.by} has it.`;
  return {
    phase: alarm.openSinceMs !== undefined && alarm.revertFailedAtMs === undefined ? "hold" : "rolling-back",
    kind: "escalation",
    severity: rung === "lead" ? "error" : "critical",
    title: `${name ?? titles[rung]}: ${plan.service} ${plan.from} → ${plan.to} on ${stack}`,
    text: `Escalated to the ${whoOf(rung, communication)}: ${why} (since ${since}).${has}`,
    to: { rung, ...(name === undefined ? {} : { name }) },
    nextSteps: [
      `Say that you have it: \`rollouts acknowledge --stack ${stack} --by NAME\``,
      `What is known: \`rollouts status --stack ${stack}\``,
    ],
  };
}

function whoOf(rung: Rung, communication: Communication): string {
  const name = communication[rung];
  return name === undefined
    ? `${titles[rung]}, whom nobody has named (communication.${rung})`
    : `${titles[rung]} ${name}`;
}
