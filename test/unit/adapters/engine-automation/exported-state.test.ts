import { describe, expect, test } from "vitest";
import { deployedOf } from "../../../../src/adapters/engine/exported-state.ts";
import { aRelease } from "../../../support/builders.ts";

interface Item {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: object;
  readonly outputs?: object;
  readonly delete?: boolean;
}

const stack = (outputs: object): Item => ({ urn: "stack", type: "pulumi:pulumi:Stack", outputs });
const route = (weight: unknown): Item => ({
  urn: "route",
  type: "kubernetes:x:HTTPRoute",
  inputs: { weight },
});
const component = (intent: object): Item => ({
  urn: "component",
  type: "rollouts:index:CanaryDeployment",
  inputs: { service: "api", intent },
});
const secretValue = (ciphertext: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext,
});

function exported(resources: readonly Item[], pending: readonly object[] = []): string {
  return JSON.stringify({ version: 3, deployment: { resources, pending_operations: pending } });
}

describe("inputs", () => {
  const base = deployedOf(exported([stack({}), component({ to: 0 }), route(0)])).hash;
  const table = [
    {
      with: [stack({}), route(0), component({ to: 0 })],
      same: true,
      why: "the order of resources is nobody's",
    },
    { with: [stack({ exposure: 5 }), component({ to: 0 }), route(0)], same: true, why: "outputs lie" },
    {
      with: [stack({}), component({ increments: [10] }), route(0)],
      same: true,
      why: "intent repeats the policy",
    },
    {
      with: [
        stack({}),
        component({ to: 0 }),
        route(0),
        { urn: "p", type: "pulumi:providers:kubernetes", inputs: { v: 2 } },
      ],
      same: true,
      why: "an upgraded provider",
    },
    { with: [stack({}), component({ to: 0 }), route(5)], same: false, why: "another weight" },
    { with: [stack({}), component({ to: 0 })], same: false, why: "a resource is gone" },
    {
      with: [stack({}), component({ to: 0 }), route(0), { ...route(0), delete: true }],
      same: false,
      why: "an old copy still waits for its deletion",
    },
  ];
  test.each(table)("equal: $same, $why", ({ with: resources, same }) => {
    expect(deployedOf(exported(resources)).hash === base).toBe(same);
  });

  test("intent counts where the resource is not ours", () => {
    const foreign = (intent: number) => [{ urn: "x", type: "kubernetes:x:Y", inputs: { intent } }];
    expect(deployedOf(exported(foreign(1))).hash).not.toBe(deployedOf(exported(foreign(2))).hash);
  });

  test("a secret counts as present: its ciphertext changes with every encryption", () => {
    const one = deployedOf(exported([route(secretValue("v1:a"))]));
    expect(one.inputs).toContain("[secret]");
    expect(one.hash).toBe(deployedOf(exported([route(secretValue("v1:b"))])).hash);
    expect(one.hash).not.toBe(deployedOf(exported([route(0)])).hash);
  });
});

describe("record", () => {
  test("is the output of the last good update", () => {
    const record = aRelease("1.2.3");
    expect(deployedOf(exported([stack({ release: record })])).record).toEqual(record);
  });

  test.each([
    { text: exported([stack({})]), why: "before the first install" },
    { text: JSON.stringify({ version: 3, deployment: null }), why: "a stack that was never updated" },
    {
      text: JSON.stringify({ version: 3, deployment: { resources: null } }),
      why: "a stack without resources",
    },
  ])("is absent: $why", ({ text }) => {
    expect(deployedOf(text)).not.toHaveProperty("record");
  });

  test.each([
    { release: { schemaVersion: 2 }, hint: /rename/, why: "somebody else's output" },
    { release: secretValue("v1:a"), hint: /never secrets/, why: "wrapped into a secret" },
  ])("is refused: $why", ({ release, hint }) => {
    expect(() => deployedOf(exported([stack({ release })]))).toThrow(
      expect.objectContaining({ code: "record-invalid", hint: expect.stringMatching(hint) }),
    );
  });
});

describe("head of the journal", () => {
  const head = { seq: 60, hash: "a1".repeat(32) };

  test("is what the last driver wrote, and no part of what the stack is", () => {
    const with60 = deployedOf(exported([stack({ journal: head }), route(0)]));
    expect(with60.journalHead).toEqual(head);
    const without = deployedOf(exported([stack({}), route(0)]));
    expect(without).not.toHaveProperty("journalHead");
    expect(with60.hash).toBe(without.hash);
  });

  test.each([
    "https://journal.example",
    null,
    { ...head, seq: 0 },
    { ...head, seq: "60" },
    { ...head, hash: "a1" },
    secretValue("v1:a"),
  ])("is absent where the output is something else: %j", (journal) => {
    expect(deployedOf(exported([stack({ journal })]))).not.toHaveProperty("journalHead");
  });
});

test("pending operations say what was under way", () => {
  const pending = [{ type: "creating", resource: { urn: "urn:x", type: "t" } }];
  expect(deployedOf(exported([], pending)).pendingOperations).toEqual(["creating urn:x"]);
});

test.each(["", "no json", "[]"])("what is no export is an error: %j", (text) => {
  expect(() => deployedOf(text)).toThrow(expect.objectContaining({ code: "export-invalid" }));
});
