import { differences } from "./diff.ts";
import type { Manifest } from "./manifest.ts";
import type { ResourceState, SandboxProvider } from "./provider.ts";

/** Hosts of an app's two sides. */
export interface AppHosts {
  readonly production: string;
  readonly idle: string;
}

/** Another name is another resource. */
const named = ["name", "resourceGroupName", "slot"];

const served = ["AppServicePlan", "WebApp", "WebAppSlot", "WebAppSlotConfigurationNames"];

/**
 * As much of azure-native as an app with a slot needs: it keeps what is written and gives it back. Content and roles of
 * the slots are ARM's to keep, as `SlotRelease` writes them there; `sticky` hears the names of settings that stay.
 */
export function createAzureProvider(of: {
  readonly hosts: AppHosts;
  readonly sticky: (names: readonly string[]) => void;
}): SandboxProvider {
  const stored = new Map<string, Manifest>();
  const write = (type: string, inputs: Manifest): ResourceState => {
    const id = idOf(type, inputs);
    stored.set(id, inputs);
    const names: unknown = inputs["appSettingNames"];
    if (type === "WebAppSlotConfigurationNames" && Array.isArray(names)) of.sticky(names.map(String));
    return { id, inputs, outputs: outputsOf(type, inputs, of.hosts) };
  };
  const put: SandboxProvider["create"] = async ({ urn, inputs, preview }) =>
    preview
      ? { id: "", inputs, outputs: outputsOf(typeOf(urn), inputs, of.hosts) }
      : write(typeOf(urn), inputs);
  return {
    check: (urn) => problemsOf(urn),
    diff: (before, after) => ({
      changes: differences(before, after, "").map((change) => ({
        ...change,
        replaces: named.includes(change.path),
      })),
      deleteBeforeReplace: false,
    }),
    create: put,
    update: put,
    read: (urn, id) => {
      const inputs = stored.get(id);
      return inputs === undefined
        ? undefined
        : { id, inputs, outputs: outputsOf(typeOf(urn), inputs, of.hosts) };
    },
    remove: (_urn, id) => void stored.delete(id),
  };
}

function outputsOf(type: string, inputs: Manifest, hosts: AppHosts): Manifest {
  if (type === "WebApp") return { ...inputs, defaultHostName: hosts.production };
  return type === "WebAppSlot" ? { ...inputs, defaultHostName: hosts.idle } : inputs;
}

function idOf(type: string, { resourceGroupName, name, slot }: Manifest): string {
  return [resourceGroupName, type, name, ...(slot === undefined ? [] : [slot])].join("/");
}

/** `urn:…::rollouts:index:BlueGreenApp$azure-native:web:WebApp::atp` → `WebApp`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split(":").at(-1) ?? "";
}

function problemsOf(urn: string): readonly string[] {
  const type = typeOf(urn);
  if (served.includes(type)) return [];
  const list = served.join(", ");
  return [`The sandbox does not serve ${type} of azure-native. It serves: ${list}. Rehearse without it.`];
}
