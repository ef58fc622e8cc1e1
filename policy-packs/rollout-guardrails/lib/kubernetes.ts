import { belongs } from "./belongs.ts";
import { quotePath } from "./quote.ts";
import { elementsOf, type Members, membersOf } from "./read.ts";

/** Types of objects, by what they are here. */
export const types = {
  deployment: "kubernetes:apps/v1:Deployment",
  service: "kubernetes:core/v1:Service",
  configMap: "kubernetes:core/v1:ConfigMap",
  budget: "kubernetes:policy/v1:PodDisruptionBudget",
} as const;

/** Whether it is an autoscaler of any version of the API. */
export function isAutoscaler(type: string): boolean {
  return /^kubernetes:autoscaling\/[^:]+:HorizontalPodAutoscaler$/.test(type);
}

/** Where the pods of a kind are described. */
const podsAt: Readonly<Record<string, readonly string[]>> = {
  [types.deployment]: ["spec", "template"],
  "kubernetes:apps/v1:StatefulSet": ["spec", "template"],
  "kubernetes:apps/v1:DaemonSet": ["spec", "template"],
  "kubernetes:batch/v1:Job": ["spec", "template"],
  "kubernetes:batch/v1:CronJob": ["spec", "jobTemplate", "spec", "template"],
  "kubernetes:core/v1:Pod": [],
};

/** Types with pods. */
export const podTypes: readonly string[] = Object.keys(podsAt);

/** A container, and where it stands. A path has places, never names: those are somebody's text. */
export interface Container {
  readonly path: string;
  readonly members: Members;
  /** Runs to its end before the pod serves. */
  readonly init: boolean;
}

/** The containers of a resource; none where it isn't a rollout's, or has no pods. */
export function containersOf(
  resource: { readonly type: string; readonly urn: string; readonly props: Members },
  scope: { readonly everywhere: boolean },
): readonly Container[] {
  const at = podsAt[resource.type];
  if (at === undefined || !belongs(resource, scope)) return [];
  const path = [...at, "spec"];
  const spec = memberAt(resource.props, ...path);
  return (["initContainers", "containers"] as const).flatMap((list) =>
    elementsOf(membersOf(spec)[list]).map((one, index) => ({
      path: quotePath(...path, list, index),
      members: membersOf(one),
      init: list === "initContainers",
    })),
  );
}

/** What stands at a path of keys; undefined where nothing does. */
export function memberAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => membersOf(at)[key], value);
}

/** Which side of a rollout an object is of, by its label. */
export function sideOf(props: Members): "stable" | "canary" {
  return memberAt(props, "metadata", "labels", "version") === "canary" ? "canary" : "stable";
}

/** A number of pods that may be written as a share of `pods`; undefined where it is neither. */
export function podsOf(value: unknown, pods: number, round: (pods: number) => number): number | undefined {
  if (typeof value === "number") return value;
  const [, percent] = typeof value === "string" ? (/^(\d{1,3})%$/.exec(value) ?? []) : [];
  return percent === undefined ? undefined : round((Number(percent) * pods) / 100);
}
