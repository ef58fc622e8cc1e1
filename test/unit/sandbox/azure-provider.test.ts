import { describe, expect, it } from "vitest";
import { createAzureProvider } from "../../../src/sandbox/azure-provider.ts";
import type { Manifest } from "../../../src/sandbox/manifest.ts";
import { createNodesModel, type NodesModel } from "../../../src/sandbox/nodes/model.ts";
import type { SandboxProvider } from "../../../src/sandbox/provider.ts";

const urn = (type: string) =>
  `urn:pulumi:prod::atp::rollouts:index:NodePoolRollout$azure-native:${type}::work`;
const poolUrn = urn("containerservice:AgentPool");
const inputs: Manifest = {
  resourceGroupName: "atp-prod",
  resourceName: "atp",
  agentPoolName: "work1",
  count: 2,
  mode: "System",
  vmSize: "Standard_D4s_v5",
  osSKU: "Ubuntu",
  orchestratorVersion: "1.34.1",
  nodeLabels: { "pulumi-rollouts/pool": "work", "pulumi-rollouts/build": "a" },
};
const facts = {
  name: "work1",
  provisioningState: "Succeeded",
  currentOrchestratorVersion: "1.34.1",
  nodeImageVersion: "AKSUbuntu-2204gen2containerd-202511.06.0",
};
const id = "atp-prod/atp/agentPools/work1";

function open(): { readonly model: NodesModel; readonly provider: SandboxProvider } {
  const model = createNodesModel({ now: () => 0, controlPlane: "1.34.2" });
  const pools = {
    put: (written: Manifest) => model.put(written),
    remove: (name: string) => model.remove(name),
  };
  return { model, provider: createAzureProvider({ pools }) };
}

const write = (more: Manifest = {}, preview = false) => ({
  urn: poolUrn,
  inputs: { ...inputs, ...more },
  preview,
  timeoutMs: 0,
});

describe("an agent pool", () => {
  it("makes its nodes, says version and image, and is read as it was written", async () => {
    const { model, provider } = open();
    const made = await provider.create(write());
    expect(made).toEqual({ id, inputs, outputs: { ...inputs, ...facts } });
    expect(model.nodes()).toHaveLength(2);
    expect(provider.read(poolUrn, id)).toEqual(made);
    const more = await provider.update(write({ count: 3 }));
    expect(more.outputs).toEqual({ ...inputs, ...facts, count: 3 });
    expect(model.nodes()).toHaveLength(3);
  });

  it("says nothing in a preview that it can't know, and makes nothing", async () => {
    const { model, provider } = open();
    const before = await provider.create(write({}, true));
    expect(before.id).toBe("");
    expect(before.outputs["nodeImageVersion"]).toMatch(/^04da6b54-/);
    expect(model.nodes()).toEqual([]);
    await provider.create(write());
    const same = await provider.update(write({ count: 3 }, true));
    expect(same.outputs).toMatchObject(facts);
    const newer = await provider.update(write({ orchestratorVersion: "1.34.2" }, true));
    expect(newer.outputs["currentOrchestratorVersion"]).toMatch(/^04da6b54-/);
    expect(model.nodes().map(({ version }) => version)).toEqual(["1.34.1", "1.34.1"]);
  });

  it("is refused in AKS's words, and what was there stays", async () => {
    const { provider } = open();
    await provider.create(write());
    await expect(provider.update(write({ orchestratorVersion: "1.33.9" }))).rejects.toThrow(
      /downgrade is not supported/,
    );
    await expect(provider.create(write({ agentPoolName: "work-2" }))).rejects.toThrow(/InvalidParameter/);
    await expect(provider.create(write())).rejects.toThrow(`cannot create already existing resource '${id}'`);
    expect(() => provider.remove(poolUrn, id)).toThrow(/at least one system agent pool/);
    expect(provider.read(poolUrn, id)?.inputs).toEqual(inputs);
  });

  it("takes its nodes along when it goes", async () => {
    const { model, provider } = open();
    await provider.create(write());
    await provider.create(write({ agentPoolName: "work2" }));
    provider.remove(poolUrn, id);
    expect(provider.read(poolUrn, id)).toBeUndefined();
    expect(model.pools().map(({ name }) => name)).toEqual(["work2"]);
    await provider.create(write());
    expect(model.nodes()).toHaveLength(4);
  });

  it.each([
    ["agentPoolName", "work2", true],
    ["resourceName", "other", true],
    ["vmSize", "Standard_D8s_v5", true],
    ["osSKU", "AzureLinux", true],
    ["orchestratorVersion", "1.34.2", false],
    ["count", 3, false],
    ["mode", "User", false],
  ] as const)("by another %s is another one: %s → %s", (key, value, replaces) => {
    const { changes, deleteBeforeReplace } = open().provider.diff(inputs, { ...inputs, [key]: value });
    expect(changes).toEqual([{ path: key, kind: "update", replaces }]);
    expect(deleteBeforeReplace).toBe(replaces);
  });
});

describe("what is served", () => {
  const slots = { hosts: { production: "app.local", idle: "idle.local" }, sticky: () => {} };

  it("is the parts that there are", () => {
    const { provider } = open();
    expect(provider.check(poolUrn, inputs)).toEqual([]);
    expect(provider.check(urn("web:WebApp"), {})).toEqual([
      "The sandbox does not serve WebApp of azure-native. It serves: AgentPool. Rehearse without it.",
    ]);
    const app = createAzureProvider({ slots });
    expect(app.check(urn("web:WebApp"), {})).toEqual([]);
    expect(app.check(poolUrn, inputs)).toHaveLength(1);
  });

  it("of an app is as it was: hosts known in a preview, a name that replaces after", async () => {
    const app = createAzureProvider({ slots });
    const site = { urn: urn("web:WebAppSlot"), inputs: { name: "a", slot: "b" }, timeoutMs: 0 };
    const planned = await app.create({ ...site, preview: true });
    expect(planned.outputs).toEqual({ name: "a", slot: "b", defaultHostName: "idle.local" });
    expect((await app.create({ ...site, preview: false })).outputs).toEqual(planned.outputs);
    expect(app.diff({ name: "a", vmSize: "1" }, { name: "b", vmSize: "2" })).toEqual({
      changes: [
        { path: "name", kind: "update", replaces: true },
        { path: "vmSize", kind: "update", replaces: false },
      ],
      deleteBeforeReplace: false,
    });
  });
});
