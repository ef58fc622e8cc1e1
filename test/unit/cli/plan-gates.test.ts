import { expect, it } from "vitest";
import { gateRows } from "../../../src/cli/render/plan-gates.ts";
import { aPlan, aPolicy } from "../../support/builders.ts";

const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 300, window: "rolling-30d" } as const;

function rowsOf(more: object) {
  const plan = aPlan({ gates: { ...aPolicy().gates, slo: { ...slo, ...more } } });
  return gateRows({ ...plan, origins: { "watch.queueLag": "config" } });
}

it("the queue's lag has a row below the SLOs where it is watched", () => {
  expect(rowsOf({ queueLag: true }).slice(-2)).toEqual([
    expect.arrayContaining(["SLO"]),
    ["  ", "queue lag", "> 300 s for 5 min; > 120 s holds", "watch.queueLag", "config"],
  ]);
});

it("and none where it isn't", () => {
  expect(rowsOf({}).at(-1)?.[1]).toBe("SLO");
  expect(rowsOf({}).flat()).not.toContain("queue lag");
});
