import { breakGlassOf } from "../plan/break-glass.ts";
import type { Announcement } from "../types/communication.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { channelRefs } from "./outbox.ts";
import type { DriverDeps } from "./session.ts";

/**
 * What a rollout's first entry keeps for its messages: who is named, which channels are owed them, and what takes traffic
 * off without this tool. A rollout that is taken up goes on with what it began with, but for its channels.
 */
export function announcementOf(
  { policy, notify, start, incidents }: Pick<DriverDeps, "policy" | "notify" | "start" | "incidents">,
  plan: RolloutPlan,
  about?: string,
): Announcement {
  return {
    schemaVersion: 1,
    stack: start?.stack ?? plan.environment,
    channels: channelRefs(notify),
    communication: policy.communication ?? { zone: policy.windows?.zone ?? "UTC", dashboards: [] },
    ...(about === undefined ? {} : { about }),
    breakGlass: breakGlassOf(policy, plan),
    ...(incidents === undefined ? {} : { incidents: incidents.kind }),
    ...(policy.escalation === undefined ? {} : { escalation: policy.escalation }),
  };
}
