import { betaExposure, isFlagKind } from "../lib/strategies.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { PlanStep } from "../types/plan.ts";
import type { StepId } from "../types/release.ts";

const prefix = "flag-";

/** The step of a flag's own phases beside a service: those of the service have numbers too. */
export function flagStep(step: StepId): StepId {
  return `${prefix}${step}`;
}

/** Whether a step is one of the flag beside a service. */
export function isFlagStep(step: StepId): boolean {
  return step.startsWith(prefix);
}

/** A step of the flag beside a service, as the flag's own release has it. */
export function ofFlag(step: StepId): StepId {
  return isFlagStep(step) ? step.slice(prefix.length) : step;
}

/** Whether a step, or going back from it, moves the flag and not the service. */
export function movesFlag(steps: readonly PlanStep[], step: StepId): boolean {
  const first = steps.findIndex(({ kind }) => isFlagKind(kind));
  return first >= 0 && steps.findIndex(({ id }) => id === step) >= first;
}

/** The steps of a flag alone, by its own release: named tenants first, where there are any; then as its baseline. */
export function phaseSteps(
  { spec: { beta }, betaSoakSeconds }: FlagConfig,
  phases: readonly { readonly exposure: number; readonly soakSeconds: number }[],
): readonly PlanStep[] {
  const named = beta.users.length + beta.groups.length > 0;
  const first: readonly PlanStep[] = named
    ? [{ id: "beta", kind: "phase", exposure: betaExposure, ...watch(betaSoakSeconds) }]
    : [];
  const opened = phases.map(
    ({ exposure, soakSeconds }): PlanStep => ({
      id: String(exposure),
      kind: "phase",
      exposure,
      ...watch(soakSeconds),
    }),
  );
  return [...first, ...opened, { id: "settle", kind: "settle", exposure: 0 }];
}

/** The phases of a flag beside a service, once its code serves everybody. The dark step finds the flag's baseline. */
export function flagSteps(flag: FlagConfig): readonly PlanStep[] {
  const dark: PlanStep = { id: "dark", kind: "dark", exposure: 0, ...watch(flag.darkSeconds) };
  const steps = [dark, ...phaseSteps(flag, exposuresOfPhases(flag))];
  return steps.map((step) => ({ ...step, id: flagStep(step.id) }));
}

/** The phases as increments: exposure in percent. */
export function exposuresOfPhases({
  phases,
}: FlagConfig): readonly { readonly exposure: number; readonly soakSeconds: number }[] {
  return phases.map(({ percentage, soakSeconds }) => ({ exposure: percentage, soakSeconds }));
}

function watch(soakSeconds: number): { readonly soakSeconds?: number } {
  return soakSeconds === 0 ? {} : { soakSeconds };
}
