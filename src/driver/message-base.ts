import { clockText } from "../lib/clock-text.ts";
import { durationInWords, rollbackInWords, strategyInWords } from "../plan/plan-words.ts";
import type { Announcement } from "../types/communication.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutMessage } from "../types/message.ts";
import type { RolloutPlan } from "../types/plan.ts";

/** What every message of one rollout is made with. */
export interface MessageSource {
  readonly rolloutId: string;
  readonly plan: RolloutPlan;
  readonly announcement: Announcement;
  readonly rehearsed: boolean;
}

/** What one message says beside what all of a rollout do. */
export type Said = Pick<RolloutMessage, "phase" | "kind" | "severity" | "title" | "text" | "status"> &
  Partial<RolloutMessage>;

/** A message of one entry. Pure. */
export function messageWith(
  source: MessageSource,
  entry: Pick<JournalEntry, "seq" | "at">,
  said: Said,
): RolloutMessage {
  const { rolloutId, plan, announcement, rehearsed } = source;
  const { communication, breakGlass, stack, about } = announcement;
  const { from, to, identity } = plan;
  const change = [plan.change, about].filter((part) => part !== undefined).join(": ");
  return {
    schemaVersion: 1,
    id: `${rolloutId}/${entry.seq}`,
    rolloutId,
    at: entry.at,
    atText: clockText(Date.parse(entry.at), communication.zone),
    stack,
    service: plan.service,
    environment: plan.environment,
    versions: {
      from,
      to,
      ...(identity.stable === undefined ? {} : { fromBuild: identity.stable }),
      ...(identity.candidate === undefined ? {} : { toBuild: identity.candidate }),
    },
    ...(change === "" ? {} : { change }),
    strategy: strategyInWords(plan),
    duration: durationInWords(plan),
    rollbackPlan: rollbackInWords(plan),
    communication,
    links: communication.dashboards,
    nextSteps: [],
    breakGlass,
    rehearsed,
    ...said,
  };
}

/** `rollout:<stack>:<service>:<rolloutId>`: one alert a rollout, whatever becomes of it. At most 255 characters. */
export function alertKey({
  rolloutId,
  plan,
  announcement,
}: Pick<MessageSource, "rolloutId" | "plan"> & {
  readonly announcement: Pick<Announcement, "stack">;
}): string {
  return `rollout:${announcement.stack}:${plan.service}:${rolloutId}`.slice(0, 255);
}
