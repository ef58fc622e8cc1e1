import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { exposureAnnotation } from "../../plan/cohort.ts";
import { selectorAt, stableReplicasAnnotation } from "../../plan/replica-ratio.ts";
import type { Side } from "../transforms.ts";
import { servicePort, sideLabels, sideName } from "./names.ts";

const ports = [{ name: "http", port: servicePort, targetPort: "http", protocol: "TCP" }];

const unawaited = { "pulumi.com/skipAwait": "true" };

/** The Service of one side; `await` as in `renderDeployment`. */
export function renderService(input: {
  readonly service: string;
  readonly side: Side;
  readonly namespace: Input<string>;
  readonly await: boolean;
  /** Default: the side's. */
  readonly name?: string;
}): k8s.core.v1.ServiceArgs {
  const { service, side, namespace, name = sideName(service, side) } = input;
  return {
    metadata: {
      name,
      namespace,
      labels: sideLabels(service, side),
      // The pods are ready before it is made: endpoints that take longer than this will never come.
      annotations: input.await ? { "pulumi.com/timeoutSeconds": "120" } : unawaited,
    },
    spec: { type: "ClusterIP", selector: sideLabels(service, side), ports },
  };
}

/**
 * The Service that users call where there is no router: its requests spread evenly over the pods that it selects, and
 * so its selector is what a step moves. What share the pods of both sides are to be, and of how many of stable's it was
 * counted, stand beside it while there is a candidate (`exposure` is defined): a selector can't say it. It isn't waited
 * for: the provider would let its endpoints settle for ten seconds in each step and on the way back, and what is in
 * force is read back by the lever. Never `pulumi.com/patchForce` here, as on an HTTPRoute.
 */
export function renderSharedService(input: {
  readonly service: string;
  readonly namespace: Input<string>;
  readonly exposure: number | undefined;
  readonly stableReplicas: number;
}): k8s.core.v1.ServiceArgs {
  const { service, namespace, exposure, stableReplicas } = input;
  const said =
    exposure === undefined
      ? {}
      : { [exposureAnnotation]: String(exposure), [stableReplicasAnnotation]: String(stableReplicas) };
  return {
    metadata: {
      name: service,
      namespace,
      labels: { app: service },
      annotations: { ...unawaited, ...said },
    },
    spec: { type: "ClusterIP", selector: { ...selectorAt(service, exposure ?? 0) }, ports },
  };
}
