import { RolloutError } from "../errors/errors.ts";
import { phasesOf } from "../plan/flag-phases.ts";
import { ofFlag } from "../plan/flag-steps.ts";
import type { FlagBy } from "../types/flag-config.ts";
import type { PlanStep } from "../types/plan.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { cohortsOf, type PhaseCohort } from "./flag-cohorts.ts";
import { type StackWithFlag, tenantsOf } from "./flag-stack.ts";
import { renderCohorts } from "./render/flag-cohort.ts";

/** `data` of `flag cohort --json`. */
export interface FlagCohortView {
  readonly stack: string;
  readonly flag: string;
  readonly by: FlagBy;
  /** The file that they are from. */
  readonly file: string;
  readonly tenants: number;
  readonly phases: readonly PhaseCohort[];
}

/** Who enters with each phase: config and the file of the tenants, and nothing else. */
export async function flagCohort(
  context: CommandContext,
  stack: StackWithFlag,
  at: string | undefined,
): Promise<CommandResult> {
  const { flag, at: place } = stack;
  const { policy } = place.config;
  const steps = phasesOf(flag, policy);
  const wanted = at === undefined ? undefined : phaseOf(at, steps);
  const tenants = await tenantsOf(stack);
  if (tenants === undefined || flag.tenants === undefined) throw noTenants(place.stack);
  const view: FlagCohortView = {
    stack: place.stack,
    flag: flag.spec.id,
    by: flag.spec.by,
    file: flag.tenants,
    tenants: tenants.length,
    phases: cohortsOf(flag.spec, steps, tenants).filter(
      ({ step }) => wanted === undefined || step === wanted,
    ),
  };
  return { data: view, text: renderCohorts(view, context) };
}

/** `25`, `beta` or the step's own name. */
function phaseOf(asked: string, steps: readonly PlanStep[]): string {
  const found = steps.find(({ id }) => id === asked || ofFlag(id) === asked.replace(/\s*%$/, ""));
  if (found !== undefined) return found.id;
  throw new RolloutError(`The flag has no phase ${JSON.stringify(asked)}.`, {
    code: "usage",
    exit: "config",
    path: "--at",
    hint: `Phases: ${steps.map(({ id }) => ofFlag(id)).join(", ")}.`,
  });
}

function noTenants(stack: string): RolloutError {
  return new RolloutError(`Pulumi.${stack}.yaml names no file of the tenants: nobody can say who enters.`, {
    code: "tenants-missing",
    exit: "config",
    path: "rollout.flag.tenants",
    hint: 'Write tenants: tenants.json, and there [{"id": "tenant-0001", "groups": ["beta-testers"], "requests": 1200}].',
  });
}
