import type { Release, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
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
  if (record === undefined) return install(target);
  return record.candidate === undefined
    ? firstStep(record, target)
    : midRollout(record, record.candidate, target);
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
