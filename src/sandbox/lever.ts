import { RolloutError } from "../errors/errors.ts";
import { progressText } from "../plan/progress.ts";
import type { Lever } from "../ports/lever.ts";
import type { RouteReading } from "../types/observation.ts";
import type { Cloud, CloudObject } from "./cloud.ts";
import { cohortOf } from "./flows.ts";
import { labelsAt } from "./labels.ts";
import type { Manifest, ObjectRef } from "./manifest.ts";
import { identityOf } from "./rollout-settings.ts";
import { reweighted, rulesOf } from "./route-kinds.ts";
import type { Sandbox } from "./sandbox.ts";

/** Field manager of the lever: what an ordinary update of the engine then conflicts with. */
export const LEVER_MANAGER = "rollouts-lever";

/** Names of what the lever moves: a router's object and the Services behind it. */
export interface LeverNames {
  /** Default: HTTPRoute. */
  readonly kind?: "HTTPRoute" | "VirtualService";
  readonly namespace: string;
  readonly route: string;
  readonly stable: string;
  readonly candidate: string;
}

/** The lever on the sandbox's route. */
export function createSandboxLever(sandbox: Sandbox, names: LeverNames): Lever {
  const ref: ObjectRef = { kind: names.kind ?? "HTTPRoute", namespace: names.namespace, name: names.route };
  return {
    name: "sandbox",
    setExposure: async (exposure) => {
      setExposure(sandbox, { ref, names, exposure });
    },
    read: async () => read(sandbox, ref, names),
  };
}

interface Change {
  readonly ref: ObjectRef;
  readonly names: LeverNames;
  readonly exposure: number;
}

function setExposure({ cloud }: Sandbox, { ref, names, exposure }: Change): void {
  if (!(exposure >= 0 && exposure <= 100)) {
    throw refused(`an exposure is 0-100 %, not ${exposure}`, "lever-exposure");
  }
  const route = known(cloud.get(ref), ref);
  const weights = weightsOf(route.manifest, names);
  if (weights.candidate === undefined) {
    if (exposure === 0) return;
    throw refused(
      `the route "${names.route}" has no backend "${names.candidate}" to send ${exposure} % to`,
      "lever-no-candidate",
    );
  }
  if (weights.candidate === exposure && weights.stable === 100 - exposure) return;
  const weightOf: Readonly<Record<string, number>> = {
    [names.stable]: 100 - exposure,
    [names.candidate]: exposure,
  };
  cloud.patch(ref, (manifest) => reweighted(manifest, weightOf), LEVER_MANAGER);
}

function read({ cloud, routeHistory }: Sandbox, ref: ObjectRef, names: LeverNames): RouteReading {
  const route = known(cloud.get(ref), ref);
  const inForce =
    routeHistory.findLast((entry) => entry.route === `${names.namespace}/${names.route}`)?.weights ?? {};
  const candidate = inForce[names.candidate] ?? 0;
  const total = candidate + (inForce[names.stable] ?? 0);
  const ready = (cohort: "stable" | "candidate"): number =>
    cloud
      .list("Deployment")
      .filter(
        ({ manifest }) => cohortOf(labelsAt(manifest, "spec", "template", "metadata", "labels")) === cohort,
      )
      .filter((deployment) => deployment.ref.namespace === names.namespace)
      .reduce((sum, deployment) => sum + (cloud.status(deployment.ref)?.ready ?? 0), 0);
  return {
    exposure: total === 0 ? 0 : Math.round((candidate / total) * 1e8) / 1e6,
    accepted: cloud.router.accepted(ref),
    hasCandidate: weightsOf(route.manifest, names).candidate !== undefined,
    ready: { stable: ready("stable"), candidate: ready("candidate") },
    ...stableOf(cloud, { kind: "Deployment", namespace: names.namespace, name: names.stable }),
  };
}

/** What stable's Deployment says of itself; absent where there is none. */
export function stableOf(cloud: Cloud, ref: ObjectRef): Pick<RouteReading, "stable"> {
  const found = cloud.get(ref);
  const status = cloud.status(ref);
  if (found === undefined || status === undefined) return {};
  const { replicas: desired, updated, available, pods, complete } = status;
  const identity = identityOf(found.manifest);
  const progress = progressText({ desired, updated, available, total: pods.length });
  return { stable: { ...(identity === undefined ? {} : { identity }), complete, progress } };
}

/** Weights as written. Refuses a route of another shape than one rule over the two Services. */
function weightsOf(
  manifest: Manifest,
  names: LeverNames,
): { readonly stable: number; readonly candidate?: number } {
  const rules = rulesOf(manifest);
  const weights = new Map((rules[0] ?? []).map(({ name, weight = 1 }) => [name, weight]));
  const stable = weights.get(names.stable);
  const foreign = [...weights.keys()].filter((name) => name !== names.stable && name !== names.candidate);
  if (rules.length !== 1 || stable === undefined || foreign.length > 0) {
    throw refused(
      `the route "${names.route}" has ${rules.length} rules with the backends ${[...weights.keys()].join(", ")}; ` +
        `the lever knows one rule over "${names.stable}" and "${names.candidate}"`,
      "lever-route-shape",
    );
  }
  const candidate = weights.get(names.candidate);
  return candidate === undefined ? { stable } : { stable, candidate };
}

function known(route: CloudObject | undefined, ref: ObjectRef): CloudObject {
  if (route !== undefined) return route;
  throw refused(`there is no ${ref.kind} "${ref.namespace}/${ref.name}"`, "lever-no-route");
}

function refused(why: string, code: string): RolloutError {
  return new RolloutError(`The lever was not pulled: ${why}.`, {
    code,
    exit: "resource",
    hint: "Check the lever's namespace, route and service names against the stack.",
  });
}
