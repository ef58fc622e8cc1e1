import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BackendJson } from "../../../support/http-fake-route.ts";
import { canary, other, stable, startWorld, type World } from "./lever-world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.kube.close());

const open: World["open"] = (...parameters) => world.open(...parameters);
const patches = () => world.patches();
const backendsNow = () => world.backendsNow();

describe("an unknown shape is neither read nor written", () => {
  it.each<[string, readonly (readonly BackendJson[])[], RegExp]>([
    ["no rule with stable", [[other]], /no rule has the backend atp/],
    ["no rules", [], /no rule has the backend atp/],
    ["a third backend", [[stable(80), canary(10), other]], /rule 0 also has the backend Service other/],
    [
      "a backend that is no Service",
      [[stable(80), { ...canary(20), kind: "ServiceImport" }]],
      /backend ServiceImport atp-canary/,
    ],
    [
      "a backend of another namespace",
      [[stable(80), { ...canary(20), namespace: "test" }]],
      /Service test\/atp-canary/,
    ],
    ["a backend twice", [[stable(80), stable(10), canary(10)]], /rule 0 names a backend twice/],
    ["the candidate alone", [[other], [canary(1)]], /rule 1 has atp-canary without atp/],
    [
      "several rules, one without the candidate",
      [[stable(80), canary(20)], [stable(1)]],
      /2 rules have atp, and not all of them atp-canary/,
    ],
  ])("%s", async (_, rules, message) => {
    const { lever } = open({ rules });
    const refused = { code: "route-shape", message: expect.stringMatching(message) };
    await expect(lever.read()).rejects.toMatchObject(refused);
    await expect(lever.setExposure(0)).rejects.toMatchObject(refused);
    expect(patches()).toHaveLength(0);
  });

  it("all weights 0 can't be read as a share, and can be mended", async () => {
    const { lever } = open({ rules: [[stable(0), canary(0)]] });
    await expect(lever.read()).rejects.toMatchObject({
      code: "route-shape",
      message: expect.stringContaining("nobody is served"),
    });
    await lever.setExposure(0);
    expect(backendsNow()).toEqual([
      [
        ["atp", 100],
        ["atp-canary", 0],
      ],
    ]);
  });

  it("rules that disagree can't be read as one share, and can be mended", async () => {
    const { lever } = open({
      rules: [
        [stable(80), canary(20)],
        [stable(50), canary(50)],
      ],
    });
    await expect(lever.read()).rejects.toThrow(/20, 50 %/);
    await lever.setExposure(20);
    expect(await lever.read()).toMatchObject({ exposure: 20 });
  });
});
