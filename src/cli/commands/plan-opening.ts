import { resolve } from "node:path";
import { readTenants } from "../../adapters/flags/tenants.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { TenantTraffic } from "../../plan/flag-cohort.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { StepId } from "../../types/release.ts";
import { cohortsOf } from "../flag-cohorts.ts";
import { type RefreshView, refreshView } from "../flag-refresh.ts";
import { stepLabel } from "../render/words.ts";

/** What the phases of a plan come to: `data.opening` of `plan --json`. */
export interface PlanOpening {
  readonly refresh: RefreshView;
  /** Absent: no file tells the tenants, or it isn't there. Names: `flag cohort`. */
  readonly phases?: readonly PhaseOpening[];
  readonly notes: readonly string[];
}

/** Tenants as counts, traffic in percent; absent where not every tenant's requests are counted. */
export interface PhaseOpening {
  readonly step: StepId;
  readonly tenants: number;
  readonly on: number;
  readonly enters: number;
  readonly onTraffic?: number;
  readonly entersTraffic?: number;
}

const chance =
  "by: percentage is random at each call and not sticky, and only .NET knows it: a tenant is in and out by turns";

/** Undefined for a plan that opens no flag. Throws `tenants-invalid` (exit 2). */
export async function openingOf(
  { flag: planned, steps }: Pick<RolloutPlan, "flag" | "steps">,
  { policy, projectDir }: { readonly policy: EnvironmentPolicy; readonly projectDir: string },
): Promise<PlanOpening | undefined> {
  const { flag } = policy;
  if (planned === undefined || flag === undefined) return undefined;
  const refresh = refreshView(flag.refreshSeconds);
  const random = flag.spec.by === "percentage" ? [chance] : [];
  const tenants = await tenantsAt(flag.tenants, projectDir);
  if (typeof tenants === "string") return { refresh, notes: [...random, tenants] };
  const opened = steps.filter(({ kind }) => kind === "phase");
  const cohorts = cohortsOf(flag.spec, opened, tenants);
  const phases = cohorts.map(({ on, enters, exposure: _, notes: _notes, ...rest }) => ({
    ...rest,
    on: on.length,
    enters: enters.length,
  }));
  const sizes =
    random.length > 0
      ? []
      : cohorts.flatMap(({ step, notes }) => notes.map((note) => `${stepLabel(step)}: ${note}`));
  return { refresh, phases, notes: [...random, ...sizes] };
}

/** The tenants, or why nobody knows them. */
async function tenantsAt(
  file: string | undefined,
  projectDir: string,
): Promise<readonly TenantTraffic[] | string> {
  if (file === undefined)
    return "no file names the tenants (rollout.flag.tenants): nobody can say who enters";
  try {
    return await readTenants(resolve(projectDir, file));
  } catch (error) {
    if (error instanceof RolloutError && error.code === "tenants-missing")
      return `${file} isn't there: nobody can say who enters, and \`run\` refuses to start without it`;
    throw error;
  }
}
