import { describe, expect, it } from "vitest";
import { slotTraffic } from "../../../policy-packs/rollout-guardrails/policies/slot-traffic.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";

const app = "azure-native:web:WebApp";
const slot = "azure-native:web:WebAppSlot";
const parent = "rollouts:index:BlueGreenApp";
const where = "siteConfig.experiments.rampUpRules";
const rule = (name: string, reroutePercentage: unknown, more: object = {}) => ({
  name,
  actionHostName: "hunter2-hunter2",
  reroutePercentage,
  ...more,
});

const check = (rampUpRules: unknown, config: object = {}, type = app) =>
  checkResource(
    slotTraffic,
    { type, props: { siteConfig: { experiments: { rampUpRules } } }, parent },
    config,
  );

describe("slot-traffic", () => {
  it.each([
    [[]],
    [[rule("staging", 0)]],
    [[rule("staging", 100)]],
    [[rule("staging", 33.3), rule("other", 66.7)]],
    [[rule("a", 0.1), rule("b", 0.2), rule("c", 99.7)]],
  ])("lets pass: %#", async (rules) => {
    expect(await check(rules)).toEqual([]);
  });

  it("refuses more than everybody", async () => {
    expect(await check([rule("a", 60), rule("b", 41)])).toEqual([
      `${where} routes 101 % to slots, more than 100 %. Lower the shares; the rest stays with production.`,
    ]);
  });

  it.each([[-1], [101], ["50"], [undefined], [Number.NaN]])("refuses %j as a share", async (share) => {
    const [found] = await check([rule("a", share)]);
    expect(found).toContain(`${where}[0].reroutePercentage is`);
    expect(found).toContain("Write a number from 0 to 100.");
  });

  it("refuses two rules of one name, without the name", async () => {
    expect(await check([rule("hunter2", 5), rule("b", 5), rule("hunter2", 5)])).toEqual([
      `${where}[2] has the name of an earlier rule. Give each rule a name of its own: the slot's.`,
    ]);
  });

  it.each([
    ["changeStep"],
    ["changeIntervalInMinutes"],
    ["changeDecisionCallbackUrl"],
    ["maxReroutePercentage"],
  ])("refuses a rule that moves by itself: %s", async (member) => {
    const [found, ...more] = await check([rule("a", 5), rule("b", 5, { [member]: "hunter2-hunter2" })]);
    expect(found).toContain(`${where}[1] lets App Service change its share by itself`);
    expect(found).not.toContain("hunter2");
    expect(more).toEqual([]);
  });

  it("refuses any rule on a slot", async () => {
    expect(await check([rule("a", 5)], {}, slot)).toEqual([
      `${where} stands on a slot, where it does nothing. Write the rule on the app itself: production routes.`,
    ]);
    expect(await check([], {}, slot)).toEqual([]);
  });

  it.each([[app], [slot]])("refuses that Azure swaps by itself: %s", async (type) => {
    const props = (autoSwapSlotName: unknown) => ({ siteConfig: { autoSwapSlotName } });
    expect(await checkResource(slotTraffic, { type, props: props("production"), parent })).toEqual([
      expect.stringContaining("siteConfig.autoSwapSlotName is set"),
    ]);
    expect(await checkResource(slotTraffic, { type, props: props(""), parent })).toEqual([]);
    expect(await checkResource(slotTraffic, { type, props: {}, parent })).toEqual([]);
  });

  it("refuses what a preview doesn't know", async () => {
    expect(await check(unknown.list)).toEqual([
      expect.stringContaining(`${where} is not known in a preview`),
    ]);
    expect(await check([rule("a", unknown.number)])).toEqual([
      expect.stringContaining("siteConfig.experiments.rampUpRules.0.reroutePercentage is not known"),
    ]);
  });

  it("takes a lower limit, and with everywhere any app", async () => {
    expect(await check([rule("a", 51)], { mostPercent: 50 })).toEqual([
      expect.stringContaining("routes 51 % to slots, more than 50 %"),
    ]);
    const props = { siteConfig: { autoSwapSlotName: "production" } };
    expect(await checkResource(slotTraffic, { type: app, props, parent: null })).toEqual([]);
    expect(
      await checkResource(slotTraffic, { type: app, props, parent: null }, { everywhere: true }),
    ).toHaveLength(1);
  });
});
