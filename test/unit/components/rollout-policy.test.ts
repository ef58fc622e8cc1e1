import { runtime } from "@pulumi/pulumi";
import { afterEach, describe, expect, it } from "vitest";
import { RolloutAlerts } from "../../../src/components/rollout-alerts.ts";
import { RolloutDashboard } from "../../../src/components/rollout-dashboard.ts";
import { aPolicy } from "../../support/builders.ts";
import { known, mockStack } from "../program/mock-stack.ts";
import { graphOf, ids, insights, plainArgs, production, register, rolloutOf } from "./alerts-world.ts";

const secret = "planted-secret";
const shown = {
  telemetry: insights,
  source: ids.workspace,
  resourceGroup: "atp-prod",
  location: "westeurope",
};
afterEach(() => runtime.disconnect());

describe("rollout.policy", () => {
  it("has what versions are judged by, and no key of anybody", () => {
    const policy = aPolicy({
      notify: [{ kind: "slack", webhook: `https://hooks.example/${secret}` }],
      incident: { kind: "http", url: `https://incidents.example/${secret}`, id: "/id" },
      change: { kind: "http", authorization: secret } as never,
      approvers: {
        sources: [{ kind: "github", token: secret } as never],
        keys: [],
        people: {},
        expiresSeconds: 1,
      },
      validate: { ...aPolicy().validate, postgres: secret } as never,
      // Whatever comes to a policy later.
      later: secret,
    } as never);
    const { policy: seen } = rolloutOf(policy);
    expect(JSON.stringify(policy)).toContain(secret);
    expect(JSON.stringify(seen)).not.toContain(secret);
    const { gates, metrics, watch, strategy, increments } = policy;
    expect(seen).toMatchObject({ gates, metrics, watch, strategy, increments });
    expect(Object.keys(seen)).not.toContain("flag");
  });
});

describe("alerts and dashboard", () => {
  it("make the same of a rollout as of its policy", async () => {
    const policy = production();
    const byHand = await register(policy);
    const { resources } = await mockStack({});
    const alerts = new RolloutAlerts("atp-ingestion-alerts", { rollout: rolloutOf(policy), ...plainArgs });
    await known(alerts.actionGroupId);
    await known(alerts.ruleIds);
    await runtime.disconnect();
    const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
    expect(graphOf({ resources: own })).toEqual(graphOf(byHand));
  });

  it("of a dashboard too", async () => {
    const policy = production();
    const made: unknown[] = [];
    for (const from of [{ policy }, { rollout: rolloutOf(policy) }]) {
      const { resources } = await mockStack({});
      const dashboard = new RolloutDashboard("atp-ingestion-dashboard", { ...from, ...shown });
      await known(dashboard.workbookId);
      await runtime.disconnect();
      made.push(resources.filter(({ type }) => !type.startsWith("pulumi:")));
    }
    expect(made[0]).toEqual(made[1]);
    expect(made[0]).not.toEqual([]);
  });

  it.each([
    ["neither", {}],
    ["both", { policy: production(), rollout: rolloutOf(production()) }],
  ])("refuse %s", async (_, args) => {
    await mockStack({});
    const refused = expect.objectContaining({
      code: "config-invalid",
      issues: [expect.objectContaining({ path: "x.rollout", rule: expect.stringContaining("not both") })],
    });
    expect(() => new RolloutAlerts("x", { ...args, ...plainArgs })).toThrow(refused);
    expect(() => new RolloutDashboard("x", { ...args, ...shown })).toThrow(refused);
  });
});
