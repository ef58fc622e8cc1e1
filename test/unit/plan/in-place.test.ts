import { describe, expect, it } from "vitest";
import { nextRelease } from "../../../src/plan/next-release.ts";
import { progressText, shareInPlace } from "../../../src/plan/progress.ts";
import type { Release } from "../../../src/types/release.ts";
import { aRelease, aSnapshot } from "../../support/builders.ts";

const canary = ["5", "20", "100", "promote-stable", "promote-switch", "promote-clean"];
const rolling = ["roll", "settle"];
const desired = aSnapshot("1.2.4");

function at(step: string, exposure: number): Release {
  const rollout = { baselineStep: "install", baselinePreviousExposure: 0, stableReplicas: 6 };
  return aRelease("1.2.3", { candidate: desired, exposure, step, rollout });
}

describe("a strategy that changes in the middle of a rollout", () => {
  const refused = [
    { why: "a canary at 20 can't be kept in stable's place", record: at("20", 20), steps: rolling },
    { why: "nor go on there", record: at("20", 20), steps: rolling, step: "roll" },
    { why: "a version in place can't stand beside stable", record: at("roll", 100), steps: canary },
    { why: "nor step there", record: at("direct", 100), steps: canary, step: "5" },
    {
      why: "nor be kept while a third version waits",
      record: at("20", 20),
      steps: rolling,
      desired: aSnapshot("1.2.5"),
    },
  ];
  it.each(refused)("is refused: $why", ({ why: _why, record, ...target }) => {
    const next = nextRelease(record, { desired, stableReplicas: 6, ...target });
    expect(next).toMatchObject({
      ok: false,
      code: "strategy-changed",
      hint: expect.stringContaining("step revert"),
    });
  });

  const allowed = [
    { why: "back is always open", record: at("20", 20), steps: rolling, step: "revert" },
    {
      why: "so is asking for the old version",
      record: at("20", 20),
      steps: rolling,
      desired: aSnapshot("1.2.3"),
    },
    {
      why: "other increments are the same strategy",
      record: at("20", 20),
      steps: ["10", "40", "promote-stable"],
    },
    { why: "what was taken off may go either way", record: at("revert", 0), steps: rolling },
  ];
  it.each(allowed)("$why", ({ why: _why, record, ...target }) => {
    expect(nextRelease(record, { desired, stableReplicas: 6, ...target })).toMatchObject({ ok: true });
  });
});

describe("progress", () => {
  const six = { desired: 6, updated: 6, available: 6, total: 6 };
  it.each([
    [six, "6 of 6 updated"],
    [{ ...six, updated: 3, total: 4 }, "3 of 6 updated, 1 old pending"],
    [{ ...six, available: 4 }, "6 of 6 updated, 4 available"],
    [
      { ...six, updated: 2, total: 7, paused: true, late: true },
      "2 of 6 updated, 5 old pending, paused, no progress within its deadline",
    ],
    [{ desired: 0, updated: 0, available: 0, total: 0 }, "0 of 0 updated"],
  ])("%o", (progress, text) => {
    expect(progressText(progress)).toBe(text);
  });

  it.each([
    ["all of it", { ready: 6, total: 6, over: true }, 100],
    ["all ready but not over", { ready: 6, total: 6, over: false }, 99],
    ["rounded down", { ready: 2, total: 3, over: false }, 66],
    ["one of many is not none", { ready: 1, total: 500, over: false }, 1],
    ["none ready", { ready: 0, total: 7, over: false }, 0],
    ["no pods", { ready: 0, total: 0, over: false }, 0],
    ["scaled to nothing", { ready: 0, total: 0, over: true }, 100],
  ])("share: %s", (_, pods, share) => {
    expect(shareInPlace(pods)).toBe(share);
  });
});
