import { isInFlight, lastRollout, type Recorded } from "../driver/resume.ts";
import { sha256, stableJson } from "../lib/stable-json.ts";
import { flagDifferences } from "../plan/flag-differences.ts";
import type { RawFlag } from "../plan/flag-json.ts";
import { isFlagStep, ofFlag } from "../plan/flag-steps.ts";
import { flagAt } from "../plan/render-flag.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { StepId } from "../types/release.ts";

/** How far the stack meant the flag to be open, by its journal alone. */
export interface MeantFlag {
  /** Percent; absent: it is being written, or its way back did not verify. */
  readonly exposure?: number;
  readonly version: string;
  readonly step: StepId;
  /** Whether a rollout is under way there, or held. */
  readonly inFlight: boolean;
  /** Of the definition that it was planned with. */
  readonly sha256: string;
}

/** An emergency off that the journal tells. */
export interface RecordedOff {
  readonly flag: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, wall clock. */
  readonly at: string;
  /** As the stack followed; absent: it broke off. */
  readonly outcome?: string;
  readonly seq: number;
}

/** Every emergency off of a journal, in order. Pure. */
export function offsIn(entries: readonly JournalEntry[]): readonly RecordedOff[] {
  return entries.flatMap(({ kind, data, rolloutId, wallAt, seq }) => {
    if (kind !== "intent" || data["effect"] !== "flag-off") return [];
    const { flag, by, reason, at } = Object(data["off"]);
    const done = entries.find(
      (one) =>
        one.rolloutId === rolloutId &&
        one.seq > seq &&
        one.kind === "effect" &&
        one.data["effect"] === "flag-off",
    );
    const outcome = done === undefined ? {} : { outcome: String(done.data["outcome"]) };
    return [
      {
        flag: String(flag),
        by: String(by),
        reason: String(reason),
        at: String(at ?? wallAt),
        ...outcome,
        seq,
      },
    ];
  });
}

/** The emergency that came after the last rollout began; undefined: none, or the flag was opened since. Pure. */
export function lastOff(entries: readonly JournalEntry[], flag: string): RecordedOff | undefined {
  const begin = entries.findLast(({ kind }) => kind === "begin")?.seq ?? 0;
  const on =
    entries.findLast(({ kind, data }) => kind === "effect" && data["effect"] === "flag-on")?.seq ?? 0;
  return offsIn(entries).findLast((off) => off.flag === flag && off.seq > Math.max(begin, on));
}

/**
 * The last rollout that moved the flag: what its plan and step say of it, or that an emergency closed it since.
 * Undefined: no rollout of the journal has. Pure.
 */
export function meantFlag(entries: readonly JournalEntry[], flag: string): MeantFlag | undefined {
  const off = offsIn(entries).findLast((one) => one.flag === flag && one.outcome === "switched-off");
  for (let rest = entries; ; ) {
    const last = lastRollout(rest);
    if (last === undefined) return undefined;
    const begin = rest.findLast(({ kind }) => kind === "begin");
    const plan = last.plan.flag;
    if (plan?.id === flag && last.state.name !== "blocked") {
      const closed = off !== undefined && off.seq > (begin?.seq ?? 0);
      const exposure = closed ? 0 : exposureOf(last);
      return {
        ...(exposure === undefined ? {} : { exposure }),
        version: last.plan.to,
        step: closed ? "off" : last.state.step,
        inFlight: !closed && isInFlight(last),
        sha256: plan.sha256,
      };
    }
    rest = entries.filter(({ seq }) => seq < (begin?.seq ?? 0));
  }
}

function exposureOf({ plan, state, ended }: Recorded): number | undefined {
  const name = state.heldFrom ?? state.name;
  if (name === "revert-failed") return undefined;
  if (ended === "promoted" || name === "completed") return 100;
  if (name === "reverted" || name.startsWith("reverting-")) return 0;
  const step = plan.steps.find(({ id }) => id === state.step);
  if (step?.kind === "settle" && (isFlagStep(step.id) || ofFlag(step.id) === "settle")) return 100;
  if (step?.kind !== "phase") return 0;
  return name === "applying" ? undefined : step.exposure;
}

/**
 * How the flag differs from what the stack meant, as far as the journal tells: all of it where the definition is still
 * the one that was planned. Undefined: it doesn't tell.
 */
export function differsFromMeant(
  there: { readonly flag: RawFlag; readonly exposure: number },
  meant: MeantFlag,
  spec: FlagSpec,
): readonly string[] | undefined {
  if (meant.exposure === undefined) return undefined;
  if (sha256(stableJson(spec)) === meant.sha256)
    return flagDifferences(there.flag, flagAt(spec, meant.exposure));
  const said = there.exposure === meant.exposure ? [] : [`it is open to another share of the tenants`];
  return [...said, "its definition in config has changed since it was planned: the rest isn't compared"];
}
