import { describe, expect, it } from "vitest";
import {
  acrossStacks,
  checkPromotions,
  defaultPromotionRule,
  type Promotion,
} from "../../../src/analysis/promotions.ts";
import { snapshotOf } from "../../../src/plan/identity.ts";
import { aWorkload } from "../../support/builders.ts";

const now = Date.parse("2026-01-15T10:00:00Z");
const day = 86_400_000;
const promoted = (stack: string, daysAgo: number, identity = "sha256:aa"): Promotion => ({
  stack,
  identity,
  atMs: now - daysAgo * day,
});
const check = (promotions: readonly Promotion[], change?: "hotfix" | "new-feature") =>
  checkPromotions({
    rule: defaultPromotionRule,
    identity: "sha256:aa",
    promotions,
    now,
    ...(change === undefined ? {} : { change }),
  });

describe("promotions before prod", () => {
  it.each([
    ["in both, lately", [promoted("test", 3), promoted("staging", 1)]],
    ["exactly 14 days ago", [promoted("test", 14), promoted("staging", 14)]],
    ["too long ago, and again since", [promoted("test", 30), promoted("test", 2), promoted("staging", 1)]],
    [
      "others came since: this one was there",
      [promoted("test", 3), promoted("test", 1, "sha256:bb"), promoted("staging", 2)],
    ],
  ])("lets through: %s", (_, promotions) => {
    expect(check(promotions)).toMatchObject({
      ok: true,
      missing: [],
      message: "promoted in test and staging",
    });
  });

  it.each([
    ["nothing anywhere", [], { test: "never", staging: "never" }],
    ["not in test", [promoted("staging", 1)], { test: "never" }],
    [
      "another identity in staging",
      [promoted("test", 1), promoted("staging", 1, "sha256:bb")],
      { staging: "never" },
    ],
    [
      "a ms more than 14 days ago",
      [promoted("test", 14 + 1 / day), promoted("staging", 1)],
      { test: "too-old" },
    ],
    ["in the future", [promoted("test", -1), promoted("staging", 1)], { test: "never" }],
    ["in prod itself", [promoted("prod", 1), promoted("test", 1)], { staging: "never" }],
  ])("blocks: %s", (_, promotions, missing) => {
    const verdict = check(promotions);
    expect(verdict.ok).toBe(false);
    expect(Object.fromEntries(verdict.missing.map(({ stack, why }) => [stack, why]))).toEqual(missing);
  });

  it("says what is there instead", () => {
    const { message } = check([promoted("test", 20), promoted("staging", 1, "sha256:bb")]);
    expect(message).toBe(
      "sha256:aa was promoted in test 20 days ago, and 14 days is the limit; sha256:aa was never promoted in staging (last there: sha256:bb)",
    );
  });

  it("finds the newest of each stack", () => {
    const { found } = check([promoted("test", 5), promoted("test", 2), promoted("staging", 1)]);
    expect(found.map(({ atMs }) => (now - atMs) / day)).toEqual([2, 1]);
  });

  it("lets a hotfix through and says so", () => {
    expect(check([], "hotfix")).toMatchObject({ ok: true, exempt: true, missing: [{}, {}] });
    expect(check([], "new-feature").ok).toBe(false);
  });
});

it("the identity over stacks is the image's: its config differs from stack to stack", () => {
  const spec = aWorkload({ tag: "1.2.4" });
  const inProd = snapshotOf({ version: "1.2.4", workload: spec }).identity;
  const inTest = snapshotOf({ version: "1.2.4", workload: { ...spec, config: { LEVEL: "debug" } } }).identity;
  expect(inProd).not.toBe(inTest);
  expect([acrossStacks(inProd), acrossStacks(inTest), acrossStacks("1.2.4")]).toEqual([
    "1.2.4",
    "1.2.4",
    "1.2.4",
  ]);
});
