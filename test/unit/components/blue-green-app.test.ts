import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { BlueGreenAppArgs } from "../../../src/components/blue-green-args.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";
import { register } from "./blue-green-world.ts";

const folder = resolve(import.meta.dirname, "../../golden/blue-green");
const steps = ["install", "stage", "swap", "settle"];

function graphOf({ resources }: Awaited<ReturnType<typeof register>>): Record<string, unknown> {
  return Object.fromEntries(resources.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
}

describe("BlueGreenApp", () => {
  test.each(steps)("what it registers at %s", async (step) => {
    const graph = graphOf(await register(step));
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(join(folder, `${step}.json`));
  });

  test("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(steps.map((step) => `${step}.json`).toSorted());
  });

  test("a step changes the SlotRelease and what the component says of itself, and nothing of the shape", async () => {
    const [stage, swap] = [graphOf(await register("stage")), graphOf(await register("swap"))];
    const changed = Object.keys(stage).filter((key) => stableJson(stage[key]) !== stableJson(swap[key]));
    expect(changed.toSorted()).toEqual([
      "pulumi-nodejs:dynamic/rollouts:SlotRelease atp-ingestion",
      "rollouts:index:BlueGreenApp atp-ingestion",
    ]);
  });

  test("app and slot ignore what a swap exchanges; nothing else ignores anything", async () => {
    const { children } = await register("install");
    const exchanged = ["siteConfig.appSettings", "siteConfig.linuxFxVersion", "siteConfig.experiments"];
    expect(children.map(({ type, ignoreChanges }) => [type.split(":").at(-1), ignoreChanges])).toEqual([
      ["BlueGreenApp", []],
      ["AppServicePlan", []],
      ["WebApp", exchanged],
      ["WebAppSlot", exchanged],
      ["WebAppSlotConfigurationNames", []],
      ["SlotRelease", []],
    ]);
  });

  test("the release is carried by the SlotRelease alone", async () => {
    expect((await register("install")).tracked).toBe(1);
  });

  test("takes a plan that is there, and user-assigned identities of both sides", async () => {
    const { resources } = await register("install", {
      plan: { id: "/plans/shared" },
      identity: { userAssigned: ["/ids/atp"] },
    });
    expect(resources.some(({ type }) => type.endsWith(":AppServicePlan"))).toBe(false);
    const sites = resources.filter(({ type }) => /:WebApp(Slot)?$/.test(type));
    expect(sites).toHaveLength(2);
    for (const { inputs } of sites) {
      expect(inputs).toMatchObject({
        serverFarmId: "/plans/shared",
        identity: { type: "UserAssigned", userAssignedIdentities: ["/ids/atp"] },
      });
    }
  });

  test("transforms see each child of the shape", async () => {
    const { resources } = await register("install", {
      transform: {
        plan: (args) => ({ ...args, zoneRedundant: true }),
        app: (args) => ({ ...args, tags: { side: "app" } }),
        slot: (args) => ({ ...args, tags: { side: "slot" } }),
      },
    });
    const find = (type: string) => resources.find((resource) => resource.type.endsWith(`:${type}`))?.inputs;
    expect(find("AppServicePlan")).toMatchObject({ zoneRedundant: true });
    expect(find("WebApp")).toMatchObject({ tags: { side: "app" } });
    expect(find("WebAppSlot")).toMatchObject({ tags: { side: "slot" } });
  });

  test.each<[string, Partial<BlueGreenAppArgs>, string]>([
    ["the idle slot is production", { slot: "Production" }, "atp-ingestion.slot"],
    ["the plan has no slots", { plan: { sku: "B1", workers: 1 } }, "atp-ingestion.plan.sku"],
    ["a version sets the build id", { env: { ROLLOUTS_BUILD_ID: "x" } }, "atp-ingestion.env"],
    ["a sticky setting is one of the version", { env: { APP_SLOT: "x" } }, "atp-ingestion.sticky"],
    ["the warm-up path has no slash", { warmUp: { path: "ready" } }, "atp-ingestion.warmUp.path"],
    ["any answer would count as warm", { warmUp: { statuses: [] } }, "atp-ingestion.warmUp.statuses"],
    ["the image has a tag", { image: "r/api:1" }, "image"],
  ])("refuses where %s, before it registers anything", async (_what, args, path) => {
    const error: Error & { issues: { path: string }[] } = await register("install", args).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error.issues.map((issue) => issue.path).join()).toContain(path);
  });

  test("says every problem at once", async () => {
    const broken = register("install", {
      slot: "production",
      plan: { sku: "F1", workers: 1 },
      warmUp: { path: "x" },
    });
    await expect(broken).rejects.toMatchObject({ code: "config-invalid", issues: { length: 3 } });
  });
});
