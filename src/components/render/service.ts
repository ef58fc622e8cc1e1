import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { Side } from "../transforms.ts";
import { servicePort, sideLabels, sideName } from "./names.ts";

/** The Service of one side; `await` as in `renderDeployment`. */
export function renderService(input: {
  readonly service: string;
  readonly side: Side;
  readonly namespace: Input<string>;
  readonly await: boolean;
}): k8s.core.v1.ServiceArgs {
  const { service, side, namespace } = input;
  return {
    metadata: {
      name: sideName(service, side),
      namespace,
      labels: sideLabels(service, side),
      // The pods are ready before it is made: endpoints that take longer than this will never come.
      annotations: input.await ? { "pulumi.com/timeoutSeconds": "120" } : { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      type: "ClusterIP",
      selector: sideLabels(service, side),
      ports: [{ name: "http", port: servicePort, targetPort: "http", protocol: "TCP" }],
    },
  };
}
