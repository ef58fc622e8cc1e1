import { describe, expect, test } from "vitest";
import { EventCollector, typeOf } from "../../../../src/adapters/engine/events.ts";

const urn = "urn:pulumi:prod::atp::rollouts:index:CanaryDeployment$kubernetes:apps/v1:Deployment::api";
const reference = "urn:pulumi:prod::atp::pulumi:pulumi:StackReference::organization/atp/prod";

function logOf(...events: readonly unknown[]) {
  const collector = new EventCollector();
  for (const event of events) collector.add(event);
  return collector.log();
}

function pre(op: string, of = urn) {
  return { sequence: 1, timestamp: 1, resourcePreEvent: { metadata: { op, urn: of }, planning: true } };
}

function policy(enforcementLevel: string, message: string) {
  return {
    policyEvent: { message, policyName: "max-step", policyPackName: "p", enforcementLevel, resourceUrn: urn },
  };
}

describe("changes", () => {
  const table = [
    { event: pre("update"), changes: 1, summary: { update: 1 }, why: "a change" },
    { event: pre("same"), changes: 0, summary: { same: 1 }, why: "no change" },
    {
      event: pre("read", reference),
      changes: 0,
      summary: {},
      why: "the stack reads its own record in every run",
    },
    { event: pre("refresh"), changes: 0, summary: {}, why: "looking is no change" },
    { event: { somethingNew: { a: 1 } }, changes: 0, summary: {}, why: "a kind of a newer engine" },
    { event: "no event", changes: 0, summary: {}, why: "nonsense" },
  ];
  test.each(table)("$why", ({ event, changes, summary }) => {
    const log = logOf(event);
    expect(log.changes).toHaveLength(changes);
    expect(log.summary).toEqual(summary);
  });

  test("the engine's own summary wins, without reads", () => {
    const log = logOf(pre("update"), { summaryEvent: { resourceChanges: { update: 2, same: 3, read: 1 } } });
    expect(log.summary).toEqual({ update: 2, same: 3 });
    expect(log.finished).toBe(true);
  });

  test("the type is the child's, not its parents'", () => {
    expect(logOf(pre("create")).changes).toEqual([
      { urn, type: "kubernetes:apps/v1:Deployment", op: "create" },
    ]);
    expect(typeOf("no urn")).toBe("");
  });
});

describe("policies", () => {
  const table = [
    { level: "mandatory", message: "too far", expected: "mandatory", why: "as it is" },
    { level: "advisory", message: "careful", expected: "advisory", why: "as it is" },
    { level: "warning", message: "careful", expected: "advisory", why: "the name that the typings have" },
    {
      level: "advisory",
      message: "can't run policy 'max-step' during preview: string value at .weight can't be known",
      expected: "mandatory",
      why: "a mandatory policy on an unknown value fails closed",
    },
  ];
  test.each(table)("$level: $why", ({ level, message, expected }) => {
    expect(logOf(policy(level, message)).violations).toEqual([
      { policy: "max-step", level: expected, urn, message },
    ]);
  });
});

test("errors lose the engine's colour marks; empty ones and warnings are left out", () => {
  const { errors } = logOf(
    { diagnosticEvent: { urn, message: "<{%reset%}><{%fg 1%}>boom<{%reset%}>\n", severity: "error" } },
    { diagnosticEvent: { message: "<{%reset%}>\n", severity: "error" } },
    { diagnosticEvent: { message: "careful", severity: "warning" } },
  );
  expect(errors).toEqual([{ urn, message: "boom" }]);
});

describe("a resource that isn't live at this instant", () => {
  // As the engine sends it while an autoscaler adds pods: seen on 3.274.1 with the real Kubernetes provider.
  const initErrors = ["[MinimumReplicasUnavailable] Deployment does not have minimum availability."];
  const step = (more: object) => ({
    resourcePreEvent: { metadata: { op: "update", urn, old: { initErrors }, ...more } },
  });
  const changeOf = (event: object) => {
    const events = new EventCollector();
    events.add(event);
    return events.log().changes[0];
  };

  test("says so where nothing of it differs", () => {
    expect(changeOf(step({ detailedDiff: {}, diffs: null }))).toMatchObject({
      op: "update",
      notLive: initErrors,
    });
  });

  test.each([
    ["an input differs", step({ detailedDiff: { "spec.replicas": { diffKind: "UPDATE" } } })],
    ["the provider named a property", step({ diffs: ["spec"] })],
    ["it is replaced", step({ op: "replace" })],
    ["it was live", step({ old: {} })],
  ])("is a change where %s", (_why, event) => {
    expect(changeOf(event)).not.toHaveProperty("notLive");
  });
});
