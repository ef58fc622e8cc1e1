import { assertNever } from "../lib/assert-never.ts";
import type { NodePoolLeverConfig } from "../types/node-pools.ts";
import type { LeverConfig } from "../types/policy.ts";
import type { Platform, SlotLeverConfig } from "../types/slots.ts";
import { defaults } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** The fast way of a policy. */
export function pickLever({ lever, service }: WrittenConfig, pick: Picker): LeverConfig {
  if (lever?.kind === "app-service-slot") return pickSlot(lever, service, pick);
  if (lever?.kind === "node-pools") return pickNodePools(lever, pick);
  if (lever?.kind === "app-configuration") {
    return { kind: pick("lever.kind", lever.kind, standard(lever.kind)) };
  }
  if (lever === undefined || lever.kind === "sandbox") {
    return { kind: pick("lever.kind", lever?.kind, standard("sandbox")) };
  }
  const place = pickPlace(lever, pick);
  switch (lever.kind) {
    case "http-route":
      return {
        kind: pick("lever.kind", lever.kind, standard(lever.kind)),
        route: pick("lever.route", lever.route, standard(service)),
        ...place,
      };
    case "istio":
      return {
        kind: pick("lever.kind", lever.kind, standard(lever.kind)),
        virtualService: pick("lever.virtualService", lever.virtualService, standard(service)),
        ...place,
      };
    case "ingress-nginx":
      return {
        kind: pick("lever.kind", lever.kind, standard(lever.kind)),
        ingress: pick("lever.ingress", lever.ingress, standard(`${service}-canary`)),
        ...place,
      };
    case "replica-ratio":
      return {
        kind: pick("lever.kind", lever.kind, standard(lever.kind)),
        service: pick("lever.service", lever.service, standard(service)),
        ...place,
      };
    default:
      return assertNever(lever, "lever kind");
  }
}

type WrittenLever = NonNullable<WrittenConfig["lever"]>;

/** Cluster and namespace of a router's object. */
function pickPlace(
  lever: Extract<WrittenLever, { readonly namespace: string }>,
  pick: Picker,
): { readonly namespace: string; readonly kubeconfig?: string; readonly context?: string } {
  const { namespace } = lever;
  return {
    namespace: pick("lever.namespace", namespace, standard(namespace)),
    ...pickCluster(lever, pick),
  };
}

/** Which cluster, where config says it. */
function pickCluster(
  {
    kubeconfig,
    context,
  }: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined },
  pick: Picker,
): { readonly kubeconfig?: string; readonly context?: string } {
  const given = (path: string, value: string) => pick(`lever.${path}`, value, standard(value));
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig: given("kubeconfig", kubeconfig) }),
    ...(context === undefined ? {} : { context: given("context", context) }),
  };
}

type WrittenPools = Extract<WrittenLever, { readonly kind: "node-pools" }>;

function pickNodePools(lever: WrittenPools, pick: Picker): NodePoolLeverConfig {
  const { maxSurge, drainTimeoutSeconds } = defaults.nodePools;
  const surge = lever.maxSurge === undefined ? undefined : String(lever.maxSurge);
  return {
    kind: pick("lever.kind", lever.kind, standard(lever.kind)),
    pools: pick("lever.pools", lever.pools, standard(lever.pools)),
    maxSurge: pick("lever.maxSurge", surge, standard<string>(maxSurge)),
    drainTimeoutSeconds: pick(
      "lever.drainTimeoutSeconds",
      secondsOf(lever.drainTimeout),
      standard<number>(drainTimeoutSeconds),
    ),
    ...pickCluster(lever, pick),
  };
}

const platforms: Partial<Record<WrittenLever["kind"], Platform>> = {
  "app-service-slot": "app-service",
  "node-pools": "node-pools",
  "app-configuration": "app-configuration",
};

/** What the lever moves says what the stack rolls out. */
export function pickPlatform({ lever }: WrittenConfig, pick: Picker): Platform {
  return pick<Platform>(
    "platform",
    lever === undefined ? undefined : platforms[lever.kind],
    standard("kubernetes"),
  );
}

type WrittenSlot = Extract<WrittenLever, { readonly kind: "app-service-slot" }>;

function pickSlot(lever: WrittenSlot, service: string, pick: Picker): SlotLeverConfig {
  const given = (path: string, value: string) => pick(`lever.${path}`, value, standard(value));
  const { buildPath, endpoint } = lever;
  return {
    kind: pick("lever.kind", lever.kind, standard(lever.kind)),
    subscriptionId: given("subscriptionId", lever.subscriptionId),
    resourceGroup: given("resourceGroup", lever.resourceGroup),
    app: pick("lever.app", lever.app, standard(service)),
    slot: pick("lever.slot", lever.slot, standard<string>(defaults.slot)),
    ...(buildPath === undefined ? {} : { buildPath: given("buildPath", buildPath) }),
    ...(endpoint === undefined ? {} : { endpoint: given("endpoint", endpoint.replace(/\/+$/, "")) }),
  };
}
