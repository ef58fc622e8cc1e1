import { describe, expect, it } from "vitest";
import { diff } from "../../../../src/adapters/slots/slot-provider.ts";
import { releaseInputs } from "../../../../src/adapters/slots/slot-release-inputs.ts";
import { slotProviderSource } from "../../../../src/components/slot-release-provider.ts";
import { armAddress } from "../../../../src/sandbox/arm/server.ts";

const content = (buildId: string, settings = {}) => ({ buildId, settings });
const inputs = { ...armAddress, production: content("1.2.3") };
const state = { ...inputs, productionBuild: "1.2.3" };

describe("differences of a SlotRelease", () => {
  it.each<[string, object, object, { changes: boolean; replaces: string[] }]>([
    ["the same", state, inputs, { changes: false, replaces: [] }],
    ["another build", state, { ...inputs, production: content("1.2.4") }, { changes: true, replaces: [] }],
    [
      "a swap that somebody else made, seen by a refresh",
      { ...state, productionBuild: "1.2.4" },
      inputs,
      { changes: true, replaces: [] },
    ],
    ["a candidate to stage", state, { ...inputs, staged: content("1.2.4") }, { changes: true, replaces: [] }],
    [
      "a candidate that is over",
      { ...state, staged: content("1.2.4") },
      inputs,
      { changes: true, replaces: [] },
    ],
    [
      "other settings under the same build id: the same build by definition",
      state,
      { ...inputs, production: content("1.2.3", { A: "1" }) },
      { changes: false, replaces: [] },
    ],
    [
      "a sticky value",
      { ...state, sticky: { idle: { A: "1" } } },
      { ...inputs, sticky: { idle: { A: "2" } } },
      { changes: true, replaces: [] },
    ],
    ["how a swap is watched", state, { ...inputs, limits: { pollMs: 1 } }, { changes: false, replaces: [] }],
    ["another slot", state, { ...inputs, slot: "blue" }, { changes: true, replaces: ["slot"] }],
    ["another app", state, { ...inputs, app: "other" }, { changes: true, replaces: ["app"] }],
  ])("%s", async (_what, olds, news, expected) => {
    expect(await diff("id", { ...olds }, { ...news })).toEqual(expected);
  });
});

describe("inputs of a SlotRelease", () => {
  it("are taken out of what the engine adds", () => {
    expect(releaseInputs({ ...state, __provider: "text" })).toEqual(inputs);
  });

  it("are refused with every problem, and without a value", () => {
    const broken = {
      ...inputs,
      slot: "",
      buildPath: "version",
      production: { settings: { KEY: "a-secret" } },
    };
    try {
      releaseInputs(broken);
      expect.unreachable();
    } catch (error) {
      const { issues } = error as { issues: { path: string }[] };
      expect(issues.map(({ path }) => path).toSorted()).toEqual(["buildPath", "production.buildId", "slot"]);
      expect(JSON.stringify(error)).not.toContain("a-secret");
    }
  });
});

describe("the provider's source", () => {
  it("evaluates to what the engine calls, and to nothing else", () => {
    const module = { exports: {} as { handler?: () => object } };
    new Function("exports", "require", slotProviderSource)(module.exports, () => ({}));
    expect(Object.keys(module.exports.handler?.() ?? {})).toEqual(["create", "read", "update", "diff"]);
  });
});
