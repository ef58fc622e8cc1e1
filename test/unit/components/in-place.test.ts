import { runtime } from "@pulumi/pulumi";
import { afterEach, describe, expect, test } from "vitest";
import { renderWorkload } from "../../../src/components/render/workload.ts";
import { nextRelease } from "../../../src/plan/next-release.ts";
import { serviceSpec } from "../../../src/plan/snapshots.ts";
import { runInContext } from "../../../src/program/context.ts";
import main from "../../../src/program/index.ts";
import type { Release } from "../../../src/types/release.ts";
import { aRelease, aSnapshot, aWorkload } from "../../support/builders.ts";
import { validFlag } from "../config/valid-flag.ts";
import { known, mockStack } from "../program/mock-stack.ts";

const steps = ["roll", "settle"];
const hpa = { min: 4, max: 12, cpuPercent: 70 };

function render(release: Release, inPlace = true, atOnce = false) {
  const rendered = renderWorkload({
    service: "atp-ingestion",
    namespace: "atp-test",
    route: { gateway: "atp-gateway", hostnames: [] },
    release,
    inPlace,
    atOnce,
    settings: {
      workload: aWorkload(),
      replicas: 6,
      rolling: { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 30, progressDeadlineSeconds: 600 },
      hpa,
    },
  });
  return JSON.parse(JSON.stringify(rendered));
}

function releaseAt(step: string, from = aRelease("1.2.3", { stable: old })): Release {
  const next = nextRelease(from, { desired: fresh, step, steps, stableReplicas: 6 });
  if (!next.ok) throw new Error(next.message);
  return next.release;
}

const old = aSnapshot("1.2.3", { config: { RELEASE: "old" } });
const fresh = aSnapshot("1.2.4", { config: { RELEASE: "new" } });
const rolled = releaseAt("roll");
const settled = releaseAt("settle", rolled);

describe("one Deployment at every step", () => {
  const table = [
    { at: "before", release: aRelease("1.2.3", { stable: old }), runs: old, maps: 1 },
    { at: "during the watch: both ConfigMaps stay", release: rolled, runs: fresh, maps: 2 },
    { at: "settled", release: settled, runs: fresh, maps: 1 },
    {
      at: "weight taken off, the candidate still in the record",
      release: { ...rolled, exposure: 0, previousExposure: 100, step: "revert" },
      runs: old,
      maps: 2,
    },
    { at: "taken back", release: releaseAt("revert", rolled), runs: old, maps: 1 },
  ];
  test.each(table)("$at", ({ release, runs, maps }) => {
    const rendered = render(release);
    expect(rendered.candidate).toBeUndefined();
    const { template, selector } = rendered.stable.deployment.spec;
    expect(template.spec.containers[0].image).toBe(serviceSpec(runs).image);
    expect(template.metadata.annotations).toEqual({ "pulumi-rollouts/identity": runs.identity });
    expect(template.metadata.labels).toEqual(selector.matchLabels);
    expect(selector.matchLabels).toEqual({ app: "atp-ingestion", version: "stable" });
    expect(rendered.configMaps).toHaveLength(maps);
    const names = rendered.configMaps.map(({ name }: { name: string }) => name);
    expect(names).toContain(template.spec.containers[0].envFrom[0].configMapRef.name);
    const backends = rendered.route.spec.rules[0].backendRefs;
    expect(backends.map(({ weight }: { weight: number }) => weight)).toEqual([100]);
    // Nothing stands beside it, so the autoscaler has no pods to keep for a revert.
    expect(rendered.stable.hpa.spec.minReplicas).toBe(4);
  });

  test("it is awaited, there and back: an update that isn't live has not happened", () => {
    for (const { release } of table) {
      expect(render(release).stable.deployment.metadata.annotations).toHaveProperty([
        "pulumi.com/timeoutSeconds",
      ]);
    }
  });

  test("a settled stack is the same whichever way its next version comes", () => {
    for (const release of [aRelease("1.2.3"), settled])
      expect(render(release)).toEqual(render(release, false));
  });
});

describe("what the program registers in a settled stack", () => {
  afterEach(() => runtime.setAllConfig({}));

  async function registered(rollout: Record<string, unknown>) {
    const sources = { metrics: { kind: "sandbox" }, health: { kind: "sandbox" }, lever: { kind: "sandbox" } };
    const written = { service: "atp-ingestion", ...sources, flag: validFlag, ...rollout };
    runtime.setAllConfig({ "atp:rollout": JSON.stringify(written) });
    const { resources } = await mockStack({ release: aRelease("1.2.3", { step: "promote-clean" }) });
    const outputs = await runInContext(
      { target: { kind: "step", version: "1.2.3" }, report: () => {} },
      main,
    );
    await known(outputs["release"]);
    const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
    return Object.fromEntries(own.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
  }

  const ways = [
    { preset: "production", strategy: "rolling" },
    { preset: "production", strategy: "direct" },
    { preset: "production", increments: [10, 100] },
    { preset: "hotfix" },
    { preset: "test" },
  ];
  test.each(ways)("equals that of a canary stack: $preset $strategy", async (way) => {
    const canary = await registered({ preset: "production" });
    expect(Object.keys(canary).length).toBeGreaterThan(5);
    expect(await registered(way)).toEqual(canary);
  });
});

describe("a direct rollout replaces all pods together, there and back, and settles as ever", () => {
  // The guide: a hotfix is back in under 2 minutes; pod by pod six of them take 2 min 15 s.
  test.each([
    { at: "before", release: aRelease("1.2.3", { stable: old }), surge: 1 },
    { at: "during the watch", release: rolled, surge: 12 },
    {
      at: "on the way back",
      release: { ...rolled, exposure: 0, previousExposure: 100, step: "revert" },
      surge: 12,
    },
    { at: "settled", release: settled, surge: 1 },
  ])("$at: $surge pods above its number", ({ release, surge }) => {
    const { rollingUpdate } = render(release, true, true).stable.deployment.spec.strategy;
    expect(rollingUpdate).toEqual({ maxSurge: surge, maxUnavailable: 1 });
    expect(render(release).stable.deployment.spec.strategy.rollingUpdate.maxSurge).toBe(1);
  });
});
