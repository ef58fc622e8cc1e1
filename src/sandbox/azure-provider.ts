import { RolloutError } from "../errors/errors.ts";
import { differences } from "./diff.ts";
import { configurationTypes } from "./flags/provider.ts";
import type { Manifest } from "./manifest.ts";
import type { PoolFacts } from "./nodes/agent-pool.ts";
import type { ResourceState, SandboxProvider } from "./provider.ts";

/** Hosts of an app's two sides. */
export interface AppHosts {
  readonly production: string;
  readonly idle: string;
}

/** Who makes and deletes the nodes of an agent pool. Both throw (RolloutError) what AKS refuses. */
export interface NodePoolListener {
  put(inputs: Manifest): PoolFacts;
  remove(name: string): void;
}

/** What there is of Azure; resources of a part that isn't are refused. */
export interface AzureParts {
  /** `sticky` hears the names of settings that stay with their slot. */
  readonly slots?: { readonly hosts: AppHosts; readonly sticky: (names: readonly string[]) => void };
  readonly pools?: NodePoolListener;
  /** What serves App Configuration. */
  readonly configuration?: SandboxProvider;
}

/** Another name is another resource. */
const named = ["name", "resourceGroupName", "slot"];

/** What an agent pool can't change about itself; it goes before the new one comes, as the provider does it. */
const fixed = ["agentPoolName", "resourceGroupName", "resourceName", "vmSize", "osSKU"];

/** What the engine takes for a value that is known only after the write. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * As much of azure-native as an app with a slot, the node pools of a cluster or a flag need: it keeps what is written and
 * gives it back. Content and roles of the slots are ARM's to keep, as `SlotRelease` writes them there; nodes are the
 * cluster's, and key-values their store's.
 */
export function createAzureProvider(of: AzureParts): SandboxProvider {
  const others = createPartsProvider(of);
  const { configuration } = of;
  if (configuration === undefined) return others;
  const by = (urn: string) => (configurationTypes.includes(typeOf(urn)) ? configuration : others);
  return {
    check: (urn, inputs) => by(urn).check(urn, inputs),
    // A diff is told no type; only what belongs to a store names one.
    diff: (before, after) =>
      (after["configStoreName"] === undefined ? others : configuration).diff(before, after),
    create: (request) => by(request.urn).create(request),
    update: (request) => by(request.urn).update(request),
    read: (urn, id) => by(urn).read(urn, id),
    remove: (urn, id) => by(urn).remove(urn, id),
  };
}

function createPartsProvider(of: AzureParts): SandboxProvider {
  const stored = new Map<string, { readonly inputs: Manifest; readonly facts: Manifest }>();
  const write = (type: string, inputs: Manifest): ResourceState => {
    const id = idOf(type, inputs);
    const facts = factsOf(of, type, inputs);
    stored.set(id, { inputs, facts });
    return { id, inputs, outputs: { ...inputs, ...facts } };
  };
  const planned = (type: string, inputs: Manifest): Manifest => {
    const before = stored.get(idOf(type, inputs));
    const facts = type === "AgentPool" ? plannedFacts(before, inputs) : hostsOf(of, type);
    return { ...inputs, ...facts };
  };
  return {
    check: (urn) => problemsOf(of, urn),
    diff: (before, after) => {
      const isPool = after["agentPoolName"] !== undefined;
      const replaceOn = isPool ? fixed : named;
      const changes = differences(before, after, "").map((change) => ({
        ...change,
        replaces: replaceOn.includes(change.path),
      }));
      return { changes, deleteBeforeReplace: isPool && changes.some(({ replaces }) => replaces) };
    },
    create: async ({ urn, inputs, preview }) => {
      const type = typeOf(urn);
      if (preview) return { id: "", inputs, outputs: planned(type, inputs) };
      if (type === "AgentPool" && stored.has(idOf(type, inputs))) throw alreadyThere(idOf(type, inputs));
      return write(type, inputs);
    },
    update: async ({ urn, inputs, preview }) =>
      preview ? { id: "", inputs, outputs: planned(typeOf(urn), inputs) } : write(typeOf(urn), inputs),
    read: (_urn, id) => {
      const found = stored.get(id);
      if (found === undefined) return undefined;
      return { id, inputs: found.inputs, outputs: { ...found.inputs, ...found.facts } };
    },
    remove: (urn, id) => {
      const name = stored.get(id)?.inputs["agentPoolName"];
      if (typeOf(urn) === "AgentPool" && typeof name === "string") of.pools?.remove(name);
      stored.delete(id);
    },
  };
}

/** What Azure adds to what was written, after it took it. */
function factsOf(of: AzureParts, type: string, inputs: Manifest): Manifest {
  if (type === "AgentPool") {
    const name = inputs["agentPoolName"] ?? "";
    return { name, provisioningState: "Succeeded", ...of.pools?.put(inputs) };
  }
  const names: unknown = inputs["appSettingNames"];
  if (type === "WebAppSlotConfigurationNames" && Array.isArray(names)) of.slots?.sticky(names.map(String));
  return hostsOf(of, type);
}

function hostsOf({ slots }: AzureParts, type: string): Manifest {
  if (type === "WebApp" && slots) return { defaultHostName: slots.hosts.production };
  return type === "WebAppSlot" && slots ? { defaultHostName: slots.hosts.idle } : {};
}

/** A pool that keeps its version keeps its image; of another one nobody knows it before. */
function plannedFacts(
  before: { readonly inputs: Manifest; readonly facts: Manifest } | undefined,
  inputs: Manifest,
): Manifest {
  if (before !== undefined && before.inputs["orchestratorVersion"] === inputs["orchestratorVersion"])
    return before.facts;
  return {
    name: inputs["agentPoolName"] ?? "",
    provisioningState: unknown,
    currentOrchestratorVersion: unknown,
    nodeImageVersion: unknown,
  };
}

function idOf(type: string, inputs: Manifest): string {
  if (type === "AgentPool") {
    const { resourceGroupName, resourceName, agentPoolName } = inputs;
    return [resourceGroupName, resourceName, "agentPools", agentPoolName].join("/");
  }
  const { resourceGroupName, name, slot } = inputs;
  return [resourceGroupName, type, name, ...(slot === undefined ? [] : [slot])].join("/");
}

/** `urn:…::rollouts:index:BlueGreenApp$azure-native:web:WebApp::atp` → `WebApp`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split(":").at(-1) ?? "";
}

function problemsOf({ slots, pools, configuration }: AzureParts, urn: string): readonly string[] {
  const type = typeOf(urn);
  const served = [
    ...(slots ? ["AppServicePlan", "WebApp", "WebAppSlot", "WebAppSlotConfigurationNames"] : []),
    ...(pools ? ["AgentPool"] : []),
    ...(configuration ? configurationTypes : []),
  ];
  if (served.includes(type)) return [];
  const list = served.join(", ");
  return [`The sandbox does not serve ${type} of azure-native. It serves: ${list}. Rehearse without it.`];
}

function alreadyThere(id: string): RolloutError {
  return new RolloutError(`cannot create already existing resource '${id}'`, {
    code: "sandbox-already-there",
    exit: "resource",
    hint: "A pool of that name is there. Name pools by their version.",
  });
}
