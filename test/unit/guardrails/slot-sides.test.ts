import { describe, expect, it } from "vitest";
import { slotIdentity } from "../../../policy-packs/rollout-guardrails/policies/slot-identity.ts";
import { slotSticky } from "../../../policy-packs/rollout-guardrails/policies/slot-sticky.ts";
import { type AResource, checkStack, unknown } from "../../support/guardrails.ts";

const parent = "rollouts:index:BlueGreenApp";
const planted = "hunter2-hunter2";

function one(kind: string, props: Record<string, unknown>, more: Partial<AResource> = {}): AResource {
  return { type: kind.includes(":") ? kind : `azure-native:web:${kind}`, props, parent, ...more };
}

const texts = async (rule: typeof slotIdentity, resources: readonly AResource[], config: object = {}) =>
  (await checkStack(rule, resources, config)).map(({ text }) => text);

const system = { type: "SystemAssigned", principalId: planted };
const app = (props: object = {}, more: Partial<AResource> = {}) =>
  one("WebApp", { name: "atp", kind: "app,linux", identity: system, ...props }, more);
const slot = (props: object = {}, more: Partial<AResource> = {}) =>
  one("WebAppSlot", { name: "atp", kind: "app,linux", identity: system, ...props }, more);

describe("slot-identity", () => {
  it.each([
    ["both the system's", app(), slot()],
    [
      "both of both kinds, in whatever order",
      app({ identity: { type: "SystemAssigned, UserAssigned" } }),
      slot({ identity: { type: "UserAssigned,SystemAssigned" } }),
    ],
    ["neither has one", app({ identity: undefined }), slot({ identity: { type: "None" } })],
    ["a kind in another order", app({ kind: "linux,app" }), slot()],
    ["no kind, which is a plain app", app({ kind: undefined }), slot({ kind: "app" })],
    ["a kind that nobody wrote", app({ kind: unknown.string }), slot({ kind: unknown.string })],
    ["no slot", app(), app()],
  ])("lets pass: %s", async (_, ...resources) => {
    expect(await texts(slotIdentity, resources)).toEqual([]);
  });

  it.each([
    ["none", { identity: undefined }, "the slot's identity is none, and production's is SystemAssigned"],
    ["None", { identity: { type: "None" } }, "the slot's identity is none"],
    ["another", { identity: { type: "UserAssigned" } }, "the slot's identity is UserAssigned"],
    ["unknown", { identity: unknown.object }, "the slot's identity is none"],
    ["of unknown type", { identity: { type: unknown.string } }, "identity.type is not known in a preview"],
    ["a kind of its own", { kind: "app" }, "the slot's kind is not the app's: it lacks linux"],
    ["more of a kind", { kind: "app,linux,container" }, "it has container beside"],
    ["a strange kind", { kind: planted }, "it lacks app, linux and has something else beside"],
    ["an unknown kind", { kind: unknown.string }, "it lacks linux"],
  ])("refuses a slot with %s", async (_, props, said) => {
    const found = await checkStack(slotIdentity, [app(), slot(props, { name: "atp-staging" })]);
    expect(found).toEqual([expect.objectContaining({ text: expect.stringContaining(said) })]);
    expect(found[0]?.text).not.toContain(planted);
    if (!said.includes("not known")) expect(found[0]?.urn).toMatch(/WebAppSlot::atp-staging$/);
  });

  it("asks a slot whose app is elsewhere for an identity at all", async () => {
    expect(await texts(slotIdentity, [slot()])).toEqual([]);
    expect(await texts(slotIdentity, [slot({ identity: undefined })])).toEqual([
      expect.stringContaining("the slot has no identity, and its app is not in this stack"),
    ]);
  });

  it("tells apps apart by their component, and by name where that has several", async () => {
    const user = { identity: { type: "UserAssigned" } };
    const both = [
      app({}, { within: "a" }),
      slot({}, { within: "a" }),
      app({ name: "other", ...user }, { within: "b" }),
      slot({ name: "other/staging", ...user }, { within: "b" }),
    ];
    expect(await texts(slotIdentity, both)).toEqual([]);
    expect(
      await texts(
        slotIdentity,
        both.map(({ within: _, ...rest }) => rest),
      ),
    ).toEqual([]);
  });

  it("judges a rollout's own, and with everywhere all", async () => {
    const stray = [app({}, { parent: null }), slot({ kind: "app" }, { parent: null })];
    expect(await texts(slotIdentity, stray)).toEqual([]);
    expect(await texts(slotIdentity, stray, { everywhere: true })).toHaveLength(1);
  });
});

const names = (...appSettingNames: unknown[]) =>
  one("WebAppSlotConfigurationNames", { name: "atp", appSettingNames });
const release = (props: object) =>
  one("pulumi-nodejs:dynamic/rollouts:SlotRelease", {
    app: "atp",
    production: { settings: { LOG_LEVEL: planted, ATP_SLOT: planted } },
    ...props,
  });
const sided = { sticky: { production: { APP_SLOT: planted }, idle: { APP_SLOT: planted, ROLE: planted } } };

describe("slot-sticky", () => {
  it("lets pass what stays and what travels", async () => {
    expect(await texts(slotSticky, [app(), slot(), names("APP_SLOT", "ROLE"), release(sided)])).toEqual([]);
    expect(await texts(slotSticky, [app(), slot(), release({})])).toEqual([]);
  });

  it.each(["RELEASE_ID", "ROLLOUTS_BUILD_ID", "release_id"])("refuses that %s is sticky", async (name) => {
    expect(await texts(slotSticky, [app(), names("APP_SLOT", name)])).toEqual([
      `${name} is sticky, so after a swap each side has the other's build by name. Take it out of appSettingNames: it has to move with its build.`,
    ]);
  });

  it("refuses that a side's own setting travels", async () => {
    const found = await texts(slotSticky, [app(), slot(), names("APP_SLOT"), release(sided)]);
    expect(found).toEqual([
      expect.stringContaining(
        "ROLE has to stay on its side, and a swap would move it. Name it in appSettingNames",
      ),
    ]);
    expect(found.join()).not.toContain(planted);
  });

  it("refuses a sticky setting where no names are", async () => {
    expect(await texts(slotSticky, [app(), release(sided)])).toHaveLength(2);
  });

  it.each([
    ["of a version", release({}), "ATP_SLOT"],
    ["on a slot", slot({ siteConfig: { appSettings: [{ name: "ATP_SLOT", value: planted }] } }), "ATP_SLOT"],
    ["of a resource of their own", one("WebAppApplicationSettingsSlot", { properties: { DB: "" } }), "DB"],
  ])("keeps settings that a parameter names: %s", async (_, resource, name) => {
    const config = { stays: ["ATP_*", "db"] };
    const found = await texts(slotSticky, [app(), resource], config);
    expect(found).toEqual([expect.stringContaining(`${name} has to stay on its side`)]);
    expect(await texts(slotSticky, [app(), resource, names(name)], config)).toEqual([]);
    expect(await texts(slotSticky, [app(), resource])).toEqual([]);
  });

  it("takes other names for what tells builds apart; a dot is a dot", async () => {
    const config = { travels: ["App.Build*"] };
    expect(await texts(slotSticky, [names("App.BuildId")], config)).toHaveLength(1);
    expect(await texts(slotSticky, [names("AppXBuildId", "RELEASE_ID")], config)).toEqual([]);
  });

  it("refuses a name that a preview doesn't know", async () => {
    expect(await texts(slotSticky, [names("A", unknown.string)])).toEqual([
      expect.stringContaining("appSettingNames.1 is not known in a preview"),
    ]);
  });

  it("reads no value of a setting", async () => {
    const settings = { LOG_LEVEL: unknown.string };
    const production = { settings };
    expect(await texts(slotSticky, [names(), release({ production, sticky: { idle: {} } })])).toEqual([]);
  });
});
