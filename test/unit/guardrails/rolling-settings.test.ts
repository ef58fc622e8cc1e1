import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rollingSettings } from "../../../policy-packs/rollout-guardrails/policies/rolling-settings.ts";
import { type AResource, checkStack, unknown } from "../../support/guardrails.ts";
import { aStack, type Made, withProps } from "../../support/guardrails-objects.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

async function found(made: Record<string, AResource>, parameters: object = {}): Promise<readonly string[]> {
  return (await checkStack(rollingSettings, Object.values(made), parameters)).map(({ text }) => text);
}

/** A stack whose stable Deployment differs. */
function changed(
  changes: Readonly<Record<string, unknown>>,
  made: Made = { step: "20" },
): Record<string, AResource> {
  const stack = aStack(made);
  return { ...stack, deployment: withProps(stack["deployment"], changes) };
}

const surge = "spec strategy rollingUpdate maxSurge";
const unavailable = "spec strategy rollingUpdate maxUnavailable";

describe("rolling-settings", () => {
  it.each([
    {},
    { step: "20" },
    { step: "20", settings: { hpa: { min: 6, max: 12, cpuPercent: 70 } } },
  ] as Made[])("lets the guide's numbers pass: %j", async (made) => {
    expect(await found(aStack(made))).toEqual([]);
  });

  it.each([
    [{ [unavailable]: 0 }],
    [{ "spec minReadySeconds": 31 }],
    [{ "spec progressDeadlineSeconds": 599 }],
    [{ "spec progressDeadlineSeconds": 31 }],
    [{ "spec replicas": 2 }],
    // Of six pods: a surge is rounded up, what may be missing down.
    [{ [surge]: "16%", [unavailable]: "33%" }],
  ])("lets %j pass", async (changes) => {
    expect(await found(changed(changes))).toEqual([]);
  });

  it.each([
    [{ [surge]: 2 }, "maxSurge is 2", "Write maxSurge: 1."],
    [{ [surge]: 0 }, "maxSurge is 0", "Write maxSurge: 1."],
    [{ [surge]: "17%" }, "maxSurge is 2", "Write maxSurge: 1."],
    [{ [surge]: "many" }, "maxSurge is a string", "Write maxSurge: 1."],
    [{ [surge]: undefined }, "maxSurge is nothing", "Write maxSurge: 1."],
    [{ [unavailable]: 2 }, "maxUnavailable is 2", "Write maxUnavailable: 1."],
    [{ [unavailable]: "34%" }, "maxUnavailable is 2", "Write maxUnavailable: 1."],
    [{ "spec minReadySeconds": 29 }, "minReadySeconds is 29", "Write minReadySeconds: 30."],
    [{ "spec minReadySeconds": undefined }, "minReadySeconds is nothing", "Write minReadySeconds: 30."],
    [
      { "spec progressDeadlineSeconds": 601 },
      "progressDeadlineSeconds is 601",
      "progressDeadlineSeconds: 600.",
    ],
    [
      { "spec progressDeadlineSeconds": 30 },
      "progressDeadlineSeconds is 30",
      "progressDeadlineSeconds: 600.",
    ],
    [{ "spec progressDeadlineSeconds": undefined }, "progressDeadlineSeconds is nothing", "600."],
    [{ "spec replicas": 1 }, "replicas is 1, and this stack's services have 2", "Write 2"],
    [{ "spec strategy type": "Recreate" }, "spec.strategy.type is not RollingUpdate", "Write RollingUpdate."],
  ])("finds %j", async (changes, what, hint) => {
    const texts = await found(changed(changes));
    expect(texts).toEqual([expect.stringContaining(what)]);
    expect(texts[0]).toContain(hint);
  });

  it("says which Deployment it is about", async () => {
    const stack = aStack({ step: "20" });
    const canary = { "deployment-canary": withProps(stack["deployment-canary"], { [surge]: 2 }) };
    const [finding] = await checkStack(rollingSettings, Object.values({ ...stack, ...canary }));
    expect(finding?.urn).toMatch(/Deployment::api-canary$/);
  });

  it("counts an autoscaler's minimum as the pods there are", async () => {
    const made: Made = { settings: { hpa: { min: 1, max: 12, cpuPercent: 70 } } };
    expect(await found(aStack(made))).toEqual([expect.stringContaining("the autoscaler's minimum is 1")]);
  });

  describe("a hotfix replaces all pods at once while it is watched", () => {
    const at = (strategy: string | undefined) => {
      const stack = changed({ [surge]: 6 }, {});
      const intent = { step: "direct", from: 0, to: 100, ...(strategy === undefined ? {} : { strategy }) };
      return { ...stack, component: withProps(stack["component"], { intent }) };
    };
    it("and may", async () => expect(await found(at("direct"))).toEqual([]));
    it.each(["rolling", "canary", undefined])("%s may not", async (strategy) => {
      expect(await found(at(strategy))).toEqual([expect.stringContaining("maxSurge is 6")]);
    });
  });

  it.each([
    ["development", 1],
    ["test", 2],
    ["staging", 2],
    ["production", 2],
    ["hotfix", 2],
  ])("a stack of the preset %s has %i pods at the least", async (preset, least) => {
    folder.write({ ...validConfig, preset });
    expect(await found(changed({ "spec replicas": least }, {}))).toEqual([]);
    expect(await found(changed({ "spec replicas": least - 1 }, {}))).toEqual([
      expect.stringContaining(`replicas is ${least - 1}, and this stack's services have ${least} pods`),
    ]);
  });

  it("proves nothing of how many there have to be where the config can't be read", async () => {
    folder.write({ preset: "of its own" });
    expect(await found(aStack())).toEqual([expect.stringContaining("rollout config can't be judged")]);
  });

  it("finds what a preview doesn't know", async () => {
    const texts = await found(changed({ [surge]: unknown.number }));
    expect(texts).toEqual([expect.stringContaining("spec.strategy.rollingUpdate.maxSurge is not known")]);
  });

  it("goes by its parameters", async () => {
    const loose = {
      maxSurge: 2,
      maxUnavailable: 2,
      minReadySeconds: 5,
      progressDeadlineSeconds: 900,
      minReplicas: { production: 3 },
    };
    const numbers = {
      [surge]: 2,
      [unavailable]: 2,
      "spec minReadySeconds": 5,
      "spec progressDeadlineSeconds": 900,
      "spec replicas": 3,
    };
    expect(await found(changed(numbers), loose)).toEqual([]);
    expect(await found(changed({ [surge]: 3 }), loose)).toEqual([expect.stringContaining("maxSurge is 3")]);
  });

  it("judges Deployments of others only if it is told to", async () => {
    const { deployment } = changed({ [surge]: 2 });
    const foreign = { ...deployment, parent: null, within: undefined } as unknown as AResource;
    expect(await found({ foreign })).toEqual([]);
    expect(await found({ foreign }, { everywhere: true })).toEqual([
      expect.stringContaining("maxSurge is 2"),
    ]);
  });
});
