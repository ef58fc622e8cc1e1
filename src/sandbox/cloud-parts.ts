import type { VirtualClock } from "./clock.ts";
import { createDeployments, type Deployments } from "./deployments.ts";
import type { FaultBoard } from "./fault-board.ts";
import { cohortOf, type Flow, type FlowSource, flowsOf } from "./flows.ts";
import type { ObjectRef } from "./manifest.ts";
import { routeKind } from "./route-kinds.ts";
import { type Backend, createRouter, type Router } from "./router.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import type { Traffic } from "./traffic.ts";

/** Something that a careful rollout never does. */
export interface Violation {
  readonly atMs: number;
  readonly kind: "deleted-in-use" | "no-ready-pods";
  readonly message: string;
}

/** What the parts of a cloud have in common. */
export interface CloudContext {
  readonly clock: VirtualClock;
  readonly faults: FaultBoard;
  readonly traffic: Traffic;
  /** Name of the Service that users call where there is no router. */
  readonly sharedService?: string;
}

/** The moving parts behind the API: controllers, router and the flow of requests over them. */
export interface CloudParts {
  readonly timeline: Timeline;
  readonly deployments: Deployments;
  readonly router: Router;
  readonly violations: Violation[];
  /** Services by `namespace/name`, as selectors. */
  readonly services: Map<string, Readonly<Record<string, string>>>;
  /** Selectors of Services that were, or that a preview has shown. */
  readonly remembered: Map<string, Readonly<Record<string, string>>>;
  exposureOf(backends: readonly Backend[]): number;
  /** Whether requests come in by an object: a router's, or the Service that users call. */
  isEntry(ref: ObjectRef): boolean;
  /** Recomputes the flows after a change. */
  changed(): void;
}

/** Wires the parts together. */
export function createCloudParts(context: CloudContext): CloudParts {
  const timeline = createTimeline(context.clock);
  const services = new Map<string, Readonly<Record<string, string>>>();
  const remembered = new Map<string, Readonly<Record<string, string>>>();
  const violations: Violation[] = [];
  const starved = new Set<string>();
  const changed = (): void => {
    parts.router.followPods();
    const flows = parts.router.inForce().flatMap(({ backends }) => flowsOf(backends, source));
    context.traffic.change(timeline.now(), flows);
    const now = new Set(flows.filter((flow) => !flow.served).map((flow) => flow.service));
    for (const service of now) if (!starved.has(service)) violations.push(starving(service, timeline.now()));
    starved.clear();
    for (const service of now) starved.add(service);
    tellFaults();
  };
  const source: FlowSource = {
    selector: (namespace, service) => services.get(`${namespace}/${service}`),
    lastSelector: (namespace, service) => remembered.get(`${namespace}/${service}`),
    pods: (namespace, selector) => parts.deployments.select(namespace, selector),
  };
  const exposureOf = (backends: readonly Backend[]): number => {
    if (backends.some(({ selector }) => selector !== undefined)) return percentOf(flowsOf(backends, source));
    const candidate = backends.filter((backend) => {
      const selector = source.lastSelector(backend.namespace, backend.service);
      return selector !== undefined && cohortOf(selector) === "candidate";
    });
    // Shares of whole percents come back as whole percents: 0.07 × 100 is not 7 in floating point.
    return Math.round(candidate.reduce((sum, backend) => sum + backend.share, 0) * 1e8) / 1e6;
  };
  /** Tells the fault board of each change of exposure or builds; a fault that starts may break pods. */
  let told = "";
  const tellFaults = (): void => {
    const { inPlace } = context.faults;
    const placed = inPlace === undefined ? nothing : parts.deployments.inPlace(inPlace);
    const routed = parts.router.inForce().map(({ backends }) => exposureOf(backends));
    const exposure = Math.max(placed.exposure, ...routed);
    const namespaces = new Set([...services.keys()].map((key) => key.split("/")[0] ?? ""));
    const canaries = [...namespaces].flatMap((namespace) => source.pods(namespace, { version: "canary" }));
    const builds = [...new Set([...canaries, ...placed.pods].map((pod) => pod.build))];
    const news = JSON.stringify([exposure, builds]);
    if (news !== told) context.faults.inForce(exposure, builds);
    told = news;
    parts.deployments.breakDown();
  };
  const router = createRouter({ timeline, faults: context.faults, exposureOf, changed });
  const deployments = createDeployments({ timeline, faults: context.faults, changed });
  const parts: CloudParts = {
    timeline,
    deployments,
    router,
    violations,
    services,
    remembered,
    exposureOf,
    isEntry: (ref) => isEntry(ref, context.sharedService),
    changed,
  };
  return parts;
}

function isEntry({ kind, name }: ObjectRef, sharedService: string | undefined): boolean {
  return routeKind(kind) !== undefined || (kind === "Service" && name === sharedService);
}

/** The candidate's share where pods are the share, in whole percent: a fault waits for a number that is written so. */
function percentOf(flows: readonly Flow[]): number {
  const candidate = flows.filter(({ cohort }) => cohort === "candidate");
  return Math.round(candidate.reduce((sum, { share }) => sum + share, 0) * 100);
}

const nothing: ReturnType<Deployments["inPlace"]> = { exposure: 0, pods: [] };

function starving(service: string, atMs: number): Violation {
  const message = `requests go to the Service ${JSON.stringify(service)}, which has no ready pod`;
  return { atMs, kind: "no-ready-pods", message };
}
