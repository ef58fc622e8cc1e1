import { betaExposure } from "../../lib/strategies.ts";
import type { FlagBy } from "../../types/flag-config.ts";
import type { PlanStep, RolloutPlan } from "../../types/plan.ts";
import type { Origin } from "../../types/policy.ts";
import type { PlanOpening } from "../commands/plan-opening.ts";
import { refreshTexts } from "../flag-refresh.ts";
import { origin } from "./plan-gates.ts";

type Planned = RolloutPlan & { readonly origins?: Readonly<Record<string, Origin>> };

/** What the exposures of a plan are shares of. */
export function shareHead({ steps }: RolloutPlan): string {
  const has = (kind: PlanStep["kind"]) => steps.some((step) => step.kind === kind);
  if (has("move")) return "moved";
  if (!has("phase")) return "traffic";
  return has("increment") ? "share" : "tenants";
}

/** `25 %`; a flag's named tenants are no share. */
export function shareCell({ kind, exposure }: PlanStep): string {
  if (exposure === undefined) return "";
  return (kind === "phase" && exposure === betaExposure ? "beta" : `${exposure} %`).padStart(7);
}

/** Who enters with a phase, where somebody knows. */
export function entersText({ id }: PlanStep, opening: PlanOpening | undefined): string {
  const phase = opening?.phases?.find(({ step }) => step === id);
  if (phase === undefined) return "";
  const { enters, tenants, entersTraffic } = phase;
  const traffic = entersTraffic === undefined ? "" : ` (${entersTraffic.toFixed(1)} % of the traffic)`;
  return `, lets in ${enters} of ${tenants} tenants${traffic}`;
}

/** Where a phase's numbers come from. */
export function phaseOrigin({ id, exposure }: PlanStep, plan: Planned): string {
  if (exposure === betaExposure) return origin(plan, ["flag.betaSoakSeconds"]);
  const shares = plan.steps.filter((step) => step.kind === "phase" && step.exposure !== betaExposure);
  const at = `flag.phases[${shares.findIndex((step) => step.id === id)}]`;
  return origin(plan, [`${at}.percentage`, `${at}.soakSeconds`]);
}

const ways: Readonly<Record<FlagBy, string>> = {
  targeting: "by tenant: each phase keeps those before it",
  variant: "by tenant, as a variant: each phase keeps those before it, and both sides are compared",
  percentage: "by chance at each call: no phase keeps anybody",
};

/** The flag that is opened, and how soon it is off wherever it is read. */
export function flagRows(plan: Planned, opening: PlanOpening | undefined): readonly (readonly string[])[] {
  const { flag } = plan;
  if (flag === undefined || opening === undefined) return [];
  const [first = "", ...more] = refreshTexts(opening.refresh);
  return [
    ["  ", "flag", `${flag.id}, ${ways[flag.by]}`, origin(plan, ["flag.spec"])],
    ["  ", "refresh", first, origin(plan, ["flag.refreshSeconds"])],
    ...more.map((text) => ["  ", "", text, ""]),
  ];
}
