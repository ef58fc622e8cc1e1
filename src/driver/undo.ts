import { initialState } from "../decide/reduce.ts";
import { RolloutError } from "../errors/errors.ts";
import { messageOf } from "../lib/error-message.ts";
import { stableJson } from "../lib/stable-json.ts";
import { buildPlan, planHash } from "../plan/build-plan.ts";
import { serviceSpec } from "../plan/snapshots.ts";
import type { Revisions } from "../ports/revisions.ts";
import type { Concern } from "../types/concern.ts";
import type { Release } from "../types/release.ts";
import type { StateName } from "../types/state.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import { type EffectResult, noEffect } from "./effect.ts";
import { keepLease, type LeaseKeeper } from "./lease-keeper.ts";
import type { SaidInEntry } from "./message-said.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { outcomeOf } from "./outcome.ts";
import { pullLever, restoreBaseline, stackToZero } from "./revert.ts";
import { newRolloutId } from "./rollout-id.ts";
import { type DriverDeps, journal, type Session } from "./session.ts";
import { announcementOf } from "./tell.ts";
import { surveyUndo, type Undo } from "./undo-survey.ts";
import { leaseLost, type UndoOutcome, undoneMs } from "./undo-target.ts";
import { verifyUndo } from "./undo-verify.ts";

export interface UndoOptions {
  /** Number of the revision, as `kubectl rollout history` counts. */
  readonly revision: number;
  readonly revisions: Revisions;
  /** `user@host pid 123`. */
  readonly holder: string;
  /** Who decides, and why: the journal keeps both, and the reason keeps the version out from now on. */
  readonly by: string;
  readonly reason: string;
  /** What it is beside a bad version: its people are told too. */
  readonly concern?: Concern;
}

/**
 * Takes a settled stack, whose versions come in place, back to an older revision of its Deployment: pods first, then
 * the stack, then both are verified. Every step is safe to repeat: after a crash the same version is asked for again.
 * In the journal it is a rollout of its own without a `begin`: `run` has nothing of it to take up.
 *
 * @throws RolloutError before anything is touched: `not-in-place` (exit 2), `rollout-in-flight`, `rollout-not-closed`,
 * `no-such-revision`, `no-snapshot`, `nothing-in-service`, `stepped-by-hand`, `pending-operations`,
 * `foreign-version` (23), `lease-held` (24)
 */
export async function undoToRevision(deps: DriverDeps, options: UndoOptions): Promise<UndoOutcome> {
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease = await keepLease(deps.record.lease, deps.runtime, { holder: options.holder, termMs });
  try {
    const undo = await surveyUndo(deps, options);
    const { target, record } = undo;
    if (target.baseline.record.stable.identity === record.stable.identity) return nothingToDo(deps, undo);
    const outbox = openOutbox(deps, lease, await deps.record.journal.read());
    try {
      return await carryOut(sessionOf(deps, { undo, lease, outbox }), { undo, options });
    } finally {
      await outbox.close();
    }
  } finally {
    await lease.release();
  }
}

interface Asked {
  readonly undo: Undo;
  readonly options: UndoOptions;
}

async function carryOut(session: Session, { undo, options }: Asked): Promise<UndoOutcome> {
  const { plan } = session;
  await announce(session, options);
  const notes: string[] = [];
  const stopped = await goBack(session, undo, notes);
  enter(session, "reverting-verify");
  const seen = await verifyUndo(session, { revisions: options.revisions, before: undo, stopped });
  await close(session, options, seen.problems);
  return {
    outcome: seen.problems.length === 0 ? "undone" : "undo-failed",
    version: plan.from,
    from: plan.to,
    revision: options.revision,
    ...seen,
    ...(session.leverMs === undefined ? {} : { goneMs: session.leverMs }),
    ...(session.stackMs === undefined ? {} : { stackMs: session.stackMs }),
    notes,
    journal: session.deps.record.journal.location,
    rolloutId: session.rolloutId,
  };
}

/** On disk before anything is touched. People are told meanwhile: no channel stands in the way. */
async function announce(session: Session, options: UndoOptions): Promise<void> {
  const { plan, deps } = session;
  const { holder, by, reason, revision } = options;
  const undo = { revision, from: plan.from, to: plan.to, identity: plan.identity.stable, by, reason };
  const said: SaidInEntry = {
    phase: "rolling-back",
    kind: "revert",
    title: `ROLLBACK IN PROGRESS: ${plan.service} ${plan.to} → ${plan.from}`,
    text: `${by} asked for revision ${revision}: ${reason}.`,
    ...concerned(options),
  };
  const announcement = announcementOf(deps, plan);
  await journal(session, "intent", { effect: "undo", undo, plan, holder, announcement, said });
}

function concerned({ concern }: UndoOptions): Pick<SaidInEntry, "concern"> {
  return concern === undefined ? {} : { concern };
}

/** The `end`: it keeps the version before out of this stack, as one that a gate has reverted. */
async function close(session: Session, options: UndoOptions, problems: readonly string[]): Promise<void> {
  const { plan } = session;
  const ok = problems.length === 0;
  enter(session, ok ? "reverted" : "revert-failed");
  session.stateEqual = ok;
  const done = `undone to revision ${options.revision} (${plan.from}) by ${options.by}: ${options.reason}`;
  const message = ok ? done : `${done}; not verified: ${problems.join("; ")}`;
  session.state = { ...session.state, cause: { reason: "UndoAsked", message, kind: "person" } };
  const { service, from, to } = plan;
  const said: SaidInEntry = {
    phase: ok ? "rolled-back" : "rolling-back",
    kind: ok ? "revert" : "revert-failed",
    title: ok
      ? `Rollback complete: ${service} serves ${from}`
      : `ROLLBACK FAILED: ${service} ${to} → ${from}`,
    text: ok ? message : `A person has to look now. ${message}`,
    ...concerned(options),
  };
  await journal(session, "observed", { said });
  await session.outbox?.flush();
  await outcomeOf(session, "ended");
}

/** Pods, then the stack. What stops it is the result; what it can go on without is a note. */
async function goBack(session: Session, undo: Undo, notes: string[]): Promise<string | undefined> {
  let gone = false;
  if (bringsConfigMap(undo)) {
    // It left the stack with its version, and a pod that asks for one that isn't there never starts.
    notes.push(`${session.plan.from} has a ConfigMap of its own, which the stack brings back first`);
  } else {
    const pulled = await attempt(() => pullLever(session, noEffect));
    if (!pulled.ok) notes.push(pulled.message);
    else gone = await waitGone(session, notes);
  }
  enter(session, "reverting-stack");
  const stack = await attempt(() => stackToZero(session));
  if (!stack.ok) return `the stack could not be put back: ${stack.message}`;
  if (!gone) await waitGone(session, notes);
  const restored = await attempt(() => restoreBaseline(session));
  return restored.ok ? undefined : `the stack could not be put back: ${restored.message}`;
}

/** Whether the old version's pods ask for a ConfigMap that isn't the present one's. */
function bringsConfigMap({ record, target }: Undo): boolean {
  const { config } = serviceSpec(target.baseline.record.stable);
  return (
    Object.keys(config).length > 0 && stableJson(config) !== stableJson(serviceSpec(record.stable).config)
  );
}

/** Until no pod of the version before is left, at most 5 min from the request. */
async function waitGone(session: Session, notes: string[]): Promise<boolean> {
  const { clock } = session.deps.runtime;
  const askedMs = session.turnedBackAtMs ?? clock.now();
  for (;;) {
    const seen = await session.lever.read().catch(() => undefined);
    const gone = seen?.exposure === 0 && seen.accepted && !seen.hasCandidate;
    const ms = clock.now() - askedMs;
    if (gone) {
      session.leverMs = ms;
      await journal(session, "effect", { effect: "pods-gone", ok: true, ms });
      return true;
    }
    if (ms >= undoneMs) {
      const message = `pods of ${session.plan.to} were left after ${undoneMs / 1000} s${seen === undefined ? " (no answer)" : ""}`;
      await journal(session, "effect", { effect: "pods-gone", ok: false, message });
      notes.push(message);
      return false;
    }
    await clock.sleep(1000);
  }
}

/** What an effect throws is a failed result, so that the way back ends in a stated condition; but for a lost lease. */
async function attempt(effect: () => Promise<EffectResult>): Promise<EffectResult> {
  const result = await effect().catch((error: unknown): EffectResult => {
    if (error instanceof RolloutError && error.exit === "leaseHeld") throw error;
    return { ok: false, kind: "fault", message: messageOf(error) };
  });
  if (!result.ok && result.kind === "lease-lost") throw leaseLost(result.message);
  return result;
}

function enter(session: Session, name: StateName): void {
  const enteredAtMs = session.deps.runtime.clock.now();
  session.state = { ...session.state, name, enteredAtMs };
}

/** Not a rollout's: its plan goes from the old version to the present one, as that of a rollout that turns back. */
function sessionOf(
  deps: DriverDeps,
  { undo, ...own }: { readonly undo: Undo; readonly lease: LeaseKeeper; readonly outbox: Outbox },
): Session {
  const { clock, wall, random } = deps.runtime;
  const { baseline } = undo.target;
  const { stable: present } = undo.record;
  const release = settled(baseline.record, baseline.record.stable);
  const plan = buildPlan(deps.policy, release, { version: present.version, identity: present.identity });
  return {
    deps,
    plan,
    planHash: planHash(plan),
    rolloutId: newRolloutId(`undo-${plan.from}`, random),
    ...own,
    lever: deps.leverFor?.(plan.identity) ?? deps.lever,
    options: { allowUnversioned: false, requesters: [], rehearsed: false, unversioned: [] },
    state: { ...initialState("revert", clock.now()), name: "reverting-lever" },
    baseline: { ...baseline, record: release },
    turnedBackAtMs: clock.now(),
    turnedBackAtWallMs: wall.now(),
  };
}

/** The one shape of a record without a candidate. */
function settled({ step }: Release, stable: WorkloadSnapshot): Release {
  return { schemaVersion: 1, stable, exposure: 0, previousExposure: 0, step };
}

function nothingToDo({ record }: DriverDeps, { target, running }: Undo): UndoOutcome {
  const { version } = target.baseline.record.stable;
  return {
    outcome: "nothing-to-do",
    version,
    from: version,
    revision: target.revision.number,
    ...(running === undefined ? {} : { running }),
    differences: [],
    problems: [],
    notes: [],
    journal: record.journal.location,
  };
}
