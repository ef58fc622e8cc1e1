import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stableJson } from "../../src/lib/stable-json.ts";
import { runInContext } from "../../src/program/context.ts";
import main from "../../src/program/index.ts";
import type { Target } from "../../src/types/engine.ts";
import type { Release } from "../../src/types/release.ts";
import { validFlag } from "../unit/config/valid-flag.ts";
import { known, type MockedResource, mockStack } from "../unit/program/mock-stack.ts";

const steps = [
  "install",
  "5",
  "20",
  "50",
  "100",
  "promote-stable",
  "promote-switch",
  "promote-clean",
  "revert",
];
const folder = join(import.meta.dirname, "components");
const releases = new Map<string, Release>();

/** What the guide's program registers at a step, by type and name, and the release that it leaves. */
async function registered(target: Target, record?: Release) {
  const { resources } = await mockStack(record === undefined ? {} : { release: record });
  const outputs = await runInContext({ target, report: () => {} }, main);
  const release = await known<Release>(outputs["release"]);
  return { release, graph: graphOf(resources) };
}

function graphOf(resources: readonly MockedResource[]): Record<string, unknown> {
  const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
  return Object.fromEntries(own.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
}

beforeAll(() =>
  runtime.setAllConfig({
    "atp:rollout": JSON.stringify({
      preset: "production",
      service: "atp-ingestion",
      metrics: { kind: "sandbox" },
      health: { kind: "sandbox" },
      lever: { kind: "sandbox" },
      flag: validFlag,
    }),
  }),
);
afterAll(() => runtime.setAllConfig({}));

describe("the resources of each step", () => {
  // In this order: each step starts from the record that the one before it left; revert starts from 20 %.
  test.each(steps)("%s", async (step) => {
    const before = step === "revert" ? releases.get("20") : [...releases.values()].at(-1);
    const target: Target =
      step === "install" ? { kind: "step", version: "1.2.3" } : { kind: "step", version: "1.2.4", step };
    const { release, graph } = await registered(target, before);
    releases.set(step, release);
    await expect(`${stableJson(graph, 2)}\n`).toMatchFileSnapshot(join(folder, `${step}.json`));
  });

  test("a revert renders what the install rendered, to the letter", async () => {
    const installed = await registered({ kind: "step", version: "1.2.3" });
    const reverted = await registered({ kind: "step", version: "1.2.4", step: "revert" }, releases.get("50"));
    expect(reverted).toEqual(installed);
  });

  test("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(steps.map((step) => `${step}.json`).toSorted());
  });
});
