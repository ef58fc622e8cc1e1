import type * as k8s from "@pulumi/kubernetes";
import { CanaryDeployment } from "../../src/components/canary-deployment.ts";
import { rolloutProgram, type StackOutputs } from "../../src/program/rollout-program.ts";

/** The service of all cluster tests; its candidate is `atp-ingestion-canary`. */
export const service = "atp-ingestion";
export const candidate = `${service}-canary`;

/** What one test changes of the program. Plain data: a driver in another process gets the same. */
export interface ProgramOptions {
  readonly namespace: string;
  /** Pods of stable. Of 4, the increments 5, 20, 50, 100 get 1, 1, 2, 4 on the candidate. */
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly progressDeadlineSeconds: number;
  /**
   * False: Services of new sides aren't waited for. The provider gives their endpoints ten seconds to settle, in
   * each install and each first step; one test waits, as the component does by itself.
   */
  readonly awaitServices: boolean;
  /** False: stable's updates are over as soon as the API has them. Default: the provider waits for its pods. */
  readonly awaitStable?: boolean;
  readonly hpa?: { readonly min: number; readonly max: number; readonly cpuPercent: number };
}

/** The program of the stacks: each version brings a ConfigMap of its own. */
export function clusterProgram(options: ProgramOptions): () => Promise<StackOutputs> {
  const { namespace, replicas, minReadySeconds, progressDeadlineSeconds, hpa } = options;
  const transform = {
    ...(options.awaitServices ? {} : { service: withoutAwait }),
    ...(options.awaitStable === false ? { deployment: stableWithoutAwait } : {}),
  };
  return rolloutProgram(async (rollout) => {
    new CanaryDeployment(service, {
      rollout,
      namespace,
      image: "atp.example/ingestion",
      port: 8080,
      replicas,
      config: { RELEASE: rollout.version },
      route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
      rolling: { minReadySeconds, progressDeadlineSeconds },
      ...(hpa === undefined ? {} : { hpa }),
      transform,
    });
    return rollout.outputs();
  });
}

function withoutAwait(args: k8s.core.v1.ServiceArgs): k8s.core.v1.ServiceArgs {
  return { ...args, metadata: { ...args.metadata, annotations: unawaited } };
}

const unawaited = { "pulumi.com/skipAwait": "true" };

function stableWithoutAwait(args: k8s.apps.v1.DeploymentArgs): k8s.apps.v1.DeploymentArgs {
  const { name } = Object(args.metadata) as { readonly name?: unknown };
  return name === service ? { ...args, metadata: { ...args.metadata, annotations: unawaited } } : args;
}
