import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { approvals } from "../../../policy-packs/rollout-guardrails/policies/approvals.ts";
import { gateLimits } from "../../../policy-packs/rollout-guardrails/policies/gate-limits.ts";
import { soakLength } from "../../../policy-packs/rollout-guardrails/policies/soak-length.ts";
import { triggersWatched } from "../../../policy-packs/rollout-guardrails/policies/triggers-watched.ts";
import { checkStack } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

type Rule = typeof approvals;

const planted = "hunter2-hunter2";
const component = { type: "rollouts:index:CanaryDeployment", props: {} };
let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
});
afterEach(() => folder.remove());

async function found(rule: Rule, rollout: object, parameters: object = {}): Promise<readonly string[]> {
  folder.write({ ...validConfig, ...rollout });
  return (await checkStack(rule, [component], parameters)).map(({ text }) => text);
}

const rules: readonly Rule[] = [approvals, gateLimits, soakLength, triggersWatched];

describe.each(rules.map((rule) => ({ name: rule.name, rule })))("$name", ({ rule }) => {
  it("lets the guide's production pass", async () => {
    expect(await found(rule, {})).toEqual([]);
  });

  it.each(["test", "staging", "development", "hotfix"])("lets the preset %s pass", async (preset) => {
    expect(await found(rule, { preset, lever: { kind: "http-route", namespace: "atp" } })).toEqual([]);
  });

  it("proves nothing of a config that isn't there, or isn't valid, and says which", async () => {
    const [gone] = await checkStack(rule, [component]);
    expect(gone?.text).toContain("Pulumi.prod.yaml can't be read");
    const [broken] = await found(rule, { soak: planted });
    expect(broken).toContain("not valid at rollout.soak");
    expect(broken).not.toContain(planted);
  });

  it("has nothing to say where nothing rolls out", async () => {
    expect(await checkStack(rule, [{ type: "kubernetes:core/v1:Service", props: {}, parent: null }])).toEqual(
      [],
    );
  });
});

describe("approvals", () => {
  it.each([
    [{ approvals: { required: 1 } }, "rollout.approvals.required is 1, and a production rollout takes 2"],
    [{ approvals: { required: 0 } }, "rollout.approvals.required is 0, and a production rollout takes 2"],
    [{ approvals: { cab: false } }, "rollout.approvals.cab is false"],
    [{ preset: "hotfix", approvals: { required: 1 } }, "a hotfix rollout takes 2"],
    [{ preset: "staging", approvals: { required: 0 } }, "a staging rollout takes 1"],
  ])("finds %j", async (rollout, text) => {
    expect(await found(approvals, rollout)).toEqual([expect.stringContaining(text)]);
  });

  it("takes other demands as parameters", async () => {
    expect(await found(approvals, {}, { required: 3 })).toHaveLength(1);
    expect(
      await found(approvals, { approvals: { required: 0, cab: false } }, { required: 0, cab: false }),
    ).toEqual([]);
  });
});

describe("soak-length", () => {
  it.each([
    ["production", "15m", []],
    ["production", "899s", ["5 %", "20 %", "50 %", "100 %"]],
    ["staging", "1799s", ["100 %"]],
    ["hotfix", "1799s", ["100 %"]],
  ])("%s with %s", async (preset, soak, increments) => {
    const texts = await found(soakLength, { preset, soak });
    expect(texts.map((text) => /increment of (\d+ %)/.exec(text)?.[1])).toEqual(increments);
  });

  it("judges each increment by itself, and takes another length as a parameter", async () => {
    const increments = [{ exposure: 5, soak: "10m" }, 100];
    expect(await found(soakLength, { increments })).toEqual([
      "the increment of 5 % is watched for 600 s, and a production rollout for at least 900 s. Write rollout.soak: 900s, or leave it out.",
    ]);
    expect(await found(soakLength, { increments }, { soakSeconds: 600 })).toEqual([]);
  });
});

describe("gate-limits", () => {
  // One number of the guide off, each.
  it.each([
    [{ gates: { errorRate: { limit: "1.1%" } } }, "gates.errorRate.limit is 1.1 %, looser than 1 %"],
    [{ gates: { errorRate: { for: "3m" } } }, "gates.errorRate.for is 180 s, longer than 120 s"],
    [{ gates: { p95: { limit: "1001ms" } } }, "gates.p95.limit is 1001 ms, looser than 1000 ms"],
    [{ gates: { p95: { for: "6m" } } }, "gates.p95.for is 360 s, longer than 300 s"],
    [{ gates: { exceptions: { limit: 11 } } }, "gates.exceptions.limit is 11 exceptions, looser than 10"],
    [{ gates: { dbPool: { limit: "91%" } } }, "gates.dbPool.limit is 91 %, looser than 90 %"],
    [{ gates: { dbPool: { for: "4m" } } }, "gates.dbPool.for is 240 s, longer than 180 s"],
    [{ gates: { queue: { limit: 10_001 } } }, "gates.queue.limit is 10001 messages, looser than 10000"],
    [{ gates: { queue: { for: "6m" } } }, "gates.queue.for is 360 s, longer than 300 s"],
    [{ gates: { memory: { limit: "91%" } } }, "gates.memory.limit is 91 %, looser than 90 %"],
    [{ gates: { memory: { for: "4m" } } }, "gates.memory.for is 240 s, longer than 180 s"],
  ])("finds %j", async (rollout, text) => {
    expect(await found(gateLimits, rollout)).toEqual([expect.stringContaining(text)]);
  });

  it("lets what is stricter pass, and takes another limit as a parameter", async () => {
    expect(await found(gateLimits, { gates: { errorRate: { limit: "0.5%", for: "1m" } } })).toEqual([]);
    expect(await found(gateLimits, { gates: { exceptions: { limit: 11 } } }, { exceptions: 11 })).toEqual([]);
    expect(await found(gateLimits, {}, { exceptions: 9 })).toHaveLength(1);
  });
});

describe("triggers-watched", () => {
  const sandbox = { metrics: { kind: "sandbox" }, health: { kind: "sandbox" }, lever: { kind: "sandbox" } };

  it("finds the sandbox's sources in production", async () => {
    const texts = await found(triggersWatched, sandbox);
    expect(texts).toEqual(
      ["metrics", "health", "lever"].map(
        (name) =>
          `rollout.${name} is the sandbox's, which exists in rehearsals alone. Write a real kind of ${name}.`,
      ),
    );
  });

  it("takes a reason for a level that isn't watched, unless it may not", async () => {
    expect(await found(triggersWatched, {}, { reasonIsEnough: false })).toEqual([
      expect.stringContaining("rollout.watch.dbPool is none"),
      expect.stringContaining("rollout.watch.queue is none"),
      expect.stringContaining("rollout.watch.memory is none"),
    ]);
  });

  it("judges production alone", async () => {
    expect(await found(triggersWatched, { preset: "test", ...sandbox })).toEqual([]);
  });
});
