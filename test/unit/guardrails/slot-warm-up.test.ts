import { describe, expect, it } from "vitest";
import { slotWarmUp } from "../../../policy-packs/rollout-guardrails/policies/slot-warm-up.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";

const parent = "rollouts:index:BlueGreenApp";
const release = "pulumi-nodejs:dynamic/rollouts:SlotRelease";
const slot = "azure-native:web:WebAppSlot";
const pathOf = "WEBSITE_SWAP_WARMUP_PING_PATH";
const statusesOf = "WEBSITE_SWAP_WARMUP_PING_STATUSES";
const good = { [pathOf]: "/health/ready", [statusesOf]: "200,202" };
const planted = "hunter2-hunter2";

const check = (type: string, props: Record<string, unknown>, config: object = {}) =>
  checkResource(slotWarmUp, { type, props, parent }, config);
const staged = (settings: object, config: object = {}) =>
  check(release, { production: { settings: good }, staged: { settings } }, config);

describe("slot-warm-up", () => {
  it.each(["200", "200,202", "200, 204", "299", "200,302", "200,499"])(
    "takes the statuses %s",
    async (list) => {
      expect(await staged({ ...good, [statusesOf]: list })).toEqual([]);
    },
  );

  it.each([
    ["500", "takes 500 for warm, which is a failure"],
    ["200,503", "takes 503 for warm, which is a failure"],
    ["404", "takes 404 for warm, and none of 200 to 299"],
    ["302", "takes 302 for warm, and none of 200 to 299"],
    ["300", "takes 300 for warm, and none of 200 to 299"],
    ["199", "takes 199 for warm, and none of 200 to 299"],
    ["", "is no list of HTTP statuses"],
    ["200;202", "is no list of HTTP statuses"],
    [planted, "is no list of HTTP statuses"],
    ["600", "is no list of HTTP statuses"],
  ])("refuses the statuses %j", async (list, said) => {
    const found = await staged({ ...good, [statusesOf]: list });
    expect(found[0]).toContain(`staged.settings.${statusesOf} ${said}`);
    expect(found[0]).toContain(`Write ${statusesOf}: "200,202"`);
    expect(found.join()).not.toContain(planted);
  });

  it.each([
    ["/", `${pathOf} is /`],
    ["health", `${pathOf} is no path`],
    ["", `${pathOf} is no path`],
    [planted, `${pathOf} is no path`],
  ])("refuses the path %j", async (path, said) => {
    const [found, ...more] = await staged({ ...good, [pathOf]: path });
    expect(found).toContain(said);
    expect(found).toContain('Write WEBSITE_SWAP_WARMUP_PING_PATH: "/health/ready"');
    expect(found).not.toContain(planted);
    expect(more).toEqual([]);
  });

  it("refuses a slot without either, of production too", async () => {
    expect(await staged({})).toEqual([
      expect.stringContaining(`staged.settings has no ${pathOf}, so a swap asks / alone.`),
      expect.stringContaining("so any answer counts as warm, a 500 too."),
    ]);
    expect(await check(release, { production: { settings: {} } })).toHaveLength(2);
  });

  it("judges settings that stand on a slot, and those of a resource of their own", async () => {
    const healthy = { healthCheckPath: "/health/live" };
    const list = Object.entries(good).map(([name, value]) => ({ name, value }));
    const other = { name: "DB_PASSWORD", value: planted };
    expect(await check(slot, { siteConfig: { ...healthy, appSettings: [other, ...list] } })).toEqual([]);
    const bare = await check(slot, { siteConfig: { ...healthy, appSettings: [other] } });
    expect(bare).toHaveLength(2);
    expect(bare.join()).not.toContain(planted);
    const settings = "azure-native:web:WebAppApplicationSettingsSlot";
    expect(await check(settings, { properties: good })).toEqual([]);
    expect(await check(settings, { properties: { A: planted } })).toHaveLength(2);
  });

  it.each([[slot], ["azure-native:web:WebApp"]])("asks %s for a health check", async (type) => {
    expect(await check(type, { siteConfig: { healthCheckPath: "/" } })).toEqual([]);
    for (const siteConfig of [undefined, {}, { healthCheckPath: "" }, { healthCheckPath: planted }]) {
      const found = await check(type, { siteConfig });
      expect(found).toEqual([expect.stringContaining("siteConfig.healthCheckPath is")]);
      expect(found.join()).not.toContain(planted);
    }
  });

  it.each([
    [`staged.settings.${pathOf}`, { staged: { settings: { ...good, [pathOf]: unknown.string } } }],
    [`staged.settings.${statusesOf}`, { staged: { settings: { ...good, [statusesOf]: unknown.string } } }],
    ["staged.settings", { staged: { settings: unknown.object } }],
    ["staged", { staged: unknown.object }],
  ])("refuses what a preview doesn't know: %s", async (path, props) => {
    expect(await check(release, { production: { settings: good }, ...props })).toEqual([
      expect.stringContaining(`${path} is not known in a preview`),
    ]);
  });

  it("reads nothing of a slot that it doesn't judge", async () => {
    const settings = { ...good, DB_PASSWORD: unknown.string };
    expect(await staged(settings)).toEqual([]);
  });

  it("judges a rollout's own, and with everywhere all", async () => {
    const stray = { type: slot, props: { siteConfig: {} }, parent: null };
    expect(await checkResource(slotWarmUp, stray)).toEqual([]);
    expect(await checkResource(slotWarmUp, stray, { everywhere: true })).toHaveLength(1);
  });

  it("takes another border for what fails", async () => {
    const list = { ...good, [statusesOf]: "200,401" };
    expect(await staged(list)).toEqual([]);
    expect(await staged(list, { failingFrom: 400 })).toEqual([expect.stringContaining("takes 401 for warm")]);
  });
});
