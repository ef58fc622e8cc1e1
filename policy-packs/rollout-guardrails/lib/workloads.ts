import { belongs } from "./belongs.ts";
import { isComponent } from "./components.ts";
import { isAutoscaler, memberAt, sideOf, types } from "./kubernetes.ts";
import { quoteNumber } from "./quote.ts";
import { elementsOf, membersOf } from "./read.ts";
import type { Finding, StackResource } from "./rule.ts";

/** A Deployment with what scales it and what protects its pods. */
export interface Workload {
  readonly deployment: StackResource;
  readonly side: "stable" | "canary";
  /** The component that made it; absent: it is nobody's. */
  readonly owner?: StackResource;
  readonly autoscaler?: StackResource;
  readonly budgets: readonly StackResource[];
}

/** The Deployments of a stack. */
export function workloadsIn(
  resources: readonly StackResource[],
  scope: { readonly everywhere: boolean },
): readonly Workload[] {
  const own = resources.filter((one) => belongs(one, scope));
  const autoscalers = own.filter(({ type }) => isAutoscaler(type));
  const budgets = own.filter(({ type }) => type === types.budget);
  return own
    .filter(({ type }) => type === types.deployment)
    .map((deployment) => {
      const autoscaler = autoscalers.find((one) => scales(one, deployment));
      const owner = ownerOf(deployment);
      return {
        deployment,
        side: sideOf(deployment.props),
        ...(owner === undefined ? {} : { owner }),
        ...(autoscaler === undefined ? {} : { autoscaler }),
        budgets: budgets.filter((one) => protects(one, deployment)),
      };
    });
}

/** The rollout component that a resource stands under. */
export function ownerOf(resource: StackResource): StackResource | undefined {
  let { parent } = resource;
  while (parent !== undefined && !isComponent(parent)) parent = parent.parent;
  return parent;
}

/** The pods that a Deployment has at the least: its own number, or the autoscaler's minimum. */
export function leastPods({ deployment, autoscaler }: Workload): unknown {
  if (autoscaler !== undefined) return memberAt(autoscaler.props, "spec", "minReplicas") ?? 1;
  return memberAt(deployment.props, "spec", "replicas") ?? 1;
}

/** What is wrong where stable of a rollout has less than `least` pods. The candidate has its share, which grows. */
export function* tooFewPods(
  workload: Workload,
  { least, parameter }: { readonly least: number; readonly parameter: string },
): Iterable<Finding> {
  const { side, owner, autoscaler, deployment } = workload;
  if (side === "canary" || owner === undefined) return;
  const pods = leastPods(workload);
  if (typeof pods === "number" && pods >= least) return;
  yield {
    what: `${autoscaler === undefined ? "replicas" : "the autoscaler's minimum"} is ${quoteNumber(pods)}, and this stack's services have ${least} pods at the least`,
    hint: `Write ${least}, or set the parameter ${parameter} to what this stack needs.`,
    urn: deployment.urn,
  };
}

/**
 * Whether the program writes `replicas`. What comes out has the number in any case, so it is asked who wrote it; where
 * the cluster has not been asked yet, what comes out is what was written.
 */
export function writesReplicas({ props }: StackResource): boolean {
  if (memberAt(props, "spec", "replicas") === undefined) return false;
  const fields = memberAt(props, "metadata", "managedFields");
  if (fields === undefined) return true;
  return elementsOf(fields).some((entry) => {
    const { manager, operation, fieldsV1 } = membersOf(entry);
    const isPulumi = operation === "Apply" || String(manager).startsWith("pulumi");
    return isPulumi && memberAt(fieldsV1, "f:spec", "f:replicas") !== undefined;
  });
}

function scales(autoscaler: StackResource, deployment: StackResource): boolean {
  const { kind, name } = membersOf(memberAt(autoscaler.props, "spec", "scaleTargetRef"));
  const namespace = memberAt(autoscaler.props, "metadata", "namespace");
  return kind === "Deployment" && placeOf({ metadata: { namespace, name } }) === placeOf(deployment.props);
}

function protects(budget: StackResource, deployment: StackResource): boolean {
  const namespace = (one: StackResource) => memberAt(one.props, "metadata", "namespace") ?? "default";
  if (namespace(budget) !== namespace(deployment)) return false;
  const wanted = membersOf(memberAt(budget.props, "spec", "selector", "matchLabels"));
  const labels = membersOf(memberAt(deployment.props, "spec", "template", "metadata", "labels"));
  const keys = Object.keys(wanted);
  return keys.length > 0 && keys.every((key) => labels[key] === wanted[key]);
}

/** `<namespace>/<name>`: for comparing, never for a finding. */
function placeOf(props: StackResource["props"]): string {
  const { namespace, name } = membersOf(props["metadata"]);
  return `${String(namespace ?? "default")}/${String(name)}`;
}
