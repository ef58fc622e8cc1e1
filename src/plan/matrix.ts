import { RolloutError } from "../errors/errors.ts";
import { routesCohort } from "../lib/strategies.ts";
import type { ChangeKind, EnvironmentName, Recommendation, StrategyOverride } from "../types/change.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { type ChangeRow, changeRows, environmentRows } from "./matrix-data.ts";

/** Every kind of change, in the order of the guide's matrix. */
export const changeKinds = Object.keys(changeRows) as readonly ChangeKind[];

/** Every environment, in the order of the guide's table. */
export const environmentNames: readonly EnvironmentName[] = ["dev", "test", "staging", "prod"];

const environmentOfPreset: Readonly<Record<EnvironmentPolicy["preset"], EnvironmentName>> = {
  development: "dev",
  test: "test",
  staging: "staging",
  production: "prod",
  hotfix: "prod",
};

/** The guide's environment of a preset. */
export function environmentOf(preset: EnvironmentPolicy["preset"]): EnvironmentName {
  return environmentOfPreset[preset];
}

export interface RecommendOptions {
  /** Absent: the environment's own strategy. */
  readonly change?: ChangeKind;
  readonly environment: EnvironmentName;
  /** An explicit strategy. Equal to the picked one it changes nothing; else its reason must not be empty. */
  readonly override?: StrategyOverride;
}

/**
 * The change picks the strategy; the environment gives approvals, watch, window, revert policy and promotions, and
 * its own strategy only where no change is named. A hotfix in prod takes the guide's hotfix row instead of prod's;
 * elsewhere it goes out directly under that environment's terms. An explicit strategy overrides with its reason.
 * Pure. Throws `override-reason-missing` (exit 2).
 */
export function recommend({ change, environment, override }: RecommendOptions): Recommendation {
  const terms = environmentRows[change === "hotfix" && environment === "prod" ? "hotfix" : environment];
  const own = environmentRows[environment];
  const row = change === undefined ? strategyRow(own.strategy) : changeRows[change];
  const picked = {
    ...(change === undefined ? {} : { change }),
    ...row,
    scenario: change === undefined ? own.name : row.scenario,
    environment,
    approvals: terms.approvals,
    watch: watchOf(terms.watch, row.strategy),
    revert: terms.revert,
    window: terms.window,
    promotedIn: terms.promotedIn,
    reason:
      change === undefined
        ? `no change is named: ${own.name}'s own strategy is ${own.primaryStrategy}`
        : `the decision matrix gives ${row.scenario} the ${row.strategyName}`,
  };
  if (override === undefined || override.strategy === row.strategy) return picked;
  return overridden(picked, override, terms.watch);
}

function overridden(
  picked: Recommendation,
  { strategy, reason }: StrategyOverride,
  watch: Recommendation["watch"],
): Recommendation {
  const because = reason.trim();
  if (because === "") throw noReason(picked, strategy);
  const { carrier: _replaced, ...terms } = picked;
  const { scenario: _matrix, ...row } = strategyRow(strategy);
  return {
    ...terms,
    ...row,
    watch: watchOf(watch, strategy),
    reason: `${row.strategyName} instead of ${picked.strategyName}: ${because}`,
    overridden: { strategy: picked.strategy, reason: because },
  };
}

/** A watch per increment is one watch where a strategy has a single increment. */
function watchOf({ seconds, perIncrement }: Recommendation["watch"], strategy: StrategyKind) {
  return { seconds, perIncrement: perIncrement && routesCohort(strategy) };
}

/** What the matrix says of a strategy where no change is named. The guide's hotfix row is its row of `direct`. */
function strategyRow(strategy: StrategyKind): ChangeRow {
  if (strategy === "combined") {
    return {
      ...strategyRow("feature-flag"),
      strategyName: "Canary, then Feature Flag",
      useWhen: "New features over weeks",
    };
  }
  const row = Object.values(changeRows).find((one) => one.strategy === strategy);
  if (row === undefined) throw new Error(`the matrix has no row with the strategy ${strategy}`);
  if (strategy !== "direct") return row;
  return {
    ...row,
    strategyName: "Direct Deployment",
    trafficPattern: "100% at once",
    useWhen: "Development",
  };
}

/** The matrix's objective for the way back of a strategy, seconds: until no user meets the new version any more. */
export function rtoOf(strategy: StrategyKind): number {
  return strategyRow(strategy).rtoSeconds;
}

function noReason(picked: Recommendation, strategy: StrategyKind): RolloutError {
  return new RolloutError(
    `The strategy ${strategy} overrides ${picked.strategy}, which ${picked.reason}, without a reason.`,
    {
      code: "override-reason-missing",
      exit: "config",
      path: "--reason",
      hint: `Say why (--reason TEXT), or leave the strategy to the matrix: ${picked.strategy}.`,
    },
  );
}
