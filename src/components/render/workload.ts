import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { candidateReplicas } from "../../plan/capacity.ts";
import type { Release } from "../../types/release.ts";
import type { WorkloadSpec } from "../../types/workload.ts";
import type { Side, Transforms } from "../transforms.ts";
import type { WorkloadSettings } from "../validate-args.ts";
import type { RouteArgs } from "../workload-args.ts";
import { budgetOf, renderHpa, renderPdb } from "./autoscaling.ts";
import { type RenderedConfigMap, renderConfigMaps } from "./config-map.ts";
import { renderDeployment } from "./deployment.ts";
import { renderRoute } from "./route.ts";
import { renderService } from "./service.ts";

/** What a service is rendered from; the release alone says which version stands where. */
export interface RenderInput {
  readonly service: string;
  readonly namespace: Input<string>;
  readonly route: RouteArgs;
  readonly settings: WorkloadSettings;
  readonly release: Release;
  readonly transform?: Transforms;
}

/** Everything of one side. */
export interface RenderedSide {
  readonly deployment: k8s.apps.v1.DeploymentArgs;
  readonly service: k8s.core.v1.ServiceArgs;
  readonly hpa?: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs;
  readonly pdb?: k8s.policy.v1.PodDisruptionBudgetArgs;
}

export interface RenderedWorkload {
  readonly configMaps: readonly RenderedConfigMap[];
  readonly stable: RenderedSide;
  readonly candidate?: RenderedSide;
  readonly route: k8s.apiextensions.CustomResourceArgs;
}

/** All Kubernetes objects of a service at one release. Pure: equal inputs give equal objects. */
export function renderWorkload(input: RenderInput): RenderedWorkload {
  const { service, namespace, release, transform } = input;
  const { stable, candidate } = release;
  const exposure = candidate === undefined ? undefined : release.exposure;
  const workloads = [stable.workload, ...(candidate === undefined ? [] : [candidate.workload])];
  const route = renderRoute({ service, namespace, route: input.route, exposure });
  return {
    configMaps: renderConfigMaps({ service, namespace, workloads }).map(({ name, args }) => ({
      name,
      args: transform?.configMap === undefined ? args : (transform.configMap(args) as typeof args),
    })),
    stable: stableSide(input),
    ...(candidate === undefined ? {} : { candidate: candidateSide(input, candidate.workload) }),
    route: transform?.route === undefined ? route : transform.route(route),
  };
}

function stableSide(input: RenderInput): RenderedSide {
  const { settings, release } = input;
  const { hpa, pdb } = settings;
  // While a candidate takes part of the traffic, stable's autoscaler would let go of the pods that a revert needs.
  const pinned = release.candidate === undefined ? 0 : (release.rollout?.stableReplicas ?? 0);
  return sideOf(input, {
    side: "stable",
    workload: release.stable.workload,
    ...(hpa === undefined ? { replicas: settings.replicas } : {}),
    pods: hpa?.max ?? settings.replicas,
    await: true,
    force: false,
    ...(hpa === undefined ? {} : { hpaMin: Math.max(hpa.min, pinned) }),
    ...(pdb === undefined ? {} : { minAvailable: pdb.minAvailable }),
  });
}

function candidateSide(input: RenderInput, workload: WorkloadSpec): RenderedSide {
  const { settings, release } = input;
  const { hpa, pdb } = settings;
  const replicas = candidateReplicas({
    // On the way down pods stay until the route is moved; the step that removes the candidate takes them.
    exposure: Math.max(release.exposure, release.previousExposure),
    stableReplicas: release.rollout?.stableReplicas ?? settings.replicas,
  });
  return sideOf(input, {
    side: "canary",
    workload,
    replicas,
    pods: replicas,
    await: release.exposure > 0,
    force: hpa !== undefined,
    ...(hpa === undefined ? {} : { hpaMin: replicas }),
    ...(pdb === undefined ? {} : { minAvailable: budgetOf(pdb.minAvailable, replicas) }),
  });
}

interface SideInput {
  readonly side: Side;
  readonly workload: WorkloadSpec;
  readonly replicas?: number;
  readonly pods: number;
  readonly await: boolean;
  readonly force: boolean;
  readonly hpaMin?: number;
  readonly minAvailable?: number | string;
}

function sideOf({ service, namespace, settings, transform }: RenderInput, input: SideInput): RenderedSide {
  const { side, hpaMin, minAvailable } = input;
  const apply = <T>(change: ((args: T, side: Side) => T) | undefined, args: T): T =>
    change === undefined ? args : change(args, side);
  const base = { service, namespace, side };
  const deployment = renderDeployment({ ...base, ...input, rolling: settings.rolling });
  const rendered = {
    deployment: apply(transform?.deployment, deployment),
    service: apply(transform?.service, renderService({ ...base, await: input.await })),
  };
  const { hpa } = settings;
  const scaler =
    hpa === undefined || hpaMin === undefined
      ? undefined
      : renderHpa({ ...base, min: hpaMin, max: hpa.max, cpuPercent: hpa.cpuPercent });
  const budget = minAvailable === undefined ? undefined : renderPdb({ ...base, minAvailable });
  return {
    ...rendered,
    ...(scaler === undefined ? {} : { hpa: apply(transform?.hpa, scaler) }),
    ...(budget === undefined ? {} : { pdb: apply(transform?.pdb, budget) }),
  };
}
