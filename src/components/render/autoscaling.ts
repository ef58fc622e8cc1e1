import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { Side } from "../transforms.ts";
import { sideLabels, sideName } from "./names.ts";

/** The autoscaler of one side; `max` grows with `min`, or the API would refuse it. */
export function renderHpa(input: {
  readonly service: string;
  readonly side: Side;
  readonly namespace: Input<string>;
  readonly min: number;
  readonly max: number;
  readonly cpuPercent: number;
}): k8s.autoscaling.v2.HorizontalPodAutoscalerArgs {
  const { service, side, namespace } = input;
  const name = sideName(service, side);
  return {
    metadata: { name, namespace, labels: sideLabels(service, side) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: input.min,
      maxReplicas: Math.max(input.min, input.max),
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: input.cpuPercent } },
        },
      ],
    },
  };
}

/** The disruption budget of one side. */
export function renderPdb(input: {
  readonly service: string;
  readonly side: Side;
  readonly namespace: Input<string>;
  readonly minAvailable: number | string;
}): k8s.policy.v1.PodDisruptionBudgetArgs {
  const { service, side, namespace, minAvailable } = input;
  return {
    metadata: { name: sideName(service, side), namespace, labels: sideLabels(service, side) },
    spec: { minAvailable, selector: { matchLabels: sideLabels(service, side) } },
  };
}

/** A budget never asks for more pods than all but one: a small candidate must not block a node's drain. */
export function budgetOf(minAvailable: number | string, replicas: number): number | string {
  const most = Math.max(0, replicas - 1);
  if (typeof minAvailable === "number") return Math.min(minAvailable, most);
  // A share is rounded up to whole pods: half of one pod is that pod.
  return Math.ceil((Number.parseInt(minAvailable, 10) * replicas) / 100) > most ? most : minAvailable;
}
