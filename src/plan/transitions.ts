import { betaExposure } from "../lib/strategies.ts";
import type { Release, RolloutOrigin, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import { ofFlag } from "./flag-steps.ts";
import type { NextRelease, ReleaseTarget } from "./next-release.ts";
import { isPoolStep, shareOf } from "./pools.ts";

/** From a settled record (no candidate): stay, or take the first step. */
export function firstStep(record: Release, target: ReleaseTarget): NextRelease {
  const { desired, step, steps } = target;
  const first = steps[0];
  if (desired.identity === record.stable.identity) {
    const stale = step !== undefined && step !== record.step;
    return keep(
      record,
      stale ? [`Step ${step} is ignored: ${desired.version} is in service and nothing is rolling out.`] : [],
    );
  }
  const pending = `Version ${desired.version} is pending: ${record.stable.version} stays in service until the first step, \`pulumi config set step ${first}\`.`;
  // The first step before the record's own: after a rollout in one step they are the same word.
  if (step === undefined || (step === record.step && step !== first)) return keep(record, [pending]);
  if (step === "revert") return keep(record, [`Step revert is ignored: nothing is rolling out.`, pending]);
  if (step !== first) return refused(step, `the first step of ${desired.version} is ${first}`, first);
  // A plan of one step has no watch: the version is the baseline at once.
  if (steps.length === 1) {
    return { ok: true, release: { ...record, stable: desired, step }, from: 0, to: 0, notes: [] };
  }
  const release: Release = {
    schemaVersion: 1,
    stable: record.stable,
    candidate: desired,
    exposure: exposureOf(step, 0, steps),
    previousExposure: record.exposure,
    step,
    rollout: {
      baselineStep: record.step,
      baselinePreviousExposure: record.previousExposure,
      stableReplicas: target.stableReplicas,
    },
  };
  return { ok: true, release, from: record.exposure, to: release.exposure, notes: [] };
}

/** With a candidate in the stack: its own step again, the next one, or back. */
export function midRollout(record: Release, candidate: WorkloadSnapshot, target: ReleaseTarget): NextRelease {
  const { desired, step, steps } = target;
  const changed = strategyChanged(record, candidate, target);
  if (changed !== undefined) return changed;
  if (desired.identity !== candidate.identity) return otherVersion(record, candidate, target);
  if (step === undefined || step === record.step) return keep(record, []);
  if (step === "revert") return revert(record, candidate);
  const position = steps.indexOf(record.step);
  const wanted = steps.indexOf(step);
  // A record at `revert` (weight taken off, candidate still there) goes back, or starts again at the first step.
  const next = steps[position + 1];
  if (step === next) return advance(record, candidate, { step, steps });
  if (wanted >= 0 && wanted < position) {
    return keep(record, [`Step ${step} is ignored: ${candidate.version} is already at ${record.step}.`]);
  }
  return refused(step, `${candidate.version} is at ${record.step}; the next step is ${next ?? "none"}`, next);
}

/** A candidate beside stable can't be rendered in stable's place, nor the other way round: not even to keep it. */
function strategyChanged(
  { step: at, stable }: Release,
  candidate: WorkloadSnapshot,
  { desired, step, steps }: ReleaseTarget,
): NextRelease | undefined {
  const back = step === "revert" || desired.identity === stable.identity;
  const [first = at] = steps;
  if (back || at === "revert" || familyOf(at, steps) === familyOf(first, steps)) return undefined;
  return {
    ok: false,
    code: "strategy-changed",
    message: `${candidate.version} is at step ${at}, and the strategy has changed: its first step is ${first} now.`,
    hint: "Put the strategy back and finish, or take it back: `pulumi config set step revert && pulumi up`.",
  };
}

function isReplacing(step: StepId): boolean {
  return step === "roll" || step === "direct";
}

/** Strategies that render a candidate alike and count their steps alike. */
function familyOf(step: StepId, steps: readonly StepId[]): string {
  if (isReplacing(step)) return "in-place";
  if (isPoolStep(step)) return "node-pools";
  if (step === "stage" || step === "swap") return "blue-green";
  // A promotion is the same wherever a plan has it.
  return step.startsWith("promote-") && steps.includes(step) ? familyOf(steps[0] ?? "", []) : "canary";
}

/** Config asks for neither the record nor its candidate, or for stable again. */
function otherVersion(
  record: Release,
  candidate: WorkloadSnapshot,
  { desired, step }: ReleaseTarget,
): NextRelease {
  if (step === "revert" || desired.identity === record.stable.identity) return revert(record, candidate);
  const busy = `${candidate.version} is at step ${record.step}`;
  if (step === undefined || step === record.step) {
    return keep(record, [
      `Version ${desired.version} is pending: ${busy} and is finished or reverted first.`,
    ]);
  }
  return {
    ok: false,
    code: "step-refused",
    message: `Step ${step} of ${desired.version} is refused: ${busy}.`,
    hint: `Finish ${candidate.version}, or take it back: \`pulumi config set step revert && pulumi up\`.`,
  };
}

function advance(
  record: Release,
  candidate: WorkloadSnapshot,
  { step, steps }: { readonly step: StepId; readonly steps: readonly StepId[] },
): NextRelease {
  const to = exposureOf(step, record.exposure, steps);
  const base: Release = { ...record, exposure: to, previousExposure: record.exposure, step };
  const from = record.exposure;
  if (step === "promote-stable")
    return { ok: true, release: { ...base, stable: candidate }, from, to, notes: [] };
  const settles = ofFlag(step) === "settle";
  if (step !== "promote-clean" && !settles) return { ok: true, release: base, from, to, notes: [] };
  const { candidate: _gone, rollout: _over, ...rest } = base;
  // Settled records have one shape, whatever led to them: a second update must find nothing to change.
  const settled: Release = { ...rest, stable: candidate, previousExposure: 0 };
  return { ok: true, release: settled, from: settles ? 0 : from, to, notes: [] };
}

/** Straight back to the record that the rollout started from, to the letter. */
function revert(record: Release, candidate: WorkloadSnapshot): NextRelease {
  if (record.stable.identity === candidate.identity) {
    return {
      ok: false,
      code: "revert-refused",
      message: `There is nothing to go back to: at ${record.step}, ${candidate.version} is the new baseline.`,
      hint: `Finish the promotion; going back to an older version is a rollout of its own.`,
    };
  }
  return { ok: true, release: baselineOf(record), from: record.exposure, to: 0, notes: [] };
}

/** The record before the rollout that `record` is in the middle of. */
export function baselineOf(record: Release): Release {
  const { candidate: _candidate, rollout, ...rest } = record;
  const origin: RolloutOrigin = rollout ?? {
    baselineStep: record.step,
    baselinePreviousExposure: 0,
    stableReplicas: 0,
  };
  return {
    ...rest,
    exposure: 0,
    previousExposure: origin.baselinePreviousExposure,
    step: origin.baselineStep,
  };
}

function keep(record: Release, notes: readonly string[]): NextRelease {
  return { ok: true, release: record, from: record.previousExposure, to: record.exposure, notes };
}

function refused(step: StepId, rule: string, next: StepId | undefined): NextRelease {
  return {
    ok: false,
    code: "step-refused",
    message: `Step ${step} is refused: ${rule}.`,
    hint:
      next === undefined
        ? "`pulumi config rm step`."
        : `\`pulumi config set step ${next}\`, or \`pulumi config rm step\` to keep what is deployed.`,
  };
}

/** Exposure that a step means: an increment is its own number, pools count, promotions follow from their kind. */
function exposureOf(id: StepId, present: number, steps: readonly StepId[]): number {
  const step = ofFlag(id);
  if (["stage", "promote-switch", "promote-clean", "settle"].includes(step)) return 0;
  if (isReplacing(step) || step === "swap") return 100;
  if (step === "promote-stable") return present;
  if (step === "beta") return betaExposure;
  if (isPoolStep(step)) {
    const pools = steps.filter(isPoolStep);
    return shareOf(pools.indexOf(step) + 1, pools.length);
  }
  return Number(step);
}
