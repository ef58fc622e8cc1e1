import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { stackRule } from "../lib/define.ts";
import { isAutoscaler, memberAt, podsOf } from "../lib/kubernetes.ts";
import { quoteNumber } from "../lib/quote.ts";
import type { Finding, StackResource } from "../lib/rule.ts";
import { leastPods, type Workload, workloadsIn, writesReplicas } from "../lib/workloads.ts";

/** One owner of the number of pods, and a budget under which a node can be drained and the service goes on. */
export const hpaPdb = stackRule({
  name: "hpa-pdb",
  description:
    "An autoscaler alone says how many pods there are, and a budget lets one pod go and keeps another.",
  level: "mandatory",
  parameters: z.object({ everywhere }),
  *check({ resources, parameters }) {
    const workloads = workloadsIn(resources, parameters);
    for (const one of resources.filter(({ type }) => isAutoscaler(type)))
      if (belongs(one, parameters)) yield* bounds(one, workloads);
    for (const workload of workloads) {
      yield* fight(workload);
      for (const budget of workload.budgets) yield* keeps(budget, workload);
    }
  },
});

function* bounds(one: StackResource, workloads: readonly Workload[]): Iterable<Finding> {
  const { urn } = one;
  const least = memberAt(one.props, "spec", "minReplicas") ?? 1;
  const most = memberAt(one.props, "spec", "maxReplicas");
  if (typeof least !== "number" || least < 1)
    yield {
      what: `minReplicas is ${quoteNumber(least)}, and a service has one pod at the least`,
      hint: "Write minReplicas: 1 or more.",
      urn,
    };
  if (typeof most !== "number" || (typeof least === "number" && most < least))
    yield {
      what: `maxReplicas is ${quoteNumber(most)}, below minReplicas ${quoteNumber(least)}`,
      hint: "Write maxReplicas: the most that the service may have, at least minReplicas.",
      urn,
    };
  if (workloads.some(({ autoscaler }) => autoscaler === one)) return;
  yield {
    what: "the autoscaler's target is no Deployment of this stack, or another autoscaler has it",
    hint: "Write scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: <its name> }, once for each Deployment.",
    urn,
  };
}

/**
 * A written number takes pods away that the autoscaler has added, at each update. The candidate's is the step's: it says
 * what the autoscaler's minimum says, and its pods are there before the weight.
 */
function* fight(workload: Workload): Iterable<Finding> {
  const { deployment, autoscaler, side } = workload;
  if (autoscaler === undefined || !writesReplicas(deployment)) return;
  const replicas = memberAt(deployment.props, "spec", "replicas");
  const least = leastPods(workload);
  if (side === "canary" && replicas === least) return;
  yield {
    what: `replicas is written as ${quoteNumber(replicas)}, and an autoscaler has the say, from ${quoteNumber(least)} pods on`,
    hint: "Leave spec.replicas out.",
    urn: deployment.urn,
  };
}

function* keeps(budget: StackResource, workload: Workload): Iterable<Finding> {
  const { urn } = budget;
  const pods = leastPods(workload);
  if (typeof pods !== "number") return;
  const kept = keptOf(budget, pods);
  if (kept === undefined) {
    yield {
      what: "the budget says neither minAvailable nor maxUnavailable as a number of pods or a share",
      hint: "Write minAvailable.",
      urn,
    };
    return;
  }
  if (kept >= pods)
    yield {
      what: `the budget keeps ${kept} of ${pods} pods, so no node with one of them can be drained`,
      hint: pods > 1 ? `Write minAvailable: ${pods - 1} or less.` : "Give the service a second pod.",
      urn,
    };
  if (kept < 1 && pods > 1)
    yield {
      what: `the budget keeps none of ${pods} pods`,
      hint: "Write minAvailable: 1 or more.",
      urn,
    };
}

/** Shares are rounded up to whole pods, both. */
function keptOf({ props }: StackResource, pods: number): number | undefined {
  const available = memberAt(props, "spec", "minAvailable");
  if (available !== undefined) return podsOf(available, pods, Math.ceil);
  const gone = podsOf(memberAt(props, "spec", "maxUnavailable"), pods, Math.ceil);
  return gone === undefined ? undefined : pods - gone;
}
