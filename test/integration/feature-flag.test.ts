import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/driver/outcome.ts";
import { openStack, type RehearsedStack } from "../support/rehearse.ts";

// The example of a flag alone, on the real engine and driver: the stack writes the flag into a store on loopback, where
// applications read it.

interface Row {
  readonly why: string;
  readonly faults: readonly string[];
  readonly outcome: "promoted" | "reverted";
  readonly failedAt?: string;
}

const rows: readonly Row[] = [
  { why: "a good feature", faults: [], outcome: "promoted" },
  {
    why: "errors where it is on, from 25 % on",
    faults: ["errors=3%@25"],
    outcome: "reverted",
    failedAt: "25",
  },
];

/** Whether the flag is on in its store, and for which share. */
function flagOf({ flags }: RehearsedStack): unknown {
  const [keyValue] = flags?.store.list() ?? [];
  const flag = JSON.parse(keyValue?.value ?? "{}");
  const [filter] = flag.conditions.client_filters;
  return [flag.enabled, filter.parameters.Audience.DefaultRolloutPercentage];
}

describe("a flag alone", () => {
  it.each(rows)("$why: $outcome", async ({ faults, outcome, failedAt }) => {
    const stack = await openStack({ project: "examples/feature-flag", faults });
    try {
      expect(flagOf(stack)).toEqual([false, 0]);
      const ended = await stack.run("1.2.4");
      expect(ended, JSON.stringify(ended)).toMatchObject({
        outcome,
        ...(failedAt === undefined ? {} : { failedAt, revert: { stateEqual: true } }),
      });
      expect(exitOf(ended)).toBe(outcome === "promoted" ? 0 : 20);
      expect(flagOf(stack)).toEqual(outcome === "promoted" ? [true, 100] : [false, 0]);
      if (outcome === "promoted")
        expect(await stack.run("1.2.4")).toMatchObject({ outcome: "nothing-to-do" });
    } finally {
      await stack.close();
    }
  });
});
