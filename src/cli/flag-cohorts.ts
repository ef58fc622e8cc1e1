import { betaExposure } from "../lib/strategies.ts";
import { type CohortPreview, previewCohort, type TenantTraffic } from "../plan/flag-cohort.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { PlanStep } from "../types/plan.ts";
import type { StepId } from "../types/release.ts";

/** Who a phase lets in. */
export interface PhaseCohort extends CohortPreview {
  readonly step: StepId;
  /** What to know before it: nobody enters, few tenants, chance. */
  readonly notes: readonly string[];
}

/** Tenants that a share has to come to on the average; below it the hash gives anything. */
const enough = 5;

/** The cohorts of a flag's phases, each beside the one before it. Pure. */
export function cohortsOf(
  spec: FlagSpec,
  steps: readonly PlanStep[],
  tenants: readonly TenantTraffic[],
): readonly PhaseCohort[] {
  // Whom the hash decides on: neither named nor excluded.
  const drawn = previewCohort(spec, tenants, { from: betaExposure, to: 100 }).enters.length;
  return steps.map(({ id, exposure = 0 }, index): PhaseCohort => {
    const cohort = previewCohort(spec, tenants, { from: steps[index - 1]?.exposure ?? 0, to: exposure });
    const notes = spec.by === "percentage" ? chance(exposure) : sizeNotes(cohort, drawn);
    return { ...cohort, step: id, notes };
  });
}

function chance(exposure: number): readonly string[] {
  if (exposure === betaExposure) return [];
  return ["chance at each call: nobody can be named, and a tenant is in and out by turns"];
}

function sizeNotes({ exposure, enters, tenants }: CohortPreview, drawn: number): readonly string[] {
  const nobody = enters.length === 0 ? ["it lets nobody in whom the phase before it didn't"] : [];
  const mean = (drawn * exposure) / 100;
  if (exposure === betaExposure || exposure === 100 || mean >= enough) return nobody;
  const { least, most } = usualRange(drawn, exposure / 100);
  const of = drawn === tenants ? `${tenants} tenants` : `the ${drawn} tenants that aren't named`;
  return [
    ...nobody,
    `${exposure} % of ${of} is ${round(mean)} on the average: by hash anything from ${least} to ${most} is usual`,
  ];
}

/** What 95 of 100 flags would give: how many of `n` are in where each is with `share`. For small means: it starts at none. */
export function usualRange(n: number, share: number): { readonly least: number; readonly most: number } {
  let below = 0;
  let least: number | undefined;
  for (let count = 0, chanceOf = (1 - share) ** n; count <= n; count++) {
    below += chanceOf;
    if (least === undefined && below > 0.025) least = count;
    if (below >= 0.975) return { least: least ?? count, most: count };
    chanceOf *= ((n - count) / (count + 1)) * (share / (1 - share));
  }
  return { least: least ?? n, most: n };
}

function round(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}
