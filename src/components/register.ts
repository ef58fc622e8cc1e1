import * as k8s from "@pulumi/kubernetes";
import type { ComponentResource, CustomResource, Resource } from "@pulumi/pulumi";
import { recordedSides } from "./recorded.ts";
import { sideName } from "./render/names.ts";
import {
  type RenderedFront,
  type RenderedSide,
  type RenderedWorkload,
  type RenderInput,
  renderWorkload,
} from "./render/workload.ts";
import type { ClaimedRollout } from "./rollout.ts";
import type { Side } from "./transforms.ts";
import type { WorkloadSettings } from "./validate-args.ts";

/** The arguments that a component records of itself, as plain values: what policies see of a rollout. */
export function recordedArgs(
  service: string,
  claimed: ClaimedRollout,
  settings: WorkloadSettings,
): Record<string, unknown> {
  const { workload: _workload, ...shape } = settings;
  return { service, intent: recordedIntent(claimed), ...recordedSides(claimed.release), ...shape };
}

/**
 * The intent as it is recorded. A stack where nothing is rolling out doesn't say which way its next version will come:
 * a fix that rolls in a stack of canaries must find nothing to change first.
 */
export function recordedIntent({ release, intent }: ClaimedRollout): Partial<ClaimedRollout["intent"]> {
  const { strategy: _strategy, increments: _increments, ...settled } = intent;
  return release.candidate === undefined ? settled : intent;
}

/** What was registered: the resources whose ids stand for the release. */
export interface Registered {
  /** What users come in by: the router's object, or without a router the Service over both sides' pods. */
  readonly route: CustomResource;
  /** The object that carries the candidate's weight, where it isn't the route itself. */
  readonly canaryRoute?: k8s.apiextensions.CustomResource;
  readonly deployments: readonly k8s.apps.v1.Deployment[];
}

/**
 * Registers a service's objects under `parent`. Order on the way up: ConfigMaps, pods, Services, route, so
 * that capacity comes before weight; on the way back the engine removes what is gone after the route moved.
 */
export function registerWorkload(parent: ComponentResource, input: RenderInput): Registered {
  const rendered = renderWorkload(input);
  const configMaps = rendered.configMaps.map(
    ({ name, args }) => new k8s.core.v1.ConfigMap(name, args, { parent }),
  );
  const stable = registerSide(
    parent,
    { service: input.service, side: "stable", configMaps },
    rendered.stable,
  );
  const candidate = registerCandidate(parent, { input, rendered, configMaps });
  const dependsOn = [...stable.ready, ...(candidate?.ready ?? [])];
  return {
    ...registerFront(input.service, rendered, { parent, dependsOn }),
    deployments: [stable.deployment, ...(candidate === undefined ? [] : [candidate.deployment])],
  };
}

function registerFront(
  service: string,
  rendered: RenderedFront,
  at: { readonly parent: ComponentResource; readonly dependsOn: readonly Resource[] },
): Pick<Registered, "route" | "canaryRoute"> {
  const dependsOn = [...at.dependsOn];
  const options = { parent: at.parent, dependsOn };
  if (rendered.sharedService !== undefined) {
    return { route: new k8s.core.v1.Service(service, rendered.sharedService, options) };
  }
  const route = new k8s.apiextensions.CustomResource(service, rendered.route, options);
  if (rendered.canaryRoute === undefined) return { route };
  const name = sideName(service, "canary");
  const after = { ...options, dependsOn: [...dependsOn, route] };
  return { route, canaryRoute: new k8s.apiextensions.CustomResource(name, rendered.canaryRoute, after) };
}

/** Every registered resource that carries the release. */
export function carriers({ route, canaryRoute, deployments }: Registered): readonly CustomResource[] {
  return [route, ...(canaryRoute === undefined ? [] : [canaryRoute]), ...deployments];
}

function registerCandidate(
  parent: ComponentResource,
  from: {
    readonly input: RenderInput;
    readonly rendered: RenderedWorkload;
    readonly configMaps: readonly Resource[];
  },
): ReturnType<typeof registerSide> | undefined {
  const { input, rendered, configMaps } = from;
  if (rendered.candidate === undefined) return undefined;
  return registerSide(parent, { service: input.service, side: "canary", configMaps }, rendered.candidate);
}

function registerSide(
  parent: ComponentResource,
  at: { readonly service: string; readonly side: Side; readonly configMaps: readonly Resource[] },
  rendered: RenderedSide,
): { readonly deployment: k8s.apps.v1.Deployment; readonly ready: readonly Resource[] } {
  const name = sideName(at.service, at.side);
  const dependsOn = [...at.configMaps];
  const deployment = new k8s.apps.v1.Deployment(name, rendered.deployment, { parent, dependsOn });
  const after = { parent, dependsOn: [deployment] };
  // After the pods: a Service waits for endpoints, and without pods would fail ten minutes later than they do.
  const service = new k8s.core.v1.Service(rendered.serviceName, rendered.service, after);
  const ready: Resource[] = [deployment, service];
  if (rendered.hpa) ready.push(new k8s.autoscaling.v2.HorizontalPodAutoscaler(name, rendered.hpa, after));
  if (rendered.pdb) ready.push(new k8s.policy.v1.PodDisruptionBudget(name, rendered.pdb, after));
  return { deployment, ready };
}
