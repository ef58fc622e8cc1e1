import { RolloutError } from "../../errors/errors.ts";
import { keyOfName } from "../../plan/flag-key.ts";
import { differences } from "../diff.ts";
import type { Manifest } from "../manifest.ts";
import type { ResourceState, SandboxProvider } from "../provider.ts";
import { type FlagStore, type KeyValue, type KeyValueId, keyValueLimit } from "./store.ts";

/** Where a store of that name keeps its key-values: the data plane's own, or one that nobody reads. */
export type StoreNamed = (configStoreName: string) => FlagStore;

/** Another name is another resource. */
const fixed = ["configStoreName", "resourceGroupName", "keyValueName", "location"];

/** What the engine takes for a value that is known only after the write. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Types of azure-native's `appconfiguration` that there are. */
export const configurationTypes: readonly string[] = ["ConfigurationStore", "KeyValue"];

/**
 * App Configuration by ARM, as azure-native's `appconfiguration` writes it. A key-value lives in its store alone, so a
 * write of the data plane shows in a refresh, and the next update writes over it: ARM knows no condition. What is made
 * must not be there yet.
 */
export function createConfigurationProvider(stores: StoreNamed): SandboxProvider {
  const made = new Map<string, Manifest>();
  const write = (type: string, inputs: Manifest): ResourceState => {
    const id = idOf(type, inputs);
    if (type === "KeyValue") return stateOf(id, inputs, putKeyValue(stores, inputs));
    made.set(id, inputs);
    return { id, inputs, outputs: storeOutputs(inputs) };
  };
  return {
    check: (urn, inputs) => problemsOf(typeOf(urn), inputs),
    diff: (before, after) => {
      const changes = differences(before, after, "").map((change) => ({
        ...change,
        replaces: fixed.includes(change.path),
      }));
      return { changes, deleteBeforeReplace: changes.some(({ replaces }) => replaces) };
    },
    create: async ({ urn, inputs, preview }) => {
      const type = typeOf(urn);
      if (preview) return planned(type, inputs);
      const id = idOf(type, inputs);
      const there = type === "KeyValue" ? stores(storeOf(inputs)).get(keyOf(inputs)) : made.get(id);
      if (there !== undefined) throw alreadyThere(id);
      return write(type, inputs);
    },
    update: async ({ urn, inputs, preview }) =>
      preview ? planned(typeOf(urn), inputs) : write(typeOf(urn), inputs),
    read: (urn, id) => {
      if (typeOf(urn) === "KeyValue") return readKeyValue(stores, id);
      const inputs = made.get(id);
      return inputs && { id, inputs, outputs: storeOutputs(inputs) };
    },
    remove: (urn, id) => {
      if (typeOf(urn) === "KeyValue") return removeKeyValue(stores, id);
      const name = storeOf(made.get(id) ?? {});
      const store = stores(name);
      for (const keyValue of store.list()) store.delete(keyValue);
      made.delete(id);
    },
  };
}

function putKeyValue(stores: StoreNamed, inputs: Manifest): KeyValue {
  const store = stores(storeOf(inputs));
  const key = keyOf(inputs);
  const there = store.get(key);
  if (there?.locked) throw isLocked(idOf("KeyValue", inputs));
  // ARM knows nothing of a description, and of all else replaces what it isn't told.
  return store.put(key, {
    description: there?.description ?? null,
    value: textIn(inputs, "value") ?? null,
    content_type: textIn(inputs, "contentType") ?? null,
    tags: Object(inputs["tags"] ?? {}),
  });
}

function readKeyValue(stores: StoreNamed, id: string): ResourceState | undefined {
  const place = placeIn(id);
  const found = stores(storeOf(place)).get(keyOf(place));
  if (found === undefined) return undefined;
  const { value, content_type: contentType, tags } = found;
  const inputs = {
    ...place,
    ...(value === null ? {} : { value }),
    ...(contentType === null ? {} : { contentType }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
  return stateOf(id, inputs, found);
}

function removeKeyValue(stores: StoreNamed, id: string): void {
  const place = placeIn(id);
  const store = stores(storeOf(place));
  if (store.get(keyOf(place))?.locked) throw isLocked(id);
  store.delete(keyOf(place));
}

function stateOf(id: string, inputs: Manifest, { key, label, etag, locked }: KeyValue): ResourceState {
  const named = label === null ? {} : { label };
  const outputs = { ...inputs, name: inputs["keyValueName"] ?? "", key, ...named, eTag: etag, locked };
  return { id, inputs, outputs };
}

/** What is known before the write. */
function planned(type: string, inputs: Manifest): ResourceState {
  if (type !== "KeyValue") return { id: "", inputs, outputs: storeOutputs(inputs) };
  const isKnown = inputs["keyValueName"] !== unknown;
  return {
    id: "",
    inputs,
    outputs: { ...inputs, key: isKnown ? keyOf(inputs).key : unknown, eTag: unknown },
  };
}

function storeOutputs(inputs: Manifest): Manifest {
  const name = inputs["configStoreName"] ?? "";
  const endpoint = name === unknown ? unknown : `https://${String(name)}.azconfig.io`;
  return { ...inputs, name, endpoint, provisioningState: "Succeeded" };
}

const underStore =
  /^\/subscriptions\/rehearsed\/resourceGroups\/(?<resourceGroupName>[^/]+)\/providers\/Microsoft\.AppConfiguration\/configurationStores\/(?<configStoreName>[^/]+)\/keyValues\/(?<keyValueName>.+)$/;

function idOf(type: string, inputs: Manifest): string {
  const group = `/subscriptions/rehearsed/resourceGroups/${String(inputs["resourceGroupName"])}`;
  const store = `${group}/providers/Microsoft.AppConfiguration/configurationStores/${storeOf(inputs)}`;
  return type === "KeyValue" ? `${store}/keyValues/${String(inputs["keyValueName"])}` : store;
}

function placeIn(id: string): Manifest {
  const groups = underStore.exec(id)?.groups;
  if (groups === undefined) throw new Error(`no key-value has the id ${id}`);
  return { ...groups };
}

function keyOf(inputs: Manifest): KeyValueId {
  return keyOfName(textIn(inputs, "keyValueName") ?? "");
}

function storeOf(inputs: Manifest): string {
  return textIn(inputs, "configStoreName") ?? "";
}

function textIn(inputs: Manifest, name: string): string | undefined {
  const value = inputs[name];
  return typeof value === "string" ? value : undefined;
}

/** `urn:…::rollouts:index:FeatureFlagRollout$azure-native:appconfiguration:KeyValue::flag` → `KeyValue`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split(":").at(-1) ?? "";
}

function problemsOf(type: string, inputs: Manifest): readonly string[] {
  const needed = ["configStoreName", "resourceGroupName", ...(type === "KeyValue" ? ["keyValueName"] : [])];
  const missing = needed.filter((name) => textIn(inputs, name) === undefined);
  const name = textIn(inputs, "keyValueName");
  const value = textIn(inputs, "value") ?? "";
  const bytes = Buffer.byteLength(value, "utf8");
  return [
    ...missing.map((one) => `${type} needs ${one}`),
    ...(name === undefined || isEncoded(name)
      ? []
      : [`keyValueName ${name}: key and label have to be percent-encoded, with ~ in place of %`]),
    ...(bytes > keyValueLimit
      ? [`the value has ${bytes} bytes, and a key-value takes ${keyValueLimit}`]
      : []),
  ];
}

function isEncoded(name: string): boolean {
  try {
    return !/[/%]/.test(name) && keyOfName(name).key !== "";
  } catch {
    return false;
  }
}

function alreadyThere(id: string): RolloutError {
  return new RolloutError(`cannot create already existing resource '${id}'`, {
    code: "sandbox-already-there",
    exit: "resource",
    hint: "Somebody has made it by hand: `pulumi import` takes it into the stack.",
  });
}

function isLocked(id: string): RolloutError {
  return new RolloutError(`Status=409 Code="Conflict" Message="The key-value '${id}' is locked."`, {
    code: "sandbox-locked",
    exit: "resource",
    hint: "`az appconfig kv unlock` unlocks it; find out first who locked it, and why.",
  });
}
