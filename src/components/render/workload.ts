import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { candidateReplicas } from "../../plan/capacity.ts";
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
import { type RenderedRoutes, renderRoutes } from "./route.ts";
import { renderService } from "./service.ts";

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
  readonly service: k8s.core.v1.ServiceArgs;
  readonly hpa?: k8s.autoscaling.v2.HorizontalPodAutoscalerArgs;
  readonly pdb?: k8s.policy.v1.PodDisruptionBudgetArgs;
}

export interface RenderedWorkload extends RenderedRoutes {
  readonly configMaps: readonly RenderedConfigMap[];
  readonly stable: RenderedSide;
  readonly candidate?: RenderedSide;
}

/** All Kubernetes objects of a service at one release. Pure: equal inputs give equal objects. */
export function renderWorkload(input: RenderInput): RenderedWorkload {
  const { service, namespace, release, transform, inPlace = false } = input;
  const { stable, candidate } = release;
  // In place there is one backend at every step.
  const beside = inPlace ? undefined : candidate;
  const exposure = beside === undefined ? undefined : release.exposure;
  const workloads = [stable, ...(candidate === undefined ? [] : [candidate])].map(serviceSpec);
  const cohort = input.cohort === undefined ? {} : { cohort: input.cohort };
  const routes = renderRoutes({ service, namespace, route: input.route, exposure, ...cohort });
  const changed = transform?.route ?? ((route) => route);
  return {
    configMaps: renderConfigMaps({ service, namespace, workloads }).map(({ name, args }) => ({
      name,
      args: transform?.configMap === undefined ? args : (transform.configMap(args) as typeof args),
    })),
    stable: stableSide(input),
    ...(beside === undefined ? {} : { candidate: candidateSide(input, beside) }),
    route: changed(routes.route),
    ...(routes.canaryRoute === undefined ? {} : { canaryRoute: changed(routes.canaryRoute) }),
  };
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
  const replicas = candidateReplicas({
    // On the way down pods stay until the route is moved; the step that removes the candidate takes them.
    // A staged version is about to get everybody: all of its pods come first.
    exposure: staged ? 100 : Math.max(release.exposure, release.previousExposure),
    stableReplicas: release.rollout?.stableReplicas ?? settings.replicas,
  });
  return sideOf(input, {
    side: "canary",
    snapshot,
    replicas,
    pods: replicas,
    await: staged || release.exposure > 0,
    force: hpa !== undefined,
    ...(hpa === undefined ? {} : { hpaMin: replicas }),
    ...(pdb === undefined ? {} : { minAvailable: budgetOf(pdb.minAvailable, replicas) }),
  });
}

interface SideInput {
  readonly side: Side;
  readonly snapshot: WorkloadSnapshot;
  readonly replicas?: number;
  readonly pods: number;
  readonly await: boolean;
  readonly force: boolean;
  readonly hpaMin?: number;
  readonly minAvailable?: number | string;
  /** Default: the service's own. */
  readonly rolling?: WorkloadSettings["rolling"];
}

function sideOf({ service, namespace, settings, transform }: RenderInput, input: SideInput): RenderedSide {
  const { side, hpaMin, minAvailable, snapshot, rolling = settings.rolling, ...shape } = input;
  const { identity, version } = snapshot;
  const apply = <T>(change: ((args: T, side: Side) => T) | undefined, args: T): T =>
    change === undefined ? args : change(args, side);
  const base = { service, namespace, side };
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
