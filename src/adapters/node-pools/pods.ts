import type { DisruptionBudget, NodePod } from "./nodes-api.ts";
import { selects } from "./selector.ts";

/** Whether a node isn't empty while this pod is on it: not a DaemonSet's, not a static one, not a finished one. */
export function mustGo({ owner, mirror, phase }: NodePod): boolean {
  return owner !== "DaemonSet" && !mirror && phase !== "Succeeded" && phase !== "Failed";
}

/** `prod/web-1` */
export function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** `a, b and 3 more` */
export function listed(names: readonly string[], most = 10, separator = ", "): string {
  const shown = names.slice(0, most).join(separator);
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The budgets that a pod's eviction is measured by. */
export function budgetsOver(pod: NodePod, budgets: readonly DisruptionBudget[]): readonly DisruptionBudget[] {
  return budgets.filter(
    ({ namespace, selector }) => namespace === pod.namespace && selects(selector, pod.labels),
  );
}

/** Something that stands against evicting pods. */
export interface Obstacle {
  /**
   * `bare`: nothing would bring the pod back. `budget`: never allowed. `unhealthy`: a budget without room only because
   * some of its pods aren't healthy now.
   */
  readonly kind: "bare" | "budget" | "unhealthy";
  /** For people. */
  readonly text: string;
}

/** All obstacles to evicting pods: bare ones, budgets without room, pods under two budgets, which the API never evicts. */
export function obstaclesTo(
  pods: readonly NodePod[],
  budgets: readonly DisruptionBudget[],
): readonly Obstacle[] {
  const held = pods.filter(answersToBudgets);
  return [
    ...bareOf(pods).map((pod): Obstacle => {
      return { kind: "bare", text: `pod ${nameOf(pod)} has no controller that would bring it back` };
    }),
    ...budgets.flatMap((budget) => withoutRoom(budget, held)),
    ...held.flatMap((pod): Obstacle[] => {
      const over = budgetsOver(pod, budgets).map(nameOf);
      if (over.length < 2) return [];
      const which = `${over.length} disruption budgets (${listed(over, 3)})`;
      return [{ kind: "budget", text: `pod ${nameOf(pod)} has ${which}, so the API never evicts it` }];
    }),
  ];
}

/** Pods that nothing would bring back, but for those that are ending already. */
export function bareOf(pods: readonly NodePod[]): readonly NodePod[] {
  return pods.filter(({ owner, terminating }) => owner === undefined && !terminating);
}

function withoutRoom(budget: DisruptionBudget, pods: readonly NodePod[]): Obstacle[] {
  const covered = pods.filter((pod) => budgetsOver(pod, [budget]).length > 0).map(nameOf);
  if (budget.disruptionsAllowed > 0 || covered.length === 0) return [];
  const until = budget.room > 0 ? " until more of its pods are healthy" : "";
  return [
    {
      kind: budget.room > 0 ? "unhealthy" : "budget",
      text: `disruption budget ${nameOf(budget)} allows 0 disruptions${until} and covers ${listed(covered, 3)}`,
    },
  ];
}

/** The API asks no budget about a pod that hasn't begun, or is ending already. */
function answersToBudgets({ phase, terminating }: NodePod): boolean {
  return phase !== "Pending" && !terminating;
}
