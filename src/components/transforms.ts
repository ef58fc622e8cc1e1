import type * as k8s from "@pulumi/kubernetes";

/** Which side of the rollout a resource belongs to. */
export type Side = "stable" | "canary";

/** Arguments in, arguments out; must be pure, or no second update is empty. */
export type Transform<T> = (args: T, side: Side) => T;

/** One function per kind of child; each sees what the component is about to register. */
export interface Transforms {
  readonly deployment?: Transform<k8s.apps.v1.DeploymentArgs>;
  readonly service?: Transform<k8s.core.v1.ServiceArgs>;
  /** Without a router (`replicaRatio`): the Service that users call, over the pods of both sides. */
  readonly sharedService?: (args: k8s.core.v1.ServiceArgs) => k8s.core.v1.ServiceArgs;
  readonly configMap?: (args: k8s.core.v1.ConfigMapArgs) => k8s.core.v1.ConfigMapArgs;
  readonly route?: (args: k8s.apiextensions.CustomResourceArgs) => k8s.apiextensions.CustomResourceArgs;
  readonly hpa?: Transform<k8s.autoscaling.v2.HorizontalPodAutoscalerArgs>;
  readonly pdb?: Transform<k8s.policy.v1.PodDisruptionBudgetArgs>;
}
