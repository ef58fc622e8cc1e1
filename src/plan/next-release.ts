import type { Release, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import { isOff, nextFlagRelease, offStep } from "./flag-release.ts";
import { isFlagStep, ofFlag } from "./flag-steps.ts";
import { isFlag } from "./snapshots.ts";
import { firstStep, midRollout } from "./transitions.ts";

/** What is asked of the stack. */
export interface ReleaseTarget {
  /** The snapshot of the version that config asks for. */
  readonly desired: WorkloadSnapshot;
  /** A step of the plan, `revert`, or nothing: keep what is deployed. */
  readonly step?: StepId;
  /** Ids of the plan's steps, in order. */
  readonly steps: readonly StepId[];
  /** Ready replicas of stable: observed by the driver, else the program's own number. */
  readonly stableReplicas: number;
  /** The flag beside the service, as it is meant, and its steps. */
  readonly flag?: { readonly desired: WorkloadSnapshot; readonly steps: readonly StepId[] };
}

export type NextRelease =
  | {
      readonly ok: true;
      readonly release: Release;
      /** Exposure before and after, as a policy reads it. */
      readonly from: number;
      readonly to: number;
      /** For people: a pending version, an ignored step. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string };

/**
 * The one rule of how a stack's release moves, for the program and the driver alike. From a record it accepts
 * the record's own step, the next one of the plan, or `revert`; a step already passed, or left over from another
 * candidate, is ignored with a note; anything else is refused before a resource is registered. Pure.
 */
export function nextRelease(record: Release | undefined, target: ReleaseTarget): NextRelease {
  const { step, flag, ...code } = target;
  if (flag === undefined) return nextOf(record && withoutFlag(record), target);
  const back = step === "revert" && record?.candidate === undefined && record?.flag?.candidate !== undefined;
  const ofTheFlag = step !== undefined && (back || isFlagStep(step));
  // The phase that it is at, left over in config: it asks for nothing, of whatever code.
  const there = ofTheFlag && step === record?.flag?.step;
  if (ofTheFlag && !there) return nextPhase(record, { ...target, step, flag });
  const next = nextOf(record, there ? code : target);
  if (!next.ok) return next;
  // A flag that has come into the program since is made off; one that is there stays as it is.
  const beside = nextFlagRelease(record?.flag, flag);
  if (!beside.ok) return beside;
  const { release } = beside;
  // That a flag waits for its phases is no news in every update of the code.
  const news = isOff(release.stable) && release.candidate === undefined ? [] : beside.notes;
  return { ...next, release: { ...next.release, flag: release }, notes: [...next.notes, ...news] };
}

/**
 * One exact record as a program of today can render it: a flag that it knows nothing of is off, and one that is no
 * longer in the program is no longer in the record, or it would be made again as open as it once was.
 */
export function asRendered(release: Release, flag: ReleaseTarget["flag"]): Release {
  if (flag === undefined) return withoutFlag(release);
  if (release.flag !== undefined) return release;
  const made = nextFlagRelease(undefined, { desired: flag.desired, steps: flag.steps });
  return made.ok ? { ...release, flag: made.release } : release;
}

function withoutFlag(release: Release): Release {
  if (release.flag === undefined) return release;
  const { flag: _gone, ...rest } = release;
  return rest;
}

function nextOf(record: Release | undefined, target: ReleaseTarget): NextRelease {
  if (isFlag(target.desired.workload)) return nextFlagRelease(record, target);
  if (record === undefined) return install(target);
  return record.candidate === undefined
    ? firstStep(record, target)
    : midRollout(record, record.candidate, target);
}

/** A phase of the flag beside a service: only once its code serves everybody, and off at any time. */
function nextPhase(
  record: Release | undefined,
  { desired, step, flag }: ReleaseTarget & Required<Pick<ReleaseTarget, "step" | "flag">>,
): NextRelease {
  // Going back is one word, whatever it goes back from.
  const own = ofFlag(step) === "revert" || ofFlag(step) === offStep ? ofFlag(step) : step;
  const code = record?.candidate ?? (record?.stable.identity === desired.identity ? undefined : desired);
  if (record !== undefined && (code === undefined || own === offStep || own === "revert")) {
    const next = nextFlagRelease(record.flag, { ...flag, step: own });
    return next.ok ? { ...next, release: { ...record, flag: next.release } } : next;
  }
  return {
    ok: false,
    code: "step-refused",
    message: `Step ${step} is refused: the code of ${code?.version ?? desired.version} doesn't serve everybody yet, and the flag opens nothing without it.`,
    hint: "Finish the code's own steps first; the flag stays as it is until then.",
  };
}

function install({ desired, step }: ReleaseTarget): NextRelease {
  if (step !== undefined && step !== "install") {
    return {
      ok: false,
      code: "step-refused",
      message: `Step ${step} needs a version in service, and this stack has none.`,
      hint: "Install first: `pulumi config rm step && pulumi up`.",
    };
  }
  const release: Release = {
    schemaVersion: 1,
    stable: desired,
    exposure: 0,
    previousExposure: 0,
    step: "install",
  };
  return { ok: true, release, from: 0, to: 0, notes: [] };
}
