import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { presets } from "../../../src/config/presets.ts";
import { changeKinds, environmentNames, recommend } from "../../../src/plan/matrix.ts";
import { changeRows, environmentRows, revertWords } from "../../../src/plan/matrix-data.ts";
import type { ChangeKind, EnvironmentName } from "../../../src/types/change.ts";
import type { StrategyKind } from "../../../src/types/plan.ts";

const strategies: Record<ChangeKind, StrategyKind> = {
  "new-feature": "canary",
  "bug-fix": "rolling",
  "major-version": "blue-green",
  hotfix: "direct",
  infrastructure: "rolling",
  "breaking-api": "feature-flag",
};
const everything = changeKinds.flatMap((change) =>
  environmentNames.map((environment) => ({ change, environment })),
);

describe("the matrix", () => {
  it.each(everything)(
    "$change in $environment: the change picks, the environment gives the terms",
    (asked) => {
      const one = recommend(asked);
      const own = environmentRows[asked.environment];
      expect(one.strategy).toBe(strategies[asked.change]);
      expect(one.reason).toContain(one.scenario);
      if (asked.change === "hotfix" && asked.environment === "prod") return;
      expect(one).toMatchObject({ approvals: own.approvals, revert: own.revert, window: own.window });
      expect(one.watch.seconds).toBe(own.watch.seconds);
      expect(one.promotedIn).toEqual(asked.environment === "prod" ? ["test", "staging"] : []);
    },
  );

  it("a hotfix of prod: two at once, no CAB, no window, no promotions, back on any error", () => {
    expect(recommend({ change: "hotfix", environment: "prod" })).toMatchObject({
      strategy: "direct",
      approvals: { required: 2, cab: false, expedited: true },
      watch: { seconds: 1800, perIncrement: false },
      revert: "on-any-error",
      window: "exempt",
      promotedIn: [],
      rtoSeconds: 120,
    });
  });

  it.each<[EnvironmentName, StrategyKind]>([
    ["dev", "direct"],
    ["test", "rolling"],
    ["staging", "blue-green"],
    ["prod", "canary"],
  ])("without a change %s has its own strategy, %s", (environment, strategy) => {
    const one = recommend({ environment });
    expect(one).toMatchObject({ strategy, scenario: environmentRows[environment].name });
    expect(one.change).toBeUndefined();
    expect(one.reason).toContain("no change is named");
  });

  it("watches a single increment once, and several each", () => {
    const perIncrement = (change: ChangeKind) =>
      recommend({ change, environment: "prod" }).watch.perIncrement;
    expect(changeKinds.filter(perIncrement)).toEqual(["new-feature", "breaking-api"]);
  });

  it("a breaking API goes out dark by a canary, and is switched on by its flag", () => {
    expect(recommend({ change: "breaking-api", environment: "prod" })).toMatchObject({
      strategy: "feature-flag",
      carrier: "canary",
      rtoSeconds: 10,
    });
  });
});

describe("an explicit strategy", () => {
  it("overrides with its reason, and keeps the environment's terms", () => {
    const override = { strategy: "canary" as const, reason: "the schema is unchanged" };
    const one = recommend({ change: "major-version", environment: "prod", override });
    expect(one).toMatchObject({
      scenario: "Major Version Upgrade",
      strategy: "canary",
      trafficPattern: "5% → 20% → 50% → 100%",
      rtoSeconds: 60,
      watch: { seconds: 900, perIncrement: true },
      approvals: { required: 2, cab: true },
      overridden: { strategy: "blue-green", reason: "the schema is unchanged" },
      reason: "Canary Deployment instead of Blue-Green Swap: the schema is unchanged",
    });
  });

  it("leaves no carrier of the strategy that it replaces", () => {
    const override = { strategy: "rolling" as const, reason: "internal API" };
    expect(recommend({ change: "breaking-api", environment: "prod", override }).carrier).toBeUndefined();
  });

  it("that is the picked one changes nothing", () => {
    const asked = { change: "bug-fix", environment: "prod" } as const;
    expect(recommend({ ...asked, override: { strategy: "rolling", reason: "x" } })).toEqual(recommend(asked));
  });

  it.each(["", "  "])("is refused without a reason (%j)", (reason) => {
    const asked = {
      change: "bug-fix",
      environment: "prod",
      override: { strategy: "canary", reason },
    } as const;
    expect(() => recommend(asked)).toThrow(
      expect.objectContaining({ code: "override-reason-missing", exit: "config" }),
    );
  });
});

describe("the guide's tables", () => {
  it("agree with the presets of config", () => {
    const pairs = [
      ["dev", "development"],
      ["test", "test"],
      ["staging", "staging"],
      ["prod", "production"],
      ["hotfix", "hotfix"],
    ] as const;
    for (const [row, preset] of pairs) {
      const { strategy, approvals, watch } = environmentRows[row];
      expect({ strategy, approvals, soakSeconds: watch.seconds }).toEqual({
        strategy: presets[preset].strategy,
        approvals: presets[preset].approvals,
        soakSeconds: presets[preset].soakSeconds,
      });
    }
  });

  it("stand in docs/strategies.md word for word", () => {
    const page = readFileSync(new URL("../../../docs/strategies.md", import.meta.url), "utf8");
    for (const row of Object.values(changeRows)) {
      const { scenario, strategyName, trafficPattern, rollback, useWhen } = row;
      expect(page).toContain(
        `| ${scenario} | ${strategyName} | ${trafficPattern} | ${rollback} | ${useWhen} |`,
      );
    }
    for (const row of Object.values(environmentRows)) {
      const { name, primaryStrategy, approvalWords, watchWords, revert } = row;
      expect(page).toContain(
        `| ${name} | ${primaryStrategy} | ${approvalWords} | ${watchWords} | ${revertWords[revert]} |`,
      );
    }
  });
});
