import type { Outcome } from "../../src/driver/outcome.ts";
import { type RunOptions, runRollout } from "../../src/driver/run.ts";
import type { Totals } from "../../src/ports/gauge.ts";
import type { SloLimits } from "../../src/types/gates.ts";
import type { RolloutPlan } from "../../src/types/plan.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aPolicy } from "./builders.ts";
import { aDriver } from "./drive.ts";
import { createMemoryTotals } from "./memory-totals.ts";
import { createStart } from "./start-world.ts";

export const slo: SloLimits = {
  availabilityPercent: 99.9,
  resolveWithinSeconds: 600,
  window: "rolling-30d",
};

/** Failures that leave so much of the budget: of 5 requests a second for 30 days 12,960 may fail. */
export const failed = {
  justAbove50: 6479,
  exactly50: 6480,
  exactly20: 10_368,
  justBelow20: 10_369,
  exactly0: 12_960,
  justBelow0: 12_961,
} as const;

const day = 86_400_000;

/** A driver of a stack that promises 99.9 %, with totals in memory and people who can be asked. */
export function onBudget(
  options: {
    readonly policy?: Partial<EnvironmentPolicy>;
    readonly window?: SloLimits["window"];
    readonly installed?: string | null;
  } = {},
) {
  const { gates } = aPolicy();
  const window = options.window ?? slo.window;
  const policy = { gates: { ...gates, slo: { ...slo, window } }, ...options.policy };
  const driver = aDriver({
    policy,
    ...(options.installed === undefined ? {} : { installed: options.installed }),
  });
  const totals = createMemoryTotals();
  const asked = createStart();
  const now = () => driver.clock.now();
  const run = (more: Partial<RunOptions> = {}, source: Totals | undefined = totals) =>
    runRollout(
      { ...driver.deps, start: asked.start, ...(source === undefined ? {} : { totals: source }) },
      { version: "1.2.4", holder: "test", ...more },
    );
  return {
    ...driver,
    ...asked,
    totals,
    now,
    run,
    /** Failed ten days ago: in the budget, in no burn rate. */
    spend: (bad: number) => totals.fail(bad, now() - 10 * day),
    /** People approve what a run was blocked for. */
    agree: (outcome: Outcome, people: readonly string[]) => {
      const subject = { stack: "prod", version: "1.2.4", planHash: outcome.planHash ?? "none" };
      for (const id of people) asked.approve(id, subject, now());
    },
    /** Of the last rollout that began. */
    plan: () => driver.entries().findLast(({ kind }) => kind === "begin")?.data["plan"] as RolloutPlan,
    /** What the check before the start has written down. */
    checked: () => driver.entries().flatMap(({ data }) => (data["budget"] ? [Object(data["budget"])] : [])),
  };
}
