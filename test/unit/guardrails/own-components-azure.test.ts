import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alertCoverage } from "../../../policy-packs/rollout-guardrails/policies/alert-coverage.ts";
import { azureTags } from "../../../policy-packs/rollout-guardrails/policies/azure-tags.ts";
import { exposureSteps } from "../../../policy-packs/rollout-guardrails/policies/exposure-steps.ts";
import { flagPercentage } from "../../../policy-packs/rollout-guardrails/policies/flag-percentage.ts";
import { flagPhases } from "../../../policy-packs/rollout-guardrails/policies/flag-phases.ts";
import { flagSchema } from "../../../policy-packs/rollout-guardrails/policies/flag-schema.ts";
import { slotIdentity } from "../../../policy-packs/rollout-guardrails/policies/slot-identity.ts";
import { slotSticky } from "../../../policy-packs/rollout-guardrails/policies/slot-sticky.ts";
import { slotTraffic } from "../../../policy-packs/rollout-guardrails/policies/slot-traffic.ts";
import { slotWarmUp } from "../../../policy-packs/rollout-guardrails/policies/slot-warm-up.ts";
import { type AResource, checkResource, checkStack } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { policyOf, register as registerAlerts } from "../components/alerts-world.ts";
import { register as registerApp } from "../components/blue-green-world.ts";
import { type FlagRun, runFlag, walk } from "../components/feature-flag-world.ts";
import { register as registerPools } from "../components/node-pool-world.ts";
import { validConfig } from "../config/valid-config.ts";
import type { MockedResource } from "../program/mock-stack.ts";

const onResources = [
  slotWarmUp,
  slotTraffic,
  flagSchema,
  flagPhases,
  flagPercentage,
  azureTags,
  exposureSteps,
];
const onStacks = [slotSticky, slotIdentity, alertCoverage];
const tags = { owner: "platform", service: "atp-ingestion", environment: "prod" };

let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

/** What a component registers, as the engine tells it: its children are below it. */
function below(resources: readonly MockedResource[]): readonly AResource[] {
  const component = resources.find(({ type }) => type.startsWith("rollouts:"));
  if (component === undefined) throw new Error("no component was registered");
  const { type: parent, name: within } = component;
  return resources.map(({ type, name, inputs: props }) => ({ type, name, props, parent, within }));
}

/** Names of the rules that find something, each once. */
async function found(resources: readonly MockedResource[]): Promise<readonly string[]> {
  const seen = below(resources);
  const names: string[] = [];
  const note = ({ name }: ResourceValidationPolicy | StackValidationPolicy, texts: readonly unknown[]) => {
    if (texts.length > 0) names.push(name);
  };
  for (const rule of onResources) for (const one of seen) note(rule, await checkResource(rule, one));
  for (const rule of onStacks) note(rule, await checkStack(rule, seen));
  return [...new Set(names)];
}

describe("what the components register is clean under the rules", () => {
  it.each(["install", "stage", "swap", "settle"])("BlueGreenApp at %s, but for tags", async (step) => {
    folder.write({ ...validConfig, preset: "staging" });
    expect(await found((await registerApp(step)).resources)).toEqual(["azure-tags"]);
  });

  it("BlueGreenApp with tags by its transforms, and identities of one's own", async () => {
    folder.write({ ...validConfig, preset: "staging" });
    const tagged = <T>(args: T) => ({ ...args, tags });
    const transform = { plan: tagged, app: tagged, slot: tagged };
    const identity = { userAssigned: ["/ids/atp"] };
    expect(await found((await registerApp("stage", { transform, identity })).resources)).toEqual([]);
  });

  it.each([
    ["a path that proves nothing", { warmUp: { path: "/" } }, "slot-warm-up"],
    ["a failure for warm", { warmUp: { statuses: [503] } }, "slot-warm-up"],
    [
      "a slot of another kind",
      { transform: { slot: <T>(args: T) => ({ ...args, tags, kind: "app" }) } },
      "slot-identity",
    ],
    ["a sticky release", { sticky: { idle: { RELEASE_ID: "1" } } }, "slot-sticky"],
  ])("and BlueGreenApp is not with %s", async (_, args, rule) => {
    folder.write({ ...validConfig, preset: "staging" });
    expect(await found((await registerApp("stage", args)).resources)).toContain(rule);
  });

  const phases = ["beta", "10", "25", "50", "100", "settle"];
  const variants = { on: { name: "new", value: true }, off: { name: "old", value: false } };
  const runs: readonly (readonly [string, FlagRun])[] = [
    ["FeatureFlagRollout", {}],
    ["FeatureFlagRollout by variant, with a label", { flag: { by: "variant", variants, label: "prod/eu" } }],
    [
      "FeatureFlagRollout with a store of its own",
      { args: { store: { create: { name: "atp-prod-appconfig" } }, tags } },
    ],
  ];
  it.each(runs)("%s through all its phases, and back", async (_, run) => {
    const ways = [[], ...phases.map((_, at) => phases.slice(0, at + 1)), ["beta", "10", "off"]];
    for (const steps of ways) {
      const step = steps.at(-1);
      const before = steps.length === 0 ? {} : { record: await walk(run, ...steps.slice(0, -1)) };
      const { resources } = await runFlag({ ...run, ...before, ...(step === undefined ? {} : { step }) });
      // A stack without alerts is told so.
      expect([steps, await found(resources)]).toEqual([steps, ["alert-coverage"]]);
    }
  });

  it("FeatureFlagRollout beside its service", async () => {
    const run: FlagRun = { beside: true };
    let record = await walk(run);
    for (const phase of [...phases, "off"]) {
      const { resources, release } = await runFlag({ ...run, record, step: `flag-${phase}` });
      const own = resources.filter(({ type }) => /:(FeatureFlagRollout|KeyValue)$/.test(type));
      expect([phase, await found(own)]).toEqual([phase, ["alert-coverage"]]);
      record = release;
    }
  });

  it("and FeatureFlagRollout is not by chance in production", async () => {
    const run: FlagRun = { flag: { by: "percentage" } };
    const record = await walk(run, "beta");
    const { resources } = await runFlag({ ...run, record, step: "10" });
    expect(await found(resources)).toEqual(["flag-schema", "alert-coverage"]);
    folder.write({ ...validConfig, preset: "test" });
    expect(await found(resources)).toEqual(["flag-percentage"]);
  });

  it.each(["install", "pool-system", "pool-work", "revert", "settle"])(
    "NodePoolRollout at %s, but for tags and alerts",
    async (step) => {
      expect(await found((await registerPools(step)).resources)).toEqual(["azure-tags", "alert-coverage"]);
    },
  );

  it("RolloutAlerts, with tags", async () => {
    expect(await found((await registerAlerts(await policyOf("prod"), { tags })).resources)).toEqual([]);
    expect(await found((await registerAlerts(await policyOf("prod"))).resources)).toEqual(["azure-tags"]);
  });
});

describe("secrets", () => {
  const secret = "hunter2-hunter2";
  /** Every text of a value, one after the other, in place of what it was. */
  function* planted(value: unknown, put: (made: unknown) => unknown): Iterable<unknown> {
    if (typeof value === "string") yield put(secret);
    else if (Array.isArray(value))
      for (const [at, one] of value.entries()) yield* planted(one, (made) => put(value.with(at, made)));
    else if (typeof value === "object" && value !== null)
      for (const [key, one] of Object.entries(value))
        yield* planted(one, (made) => put({ ...value, [key]: made }));
  }

  it("stand in no finding, wherever they are", async () => {
    const worlds = [
      await registerApp("stage"),
      await runFlag({ record: await walk({}, "beta"), step: "10" }),
      await registerAlerts(await policyOf("prod")),
    ];
    let count = 0;
    for (const seen of worlds.map(({ resources }) => below(resources))) {
      for (const [at, one] of seen.entries()) {
        for (const props of planted(one.props, (made) => made)) {
          const made = { ...one, props: props as Record<string, unknown> };
          const texts: string[] = [];
          for (const rule of onResources)
            texts.push(...(await checkResource(rule, made, { everywhere: true })));
          for (const rule of onStacks)
            texts.push(
              ...(await checkStack(rule, seen.with(at, made), { everywhere: true })).map(({ text }) => text),
            );
          expect(texts.join()).not.toContain(secret);
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(200);
  });
});
