import type { Priority } from "../analysis/budget-terms.ts";
import { isKept } from "../decide/kept.ts";
import { initialState, reduce } from "../decide/reduce.ts";
import { RolloutError } from "../errors/errors.ts";
import { planHash } from "../plan/build-plan.ts";
import { stepsOf } from "../plan/steps.ts";
import type { Engine, PreviewResult } from "../ports/engine.ts";
import type { Lever } from "../ports/lever.ts";
import type { ChangeKind, StrategyOverride } from "../types/change.ts";
import type { Decision } from "../types/decision.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { withPost } from "./checklist-post.ts";
import { keepLease, type LeaseKeeper } from "./lease-keeper.ts";
import { runLoop } from "./loop.ts";
import { newPlan } from "./new-plan.ts";
import { channelRefs, type Outbox, openOutbox } from "./outbox.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { isInFlight, lastRollout, type Recorded } from "./resume.ts";
import { newRolloutId } from "./rollout-id.ts";
import { nothingInFlight, otherChange, steppedByHand } from "./run-errors.ts";
import { type DriverDeps, journal, type Session, type SessionOptions } from "./session.ts";
import { announcementOf } from "./tell.ts";
import { hasAll } from "./to-open.ts";
import { engineOfPlan } from "./way.ts";

export interface RunOptions extends Partial<Omit<SessionOptions, "unversioned">> {
  readonly version: string;
  /** `user@host pid 123`. */
  readonly holder: string;
  /** What the version brings: its policy is `deps.policy` already. */
  readonly change?: { readonly kind: ChangeKind; readonly overridden?: StrategyOverride };
  /** How urgent it is, where the error budget is low; default: `normal`. */
  readonly priority?: Priority;
  /** The incident that it mends: a frozen budget lets nothing else start. */
  readonly incident?: string;
  /** What the version changes, in somebody's words: for the messages. */
  readonly about?: string;
  /** Only take up what is in flight; nothing in flight is an error. */
  readonly onlyResume?: boolean;
}

/**
 * Takes a stack to a version, from wherever its journal says it is: a new rollout, one that a dead driver left, or
 * one that was held. Throws for what stops before anything is touched (exit 2, 5, 7, 23, 24); what a rollout ends
 * as is the result.
 */
export async function runRollout(deps: DriverDeps, options: RunOptions): Promise<Outcome> {
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease = await keepLease(deps.record.lease, deps.runtime, { holder: options.holder, termMs });
  try {
    const entries = await deps.record.journal.read();
    // Whatever a driver before this one still owes people goes out first.
    const outbox = openOutbox(deps, lease, entries);
    try {
      return await drive({ deps, options, lease, outbox }, lastRollout(entries));
    } finally {
      await outbox.close();
    }
  } finally {
    await lease.release();
  }
}

async function drive(start: Start, recorded: Recorded | undefined): Promise<Outcome> {
  const { deps, options } = start;
  const closed = await closeEnded(start, recorded);
  if (closed?.version === options.version) return closed;
  const inFlight = recorded !== undefined && isInFlight(recorded) ? recorded : undefined;
  if (inFlight === undefined && options.onlyResume) throw nothingInFlight();
  const session = inFlight ? await takeUp(start, inFlight) : await begin(start);
  if (session === undefined)
    return {
      outcome: "nothing-to-do",
      version: options.version,
      exposures: [],
      journal: deps.record.journal.location,
    };
  const end = await runLoop(session);
  return await withPost(session, await outcomeOf(session, end));
}

/**
 * A driver that died between the last decision and its entry `end`: that entry keeps a reverted version out and lets a
 * promoted one on. Undefined: nothing was left open.
 */
async function closeEnded(start: Start, recorded: Recorded | undefined): Promise<Outcome | undefined> {
  if (recorded === undefined || isInFlight(recorded) || recorded.ended !== undefined) return undefined;
  const session = sessionOf(start, recorded);
  return await withPost(session, await outcomeOf(session, "ended"));
}

interface Start {
  readonly deps: DriverDeps;
  readonly options: RunOptions;
  readonly lease: LeaseKeeper;
  readonly outbox: Outbox;
}

/** A new rollout: survey the stack, plan, write it down. Undefined: this very version is in service. */
async function begin(start: Start): Promise<Session | undefined> {
  const { deps, options, lease, outbox } = start;
  const survey = await surveyor(deps, options).preview({
    target: { kind: "step", version: options.version },
    refresh: true,
  });
  const { record, desired } = survey.resolved;
  const busy = record?.candidate === undefined ? record?.flag : record;
  if (busy?.candidate !== undefined) throw steppedByHand(busy.candidate.version, busy.step);
  if (record !== undefined && hasAll(deps, { record, desired })) return undefined;
  const { plan, stop, ...seen } = await newPlan(deps, options, { record, identity: desired.identity });
  const now = deps.runtime.clock.now();
  const session: Session = {
    deps: depsOfPlan(deps, plan),
    plan,
    planHash: planHash(plan),
    rolloutId: newRolloutId(options.version, deps.runtime.random),
    lease,
    outbox,
    lever: leverOf(deps, plan),
    options: sessionOptions({ ...options, ...stop }, record === undefined ? [] : unversioned(survey)),
    ...seen,
    state: initialState(plan.steps[0]?.id ?? "", now),
  };
  const { holder, about } = options;
  const announcement = announcementOf(deps, plan, about);
  const { rehearsed } = session.options;
  const listed = deps.policy.checklist === undefined ? {} : { checklist: true };
  await journal(session, "begin", { plan, holder, rehearsed, announcement, ...listed });
  return session;
}

/** The engine of the plan that is about to be made. */
function surveyor({ engine, policy }: DriverDeps, { change }: RunOptions): Engine {
  if (change === undefined) return engine;
  const { strategy } = policy;
  return engineOfPlan(engine, { change: change.kind, strategy, steps: stepsOf(policy, { installed: true }) });
}

/** The ports of one rollout: its way, and its versions where the metrics are told apart by them. */
function depsOfPlan(deps: DriverDeps, plan: RolloutPlan): DriverDeps {
  const metrics = deps.metricsFor?.(plan) ?? deps.metrics;
  const exceptions = deps.exceptionsFor?.(plan) ?? deps.exceptions;
  const listed = exceptions === undefined ? {} : { exceptions };
  return { ...deps, metrics, ...listed, engine: engineOfPlan(deps.engine, plan) };
}

function leverOf({ lever, leverFor }: DriverDeps, { identity }: RolloutPlan): Lever {
  return leverFor?.(identity) ?? lever;
}

/** With no step, the program keeps what is deployed: whatever the preview still changes isn't the version's. */
function unversioned(survey: PreviewResult): readonly string[] {
  // A Deployment whose autoscaler is at work is written again by any update, and nothing of it differs.
  const real = survey.changes.filter(({ notLive }) => notLive === undefined);
  return real.map(({ op, urn }) => `${op} ${urn.split("::").slice(-2).join(" ")}`);
}

/** What a dead driver left, or what was held: recover the engine, fold the journal, go on. */
async function takeUp(start: Start, recorded: Recorded): Promise<Session> {
  const { deps, options } = start;
  const { plan } = recorded;
  if (options.version !== plan.to && !options.onlyResume) {
    throw new RolloutError(
      `${plan.to} is in flight (${recorded.state.name} at ${recorded.state.step}); ${options.version} waits.`,
      {
        code: "rollout-in-flight",
        exit: "blocked",
        hint: isKept(recorded.state)
          ? "It is kept as evidence: `rollouts evidence export` saves it, `rollouts evidence release --by NAME` lets it go."
          : `Finish it (\`rollouts run --version ${plan.to}\`), or take it back (\`rollouts abort\`).`,
      },
    );
  }
  if (options.change !== undefined && options.change.kind !== plan.change) throw otherChange(plan);
  const session = sessionOf(start, recorded);
  const done = await deps.engine.recover({ waitMs: plan.timeouts.rolloutSeconds * 1000 });
  await journal(session, "observed", {
    resumed: true,
    holder: options.holder,
    from: recorded.state.name,
    lastAt: recorded.lastAt,
    recovered: done,
    channels: channelRefs(deps.notify),
  });
  const { name, step, heldFrom } = recorded.state;
  const decision: Decision = {
    kind: "continue",
    to: heldFrom ?? name,
    step,
    retry: true,
    reason: "Resumed",
    message: `taken up in ${heldFrom ?? name}`,
  };
  await journal(session, "decision", { decision });
  session.state = reduce(session.state, decision, { ms: deps.runtime.clock.now() });
  if (session.state.name.startsWith("reverting-")) turnedBackNow(session, recorded);
  return session;
}

/** A session where the journal has left it. */
function sessionOf({ deps, options, lease, outbox }: Start, recorded: Recorded): Session {
  const { plan, planHash: hash, rolloutId, state, baseline } = recorded;
  return {
    deps: depsOfPlan(deps, plan),
    plan,
    planHash: hash,
    rolloutId,
    lease,
    outbox,
    lever: leverOf(deps, plan),
    options: sessionOptions(options, []),
    state,
    ...(baseline ? { baseline } : {}),
  };
}

/** A way back that is taken up is timed from here; how soon its traffic was off stands in the journal. */
function turnedBackNow(session: Session, { leverMs }: Recorded): void {
  const { clock, wall } = session.deps.runtime;
  if (leverMs !== undefined) session.leverMs = leverMs;
  session.turnedBackAtWallMs = wall.now();
  session.turnedBackAtMs = clock.now();
}

function sessionOptions(options: RunOptions, found: readonly string[]): SessionOptions {
  return {
    allowUnversioned: options.allowUnversioned ?? false,
    rehearsed: options.rehearsed ?? false,
    requesters: options.requesters ?? [],
    unversioned: found,
    ...(options.clearance ? { clearance: options.clearance } : {}),
    ...(options.changeRequest === undefined ? {} : { changeRequest: options.changeRequest }),
    ...(options.stopAfter === undefined ? {} : { stopAfter: options.stopAfter }),
  };
}
