import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { identityAnnotation } from "../../plan/identity.ts";
import type { EnvVar, HttpProbe, WorkloadSpec } from "../../types/workload.ts";
import type { Side } from "../transforms.ts";
import type { WorkloadSettings } from "../validate-args.ts";
import { configMapName } from "./config-map.ts";
import { sideLabels, sideName } from "./names.ts";

/** What a Deployment is rendered from. */
export interface DeploymentInput {
  readonly service: string;
  readonly side: Side;
  readonly namespace: Input<string>;
  readonly workload: WorkloadSpec;
  /** Which version the pods run: they carry it as an annotation. */
  readonly identity: string;
  /** Its name, as people say it; default: the first part of the identity, which is the image's tag or digest. */
  readonly version?: string;
  /** Left out: an autoscaler owns the number. */
  readonly replicas?: number;
  /** Pods that an update may have to replace, for the time that it may take. */
  readonly pods: number;
  readonly rolling: WorkloadSettings["rolling"];
  /** False for a side without traffic: an update must not hang on a candidate that never gets ready. */
  readonly await: boolean;
  /** Takes `replicas` back from an autoscaler of the same Deployment. */
  readonly force: boolean;
}

/** The Deployment of one side. */
export function renderDeployment(input: DeploymentInput): k8s.apps.v1.DeploymentArgs {
  const { service, side, rolling } = input;
  const labels = sideLabels(service, side);
  return {
    metadata: {
      name: sideName(service, side),
      namespace: input.namespace,
      labels,
      annotations: {
        ...awaiting(input),
        "kubernetes.io/change-cause": changeCause(input),
        ...(input.force ? { "pulumi.com/patchForce": "true" } : {}),
      },
    },
    spec: {
      ...(input.replicas === undefined ? {} : { replicas: input.replicas }),
      selector: { matchLabels: labels },
      minReadySeconds: rolling.minReadySeconds,
      progressDeadlineSeconds: rolling.progressDeadlineSeconds,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: rolling.maxSurge, maxUnavailable: rolling.maxUnavailable },
      },
      template: podTemplate(input),
    },
  };
}

/**
 * Seconds after which the engine gives up on an update: the progress deadline, the waits that a healthy
 * update needs anyway, and 20 s for the failure to be seen. The engine's own 10 minutes would report a
 * shorter deadline far too late.
 */
export function timeoutSeconds(pods: number, rolling: WorkloadSettings["rolling"]): number {
  const waves = Math.ceil(pods / (rolling.maxSurge + rolling.maxUnavailable));
  return rolling.progressDeadlineSeconds + waves * rolling.minReadySeconds + 20;
}

/**
 * What `kubectl rollout history` says of the revision. On the Deployment alone: its controller copies it to the
 * ReplicaSet, and in the pod template it would restart pods.
 */
function changeCause({ service, identity, version }: DeploymentInput): string {
  return `${service} ${version ?? identity.slice(0, identity.lastIndexOf("+"))}`;
}

function awaiting(input: DeploymentInput): Record<string, string> {
  if (!input.await) return { "pulumi.com/skipAwait": "true" };
  return { "pulumi.com/timeoutSeconds": String(timeoutSeconds(input.pods, input.rolling)) };
}

function podTemplate({
  service,
  side,
  workload,
  identity,
}: DeploymentInput): k8s.types.input.core.v1.PodTemplateSpec {
  const { env } = workload;
  const configMap = configMapName(service, workload);
  const versions = secretVersions(env);
  return {
    metadata: {
      labels: sideLabels(service, side),
      annotations: {
        [identityAnnotation]: identity,
        ...(versions === "" ? {} : { "pulumi-rollouts/secret-versions": versions }),
      },
    },
    spec: {
      containers: [
        {
          name: service,
          image: workload.image,
          ports: [{ name: "http", containerPort: workload.port }],
          ...(env.length === 0 ? {} : { env: env.map(variable) }),
          ...(configMap === undefined ? {} : { envFrom: [{ configMapRef: { name: configMap } }] }),
          readinessProbe: probe(workload.readiness),
          livenessProbe: probe(workload.liveness),
          ...resources(workload),
        },
      ],
    },
  };
}

function variable(item: EnvVar): k8s.types.input.core.v1.EnvVar {
  if ("value" in item) return { name: item.name, value: item.value };
  const { name, key } = item.secretRef;
  return { name: item.name, valueFrom: { secretKeyRef: { name, key } } };
}

/** Stands in the pods, or a Secret's new content would reach none of them. */
function secretVersions(env: readonly EnvVar[]): string {
  return env
    .flatMap((item) => ("secretRef" in item ? [item.secretRef] : []))
    .flatMap(({ name, key, version }) => (version === undefined ? [] : [`${name}/${key}=${version}`]))
    .join(",");
}

function probe(settings: HttpProbe): k8s.types.input.core.v1.Probe {
  const { path, ...times } = settings;
  return { httpGet: { path, port: "http" }, ...times };
}

function resources({ resources: { requests, limits } }: WorkloadSpec): {
  resources?: k8s.types.input.core.v1.ResourceRequirements;
} {
  const parts = {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
  return Object.keys(parts).length === 0 ? {} : { resources: parts };
}
