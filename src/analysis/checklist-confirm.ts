import type { ChecklistItem } from "../types/checklist.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { hearsOfDeployments } from "./checklist-channel.ts";
import { isOneOf, namesOf } from "./checklist-people.ts";

/** Why a person's word isn't taken, and what does it instead. */
export interface Refusal {
  readonly why: string;
  readonly hint: string;
}

const waive = "Mend what it finds, or waive the item by name in rollout.checklist.waive.";

/** Items that the tool always checks by itself, and what it looks at. */
const checked: Readonly<Partial<Record<ChecklistItem, string>>> = {
  "change-approved": "the change system is asked: run with --change-request ID",
  "revert-rehearsed": "the journal of the other stack is read",
  dashboards: "each dashboard is asked",
  flags: "the store of the flag is asked",
  window: "rollout.windows says when it is open",
  "error-rate-fresh": "the metrics are read at each look",
  "queue-depth": "the queue is read at each look",
  "health-endpoints": "health is asked at each look",
  "status-told": "the journal knows what was told",
  "pause-offered": "the driver hears requests itself",
  "metrics-at-baseline": "the metrics are compared",
  "candidate-gone": "the stack is asked",
};

/** Notes without which an item says nothing; `none` is one. */
const noted: ReadonlySet<ChecklistItem> = new Set(["runbook", "lessons"]);

/**
 * Why a person can't vouch for an item of a stack: the tool checks it by itself, or it is somebody else's to say.
 * Undefined: they can. Pure.
 */
export function confirmRefusal(
  { item, by, note }: { readonly item: ChecklistItem; readonly by: string; readonly note: string },
  policy: EnvironmentPolicy,
): Refusal | undefined {
  const tool = checked[item] ?? sourceOf(item, policy);
  if (tool !== undefined) return { why: `${item} is checked by the tool: ${tool}`, hint: waive };
  if (noted.has(item) && note === "") {
    return { why: `${item} has to say something`, hint: 'Add --note "what was learned", or --note none.' };
  }
  if (item === "on-call") return notOnCall(by, policy);
  if (item === "channel" && !policy.notify.some(hearsOfDeployments)) {
    return {
      why: "no channel is configured on which deployments are told",
      hint: "Configure rollout.notify with a channel of people, or waive the item by name in rollout.checklist.waive.",
    };
  }
  return undefined;
}

/** What the tool looks at for items that are a person's only where nothing is configured. */
function sourceOf(
  item: ChecklistItem,
  { checklist, migration, metrics }: EnvironmentPolicy,
): string | undefined {
  const named = (key: string, there: boolean) =>
    there ? `rollout.checklist.${key} says where it looks` : undefined;
  switch (item) {
    case "migrations":
      return migration !== undefined && migration.testedIn.length > 0
        ? "rollout.migration.testedIn says where it looks"
        : undefined;
    case "load-test":
      return named("loadTest", checklist?.loadTest !== undefined);
    case "security-scan":
      return named("securityScan", checklist?.securityScan !== undefined);
    case "smoke":
      return named("smoke", checklist?.smoke !== undefined);
    case "synthetics":
      return named("synthetics", (checklist?.synthetics.length ?? 0) > 0);
    case "exceptions-watched":
      return metrics.kind === "azure-monitor"
        ? "the logs are read, where the metrics are"
        : named("exceptions", checklist?.exceptions !== undefined);
    default:
      return undefined;
  }
}

function notOnCall(by: string, { communication }: EnvironmentPolicy): Refusal | undefined {
  const { onCall } = communication ?? {};
  if (onCall === undefined) {
    const hint = 'Write rollout.communication.onCall: { primary: "@alice" }.';
    return { why: "nobody is named as on call", hint };
  }
  const named = namesOf(onCall);
  if (isOneOf(named, by)) return undefined;
  return { why: `${by} is not on call`, hint: `${named.join(" or ")} confirms: --by ${onCall.primary}.` };
}
