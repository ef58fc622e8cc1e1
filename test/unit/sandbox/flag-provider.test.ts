import { describe, expect, it } from "vitest";
import { keyValueName } from "../../../src/plan/flag-key.ts";
import { flagContentType, flagKey } from "../../../src/plan/flag-value.ts";
import { createAzureProvider } from "../../../src/sandbox/azure-provider.ts";
import { createConfigurationProvider } from "../../../src/sandbox/flags/provider.ts";
import { createFlagStore } from "../../../src/sandbox/flags/store.ts";
import type { Manifest } from "../../../src/sandbox/manifest.ts";

const urnOf = (type: string) =>
  `urn:pulumi:prod::atp::rollouts:index:FeatureFlagRollout$azure-native:${type}::flag`;
const urn = urnOf("appconfiguration:KeyValue");
const storeUrn = urnOf("appconfiguration:ConfigurationStore");
const flag = { id: "AuditTrail.NewTamperProofAlgorithm", label: "prod" };
const inputs: Manifest = {
  configStoreName: "atp-prod",
  resourceGroupName: "atp",
  keyValueName: keyValueName(flag),
  value: '{"id":"x","enabled":false}',
  contentType: flagContentType,
};
const place = { key: flagKey(flag.id), label: flag.label };

function open() {
  const store = createFlagStore(() => 0);
  const other = createFlagStore(() => 0);
  const configuration = createConfigurationProvider((name) => (name === "atp-prod" ? store : other));
  return { store, other, provider: createAzureProvider({ configuration }) };
}

const write = (more: Manifest = {}, preview = false) => ({
  urn,
  inputs: { ...inputs, ...more },
  preview,
  timeoutMs: 0,
});

describe("a key-value by ARM", () => {
  it("stands in the store of its name under the key and label that its name says", async () => {
    const { store, provider } = open();
    const made = await provider.create(write({ tags: { team: "x" } }));
    const there = store.get(place);
    expect(there).toMatchObject({
      value: inputs["value"],
      content_type: flagContentType,
      tags: { team: "x" },
    });
    expect(made.id).toMatch(
      /\/configurationStores\/atp-prod\/keyValues\/\.appconfig\.featureflag~2FAuditTrail/,
    );
    expect(made.outputs).toMatchObject({ key: place.key, label: "prod", eTag: there?.etag, locked: false });
    expect(provider.read(urn, made.id)).toEqual(made);
    const plain = await provider.create(write({ keyValueName: keyValueName({ id: flag.id }) }));
    expect(plain.outputs).not.toHaveProperty("label");
    expect(store.get({ key: place.key })?.label).toBeNull();
  });

  it("is not read from another store", async () => {
    const { store, other, provider } = open();
    await provider.create(write({ configStoreName: "atp-test" }));
    expect(store.get(place)).toBeUndefined();
    expect(other.get(place)).toBeDefined();
  });

  it("shows in a refresh what the data plane has written, and the next update writes over it", async () => {
    const { store, provider } = open();
    const made = await provider.create(write());
    store.put(place, { ...store.get(place), value: '{"id":"x","enabled":true}', tags: { by: "hand" } });
    const found = provider.read(urn, made.id);
    expect(found?.inputs).toEqual({ ...inputs, value: '{"id":"x","enabled":true}', tags: { by: "hand" } });
    expect(found?.outputs["eTag"]).not.toBe(made.outputs["eTag"]);
    const { changes } = provider.diff(found?.inputs ?? {}, inputs);
    expect(changes.map(({ path, kind }) => [path, kind])).toEqual(
      expect.arrayContaining([["value", "update"]]),
    );
    await provider.update(write());
    expect(store.get(place)).toMatchObject({ value: inputs["value"], tags: {} });
    expect(provider.read(urn, made.id)?.inputs).toEqual(inputs);
  });

  it("keeps a description, of which ARM knows nothing", async () => {
    const { store, provider } = open();
    await provider.create(write());
    store.put(place, { ...store.get(place), description: "of the data plane" });
    await provider.update(write({ value: "{}" }));
    expect(store.get(place)).toMatchObject({ value: "{}", description: "of the data plane" });
  });

  it("can't be made over one that is there, nor written or deleted while it is locked", async () => {
    const { store, provider } = open();
    const { id } = await provider.create(write());
    await expect(provider.create(write())).rejects.toThrow(`cannot create already existing resource '${id}'`);
    store.lock(place, true);
    await expect(provider.update(write({ value: "{}" }))).rejects.toThrow(/Status=409/);
    expect(() => provider.remove(urn, id)).toThrow(/is locked/);
    expect(store.get(place)?.value).toBe(inputs["value"]);
    store.lock(place, false);
    provider.remove(urn, id);
    expect(provider.read(urn, id)).toBeUndefined();
  });

  it("writes nothing in a preview, and says nothing that it can't know", async () => {
    const { store, provider } = open();
    const planned = await provider.create(write({}, true));
    expect(planned).toMatchObject({ id: "", outputs: { key: place.key } });
    expect(planned.outputs["eTag"]).toMatch(/^04da6b54-/);
    await provider.create(write());
    await provider.update(write({ value: "{}" }, true));
    expect(store.version).toBe(1);
  });

  it.each([
    ["value", "{}", false],
    ["contentType", "text/plain", false],
    ["keyValueName", "another", true],
    ["configStoreName", "another", true],
  ])("by another %s is another one: %s → %s", (key, value, replaces) => {
    const { changes } = open().provider.diff(inputs, { ...inputs, [key]: value });
    expect(changes).toEqual([{ path: key, kind: "update", replaces }]);
  });

  it.each<readonly [Manifest, string]>([
    [{ keyValueName: ".appconfig.featureflag/raw" }, "percent-encoded"],
    [{ keyValueName: "a~ZZ" }, "percent-encoded"],
    [{ keyValueName: "a%2Fb" }, "percent-encoded"],
    [{ value: "x".repeat(10_241) }, "10241 bytes, and a key-value takes 10240"],
    [{ configStoreName: 3 }, "KeyValue needs configStoreName"],
  ])("is refused with %j", (more, said) => {
    const { provider } = open();
    expect(provider.check(urn, inputs)).toEqual([]);
    expect(provider.check(urn, { ...inputs, ...more }).join()).toContain(said);
  });
});

describe("a store by ARM", () => {
  const written: Manifest = {
    configStoreName: "atp-prod",
    resourceGroupName: "atp",
    sku: { name: "Standard" },
  };
  const request = { urn: storeUrn, inputs: written, preview: false, timeoutMs: 0 };

  it("has its endpoint by its name, and takes its key-values along when it goes", async () => {
    const { store, provider } = open();
    const made = await provider.create(request);
    expect(made.outputs).toMatchObject({ endpoint: "https://atp-prod.azconfig.io", name: "atp-prod" });
    expect(provider.read(storeUrn, made.id)).toEqual(made);
    await expect(provider.create(request)).rejects.toThrow(/already existing/);
    await provider.create(write());
    provider.remove(storeUrn, made.id);
    expect(provider.read(storeUrn, made.id)).toBeUndefined();
    expect(store.list()).toEqual([]);
  });
});

it("is served beside nothing else of Azure", () => {
  const { provider } = open();
  expect(provider.check(urnOf("web:WebApp"), {})).toEqual([
    "The sandbox does not serve WebApp of azure-native. It serves: ConfigurationStore, KeyValue. Rehearse without it.",
  ]);
  expect(createAzureProvider({}).check(urn, inputs)).toHaveLength(1);
});
