import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { candidateReplicas, ratioReplicas } from "../../plan/capacity.ts";
import { serviceSpec } from "../../plan/snapshots.ts";
import type { TenantCohort } from "../../types/cohort.ts";
import type { Release } from "../../types/release.ts";
import type { WorkloadSnapshot } from "../../types/workload.ts";
import type { Side, Transforms } from "../transforms.ts";
import type { WorkloadSettings } from "../validate-args.ts";
import type { RouteArgs } from "../workload-args.ts";
import { budgetOf, renderHpa, renderPdb } from "./autoscaling.ts";
import { type RenderedConfigMap, renderConfigMaps } from "./config-map.ts";
import { renderDeployment } from "./deployment.ts";
import { sideName, stableServiceName } from "./names.ts";
import { type RenderedRoutes, renderRoutes } from "./route.ts";
import { renderService, renderSharedService } from "./service.ts";

/** What a service is rendered from; the release alone says which version stands where. */
export interface RenderInput {
  readonly service: string;
  readonly namespace: Input<string>;
  readonly route: RouteArgs;
  readonly settings: WorkloadSettings;
  readonly release: Release;
  /** The new version takes stable's place (rolling, direct) instead of standing beside it; default false. */
  readonly inPlace?: boolean;
  /** In place, while it is watched: all pods are replaced together (direct) instead of a few at a time; default false. */
  readonly atOnce?: boolean;
  /** Whole tenants move instead of requests. */
  readonly cohort?: TenantCohort;
  readonly transform?: Transforms;
}

/** Everything of one side. */
export interface RenderedSide {
  readonly deployment: k8s.apps.v1.DeploymentArgs;
  /** Name of its Service, which its Deployment needn't have. */
  readonly serviceName: string;
  readonly service: k8s.core.v1.ServiceArgs;
  readonly hpa?: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs;
  readonly pdb?: k8s.policy.v1.PodDisruptionBudgetArgs;
}

/** What users come in by: a router's objects, which lead to the sides' Services, or a Service over the pods of both. */
export type RenderedFront =
  | (RenderedRoutes & { readonly sharedService?: undefined })
  | { readonly sharedService: k8s.core.v1.ServiceArgs; readonly route?: undefined };

export type RenderedWorkload = RenderedFront & {
  readonly configMaps: readonly RenderedConfigMap[];
  readonly stable: RenderedSide;
  readonly candidate?: RenderedSide;
};

/** All Kubernetes objects of a service at one release. Pure: equal inputs give equal objects. */
export function renderWorkload(input: RenderInput): RenderedWorkload {
  const { service, namespace, release, transform, inPlace = false } = input;
  const { stable, candidate } = release;
  // In place there is one backend at every step.
  const beside = inPlace ? undefined : candidate;
  const workloads = [stable, ...(candidate === undefined ? [] : [candidate])].map(serviceSpec);
  return {
    configMaps: renderConfigMaps({ service, namespace, workloads }).map(({ name, args }) => ({
      name,
      args: transform?.configMap === undefined ? args : (transform.configMap(args) as typeof args),
    })),
    stable: stableSide(input),
    ...(beside === undefined ? {} : { candidate: candidateSide(input, beside) }),
    ...frontOf(input, beside === undefined ? undefined : release.exposure),
  };
}

function frontOf(input: RenderInput, exposure: number | undefined): RenderedFront {
  const { service, namespace, route, transform = {} } = input;
  if ("replicaRatio" in route) {
    const { sharedService = (args) => args } = transform;
    const shared = renderSharedService({ service, namespace, exposure, stableReplicas: baselineOf(input) });
    return { sharedService: sharedService(shared) };
  }
  const { route: changed = (args) => args } = transform;
  const cohort = input.cohort === undefined ? {} : { cohort: input.cohort };
  const routes = renderRoutes({ service, namespace, route, exposure, ...cohort });
  return {
    route: changed(routes.route),
    ...(routes.canaryRoute === undefined ? {} : { canaryRoute: changed(routes.canaryRoute) }),
  };
}

/** Stable's pods that a candidate's number is counted from. */
function baselineOf({ release, settings }: RenderInput): number {
  return release.rollout?.stableReplicas ?? settings.replicas;
}

function stableSide(input: RenderInput): RenderedSide {
  const { settings, release } = input;
  const { hpa, pdb } = settings;
  // While a candidate takes part of the traffic, stable's autoscaler would let go of the pods that a revert needs.
  const beside = release.candidate !== undefined && input.inPlace !== true;
  const pods = hpa?.max ?? settings.replicas;
  // A hotfix reaches everybody with one wave of pods, and so does what puts it back: pod by pod would miss the guide's
  // two minutes. Settled it rolls as ever.
  const atOnce = input.inPlace === true && input.atOnce === true && release.candidate !== undefined;
  const pinned = beside ? (release.rollout?.stableReplicas ?? 0) : 0;
  return sideOf(input, {
    side: "stable",
    snapshot: inService(input),
    ...(hpa === undefined ? { replicas: settings.replicas } : {}),
    pods,
    ...(atOnce ? { rolling: { ...settings.rolling, maxSurge: pods } } : {}),
    await: true,
    force: false,
    ...(hpa === undefined ? {} : { hpaMin: Math.max(hpa.min, pinned) }),
    ...(pdb === undefined ? {} : { minAvailable: pdb.minAvailable }),
  });
}

/** What stable's Deployment runs: in place the new version, from its step on until it is the baseline or taken back. */
function inService({
  release: { stable, candidate, exposure },
  inPlace = false,
}: RenderInput): WorkloadSnapshot {
  return inPlace && candidate !== undefined && exposure === 100 ? candidate : stable;
}

function candidateSide(input: RenderInput, snapshot: WorkloadSnapshot): RenderedSide {
  const { settings, release } = input;
  const { hpa, pdb } = settings;
  const staged = release.step === "stage";
  const replicas = candidatePods(input);
  return sideOf(input, {
    side: "canary",
    snapshot,
    replicas,
    pods: replicas,
    await: staged || release.exposure > 0,
    force: hpa !== undefined,
    ...(hpa === undefined ? {} : { hpaMin: replicas, ...(isShare(input) ? { hpaMax: replicas } : {}) }),
    ...(pdb === undefined ? {} : { minAvailable: budgetOf(pdb.minAvailable, replicas) }),
  });
}

function candidatePods(input: RenderInput): number {
  const { step, exposure, previousExposure } = input.release;
  const replicas = "replicaRatio" in input.route ? ratioReplicas : candidateReplicas;
  const stableReplicas = baselineOf(input);
  // On the way down pods stay until the route is moved; the step that removes the candidate takes them.
  // A staged version is about to get everybody: all of its pods come first.
  const exposures = step === "stage" ? [100] : [exposure, previousExposure];
  return Math.max(...exposures.map((one) => replicas({ exposure: one, stableReplicas })));
}

/** Whether the candidate's pods are its share of the traffic: an autoscaler that adds some would move users to it. */
function isShare({ route, release: { exposure } }: RenderInput): boolean {
  return "replicaRatio" in route && exposure > 0 && exposure < 100;
}

interface SideInput {
  readonly side: Side;
  readonly snapshot: WorkloadSnapshot;
  readonly replicas?: number;
  readonly pods: number;
  readonly await: boolean;
  readonly force: boolean;
  readonly hpaMin?: number;
  /** Default: the service's own. */
  readonly hpaMax?: number;
  readonly minAvailable?: number | string;
  /** Default: the service's own. */
  readonly rolling?: WorkloadSettings["rolling"];
}

function sideOf(at: RenderInput, input: SideInput): RenderedSide {
  const { service, namespace, settings, transform } = at;
  const { side, hpaMin, hpaMax, minAvailable, snapshot, rolling = settings.rolling, ...shape } = input;
  const { identity, version } = snapshot;
  const apply = <T>(change: ((args: T, side: Side) => T) | undefined, args: T): T =>
    change === undefined ? args : change(args, side);
  const base = { service, namespace, side };
  // The name of the service is the one that users call.
  const serviceName =
    side === "stable" && "replicaRatio" in at.route ? stableServiceName(service) : sideName(service, side);
  const deployment = renderDeployment({
    ...base,
    ...shape,
    workload: serviceSpec(snapshot),
    identity,
    version,
    rolling,
  });
  const rendered = {
    deployment: apply(transform?.deployment, deployment),
    serviceName,
    service: apply(transform?.service, renderService({ ...base, await: input.await, name: serviceName })),
  };
  const { hpa } = settings;
  const scaler =
    hpa === undefined || hpaMin === undefined
      ? undefined
      : renderHpa({ ...base, min: hpaMin, max: hpaMax ?? hpa.max, cpuPercent: hpa.cpuPercent });
  const budget = minAvailable === undefined ? undefined : renderPdb({ ...base, minAvailable });
  return {
    ...rendered,
    ...(scaler === undefined ? {} : { hpa: apply(transform?.hpa, scaler) }),
    ...(budget === undefined ? {} : { pdb: apply(transform?.pdb, budget) }),
  };
}
