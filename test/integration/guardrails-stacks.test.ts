import { afterEach, describe, expect, it } from "vitest";
import type { ChangeKind } from "../../src/types/change.ts";
import { openStack, type RehearsedStack } from "../support/rehearse.ts";

// This repository's own program, under the whole pack, on the real engine: every step forward is previewed and updated
// with it, and nothing of it is found. The four stacks of the guide, and a hotfix of production.
let stack: RehearsedStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

interface Row {
  readonly name: string;
  readonly kind?: ChangeKind;
  readonly advice: readonly string[];
}

const rows: readonly Row[] = [
  { name: "dev", advice: [] },
  { name: "test", advice: [] },
  { name: "staging", advice: [] },
  // An image is named by its digest where a registry has pushed one; the alerts are another stack's.
  { name: "prod", advice: ["alert-coverage", "digest-images"] },
  { name: "prod", kind: "hotfix", advice: ["alert-coverage", "digest-images"] },
];

describe("the repository's stacks under the guardrails", () => {
  it.each(rows)("$name $kind: promoted, and advised of $advice alone", async ({ name, kind, advice }) => {
    stack = await openStack({
      stack: name,
      ...(kind === undefined ? {} : { kind }),
      change: (rollout) => {
        // Development has none unless it asks.
        rollout["guardrails"] = {};
      },
    });
    expect(await stack.run("1.2.4")).toMatchObject({ outcome: "promoted" });
    const said = stack.entries.flatMap(({ data }) => (data["advice"] ?? []) as { readonly policy: string }[]);
    expect([...new Set(said.map(({ policy }) => policy))].toSorted()).toEqual(advice);
  });

  it("a step that a rule forbids ends as blocked, exit 5, before anything is touched", async () => {
    stack = await openStack({
      change: (rollout) => {
        rollout["guardrails"] = { rules: { "soak-length": { soakSeconds: 901 } } };
      },
    });
    const outcome = await stack.run("1.2.4");
    expect(outcome).toMatchObject({ outcome: "blocked", exposures: [], cause: { reason: "PolicyViolated" } });
    expect(outcome.cause?.message).toContain("soak-length: the increment of 5 % is watched for 900 s");
  });
});
