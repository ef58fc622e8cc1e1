import { matchesPerRule } from "../lib/route-limits.ts";
import { shellWord } from "../lib/shell-word.ts";
import type { BreakGlass } from "../types/communication.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { NodePoolLeverConfig } from "../types/node-pools.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { EnvironmentPolicy, LeverConfig } from "../types/policy.ts";
import type { SlotLeverConfig } from "../types/slots.ts";
import { nodeBuildLabel, nodeBuildOf, nodePoolLabel } from "./identity.ts";
import { selectorAt } from "./replica-ratio.ts";
import { isInPlace } from "./steps.ts";

type Lever<K extends LeverConfig["kind"]> = Extract<LeverConfig, { readonly kind: K }>;
type Sides = RolloutPlan["identity"];

/**
 * Command lines that take users off the new version without this tool: for whoever is called while it doesn't run. They
 * do what the lever does, under its name, so that `rollouts abort` finds what it knows. Empty where nothing real is
 * moved. Pure.
 */
export function breakGlassOf(
  { service, lever, flag, cohort }: EnvironmentPolicy,
  { steps, identity }: Pick<RolloutPlan, "steps" | "identity">,
): readonly BreakGlass[] {
  const off = flag === undefined ? [] : [flagOff(flag)];
  if (steps.some(({ kind }) => kind === "install")) return off;
  if (isInPlace(steps) && lever.kind !== "node-pools") return [...deploymentUndo(service, lever), ...off];
  switch (lever.kind) {
    case "http-route":
      return [httpRoute(service, lever, cohort?.tenants.length), ...off];
    case "istio":
      return [istio(service, lever), ...off];
    case "ingress-nginx":
      return [ingressNginx(service, lever), ...off];
    case "replica-ratio":
      return [replicaRatio(service, lever), ...off];
    case "app-service-slot":
      return [slotSwap(lever), ...off];
    case "node-pools":
      return [...nodePools(lever, identity), ...off];
    case "app-configuration":
    case "sandbox":
      return off;
  }
}

const backToStable = (service: string) => `All traffic back to the stable ${service}`;

/** Whole tenants have rules of their own, as many as there are inside: each is tried, until there is none. */
function httpRoute(service: string, lever: Lever<"http-route">, tenants = 0): BreakGlass {
  const patch = (rule: string) => {
    const at = (backend: number, field: string) => `/spec/rules/${rule}/backendRefs/${backend}/${field}`;
    return [
      { op: "test", path: at(0, "name"), value: service },
      { op: "test", path: at(1, "name"), value: `${service}-canary` },
      { op: "replace", path: at(0, "weight"), value: 100 },
      { op: "replace", path: at(1, "weight"), value: 0 },
    ];
  };
  const object = `httproutes.gateway.networking.k8s.io ${lever.route}`;
  const what = backToStable(service);
  if (tenants === 0) return { what, commands: [patchLine(lever, object, patch("0"))] };
  const line = patchLine(lever, object, patch("'$rule'"));
  const last = Math.ceil(tenants / matchesPerRule);
  const rules = Array.from({ length: last + 1 }, (_, rule) => rule).join(" ");
  return { what, commands: [`for rule in ${rules}; do ${line} || break; done`] };
}

function istio(service: string, lever: Lever<"istio">): BreakGlass {
  const at = (place: number, field: string) => `/spec/http/0/route/${place}/${field}`;
  const patch = [
    { op: "test", path: at(0, "destination/host"), value: service },
    { op: "test", path: at(1, "destination/host"), value: `${service}-canary` },
    { op: "replace", path: at(0, "weight"), value: 100 },
    { op: "replace", path: at(1, "weight"), value: 0 },
  ];
  const object = `virtualservices.networking.istio.io ${lever.virtualService}`;
  return { what: backToStable(service), commands: [patchLine(lever, object, patch)] };
}

function ingressNginx(service: string, lever: Lever<"ingress-nginx">): BreakGlass {
  const weight = "nginx.ingress.kubernetes.io/canary-weight=0";
  const line = `${kubectl(lever)} annotate ingress ${lever.ingress} ${weight} --overwrite --field-manager=rollouts-lever`;
  return { what: backToStable(service), commands: [line] };
}

function replicaRatio(service: string, lever: Lever<"replica-ratio">): BreakGlass {
  const patch = [{ op: "replace", path: "/spec/selector", value: selectorAt(service, 0) }];
  return {
    what: backToStable(service),
    commands: [patchLine(lever, `service ${lever.service}`, patch)],
  };
}

/** A version in stable's place goes as it came. Nothing real is behind a lever that has no namespace. */
function deploymentUndo(service: string, lever: LeverConfig): readonly BreakGlass[] {
  if (!("namespace" in lever)) return [];
  const commands = [
    `${kubectl(lever)} rollout undo deployment/${service}`,
    `${kubectl(lever)} rollout status deployment/${service} --timeout=5m`,
  ];
  return [{ what: `The version before back in the place of ${service}`, commands }];
}

/** Once: a second swap would bring the new version back. */
function slotSwap({ subscriptionId, resourceGroup, app, slot }: SlotLeverConfig): BreakGlass {
  const at = `--subscription ${shellWord(subscriptionId)} --resource-group ${shellWord(resourceGroup)} --name ${shellWord(app)}`;
  return {
    what: `${app} swapped back, after it was swapped in and only once: a second swap undoes the first`,
    commands: [`az webapp deployment slot swap ${at} --slot ${shellWord(slot)} --target-slot production`],
  };
}

function nodePools(lever: NodePoolLeverConfig, { stable, candidate }: Sides): readonly BreakGlass[] {
  if (stable === undefined || candidate === undefined) return [];
  const nodes = (identity: string) =>
    shellWord(`${nodePoolLabel} in (${lever.pools.join(",")}),${nodeBuildLabel}=${nodeBuildOf(identity)}`);
  const commands = [
    `${kubectl(lever)} uncordon -l ${nodes(stable)}`,
    `${kubectl(lever)} cordon -l ${nodes(candidate)}`,
    `${kubectl(lever)} drain -l ${nodes(candidate)} --ignore-daemonsets --delete-emptydir-data --timeout=30m`,
  ];
  return [{ what: `Pods of ${lever.pools.join(", ")} back on the old nodes`, commands }];
}

function flagOff({ spec: { id }, endpoint, label }: FlagConfig): BreakGlass {
  const at = `--endpoint ${shellWord(endpoint)} --auth-mode login --feature ${shellWord(id)}`;
  const labelled = label === undefined ? "" : ` --label ${shellWord(label)}`;
  return {
    what: `The flag ${id} off for everybody`,
    commands: [`az appconfig feature disable ${at}${labelled} --yes`],
  };
}

interface Cluster {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

function kubectl({ namespace, kubeconfig, context }: Cluster): string {
  return [
    "kubectl",
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${shellWord(kubeconfig)}`]),
    ...(context === undefined ? [] : [`--context=${shellWord(context)}`]),
    ...(namespace === undefined ? [] : ["-n", namespace]),
  ].join(" ");
}

function patchLine(cluster: Cluster, object: string, patch: readonly object[]): string {
  return `${kubectl(cluster)} patch ${object} --type=json --field-manager=rollouts-lever -p '${JSON.stringify(patch)}'`;
}
