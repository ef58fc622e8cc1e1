import { sha256, stableJson } from "../lib/stable-json.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { FlagRelease, Release, StepId } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import type { NextRelease } from "./next-release.ts";
import { flagSpec } from "./snapshots.ts";
import { baselineOf, firstStep, midRollout } from "./transitions.ts";

/** Version of a flag that is on for nobody. */
const off = "off";

/** The step that takes a flag away from everybody, from wherever it is. */
export const offStep = "off";

/** A definition as a version of its flag. The same definition is the same version, whatever code it comes with. */
export function flagSnapshot(version: string, spec: FlagSpec): WorkloadSnapshot {
  return { version, identity: identityOf(spec), workload: spec };
}

/** The same definition, on for nobody. */
export function offSnapshot(spec: FlagSpec): WorkloadSnapshot {
  return { version: off, identity: `${off}+${identityOf(spec)}`, workload: spec };
}

function identityOf(spec: FlagSpec): string {
  return `${spec.id}+${sha256(stableJson(spec)).slice(0, 16)}`;
}

/** Whether a snapshot is a flag on for nobody. */
export function isOff({ version, identity }: WorkloadSnapshot): boolean {
  return version === off && identity.startsWith(`${off}+`);
}

/** What is asked of a flag. */
export interface FlagTarget {
  readonly desired: WorkloadSnapshot;
  /** A phase, `settle`, `off`, `revert`, or nothing: keep what is there. */
  readonly step?: StepId;
  readonly steps: readonly StepId[];
}

/**
 * How a flag's release moves: as every release does, but that it is made off, can be taken away at any step (`off`), and
 * is never opened over another definition that is on for everybody. Another id is another flag: it comes in place of one
 * that is off. Pure. Throws `record-other-kind` on a record of anything but a flag.
 */
export function nextFlagRelease(record: FlagRelease | undefined, target: FlagTarget): NextRelease {
  const { desired, step } = target;
  if (record === undefined) return install(target);
  const { id } = flagSpec(record.stable);
  const settledOff = record.candidate === undefined && isOff(record.stable);
  if (settledOff && id !== flagSpec(desired).id) return install(target);
  if (step === offStep) return switchOff(record);
  if (record.candidate !== undefined)
    return midRollout(record, record.candidate, { ...target, stableReplicas: 0 });
  if (isOff(record.stable) || desired.identity === record.stable.identity)
    return firstStep(record, { ...target, stableReplicas: 0 });
  if (step === undefined || step === record.step) {
    return {
      ok: true,
      release: record,
      from: 0,
      to: 0,
      notes: [`The definition of ${id} has changed: ${id} is on as it was until it is off.`],
    };
  }
  return {
    ok: false,
    code: "flag-is-on",
    message: `${id} is on for everybody, by another definition: a phase would take it from them.`,
    hint: `\`rollouts flag off ${id}\` first; then the phases open it anew.`,
  };
}

/** The code comes with its feature switched off: a first install gives it to nobody. */
function install({ desired, step }: FlagTarget): NextRelease {
  if (step !== undefined && step !== "install" && step !== offStep) {
    return {
      ok: false,
      code: "step-refused",
      message: `Step ${step} needs the flag, and this stack has none yet.`,
      hint: "Make it first, off: `pulumi config rm step && pulumi up`.",
    };
  }
  return settledAt({ stable: offSnapshot(flagSpec(desired)), step: "install" });
}

/** Off, as its own baseline: where a phase is open, the record from before it; else a record of its own. */
function switchOff(record: FlagRelease): NextRelease {
  if (record.candidate !== undefined && isOff(record.stable)) {
    const release = { ...baselineOf(record), step: offStep };
    return { ok: true, release, from: record.exposure, to: 0, notes: [] };
  }
  if (record.candidate === undefined && isOff(record.stable))
    return { ok: true, release: record, from: 0, to: 0, notes: [] };
  return settledAt({ stable: offSnapshot(flagSpec(record.stable)), step: offStep });
}

function settledAt({ stable, step }: Pick<Release, "stable" | "step">): Extract<NextRelease, { ok: true }> {
  const release: Release = { schemaVersion: 1, stable, exposure: 0, previousExposure: 0, step };
  return { ok: true, release, from: 0, to: 0, notes: [] };
}
