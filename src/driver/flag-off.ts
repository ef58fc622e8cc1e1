import { RolloutError } from "../errors/errors.ts";
import { messageOf } from "../lib/error-message.ts";
import { parseFlag } from "../plan/flag-json.ts";
import { noteMeant, unknownToStack } from "./flag-drift.ts";
import { inFlagSession } from "./flag-session.ts";
import { type FlagStack, flagStackOf, isOpen, offStepOf } from "./flag-stack.ts";
import { hashByUrn } from "./inputs.ts";
import { keepLease } from "./lease-keeper.ts";
import type { SaidInEntry } from "./message-said.ts";
import { isInFlight, lastRollout, type Recorded } from "./resume.ts";
import { type DriverDeps, journal, type Session } from "./session.ts";
import { announcementOf } from "./tell.ts";
import { previewDiffers } from "./verify.ts";

/** An emergency: the flag is off in its store already, and the stack has to follow. */
export interface FlagOffOptions {
  /** `user@host pid 123`. */
  readonly holder: string;
  readonly by: string;
  readonly reason: string;
  /** The write in the store: when, ISO 8601, and how long it took, ms. */
  readonly store: { readonly at: string; readonly ms: number };
}

export interface FlagOffOutcome {
  /**
   * `switched-off`: the stack has it off too, verified. `off-already`: it had. `kept-off`: the flag holds what the stack
   * doesn't know, so nothing was written. `off-failed`: the stack still has it open.
   */
  readonly outcome: "switched-off" | "off-already" | "kept-off" | "off-failed";
  /** What the stack doesn't know, or what went wrong. */
  readonly problems: readonly string[];
  /** From the request to the stack verified, wall ms. */
  readonly stackMs?: number;
  /** The version that stays out from now on until somebody says why it may come again. */
  readonly version?: string;
  readonly journal: string;
}

/**
 * Makes the stack follow a flag that was switched off in its store: one update under the lease, journaled and verified.
 * What somebody else has written into the flag is not written over.
 *
 * @throws RolloutError before the stack is touched: `lease-held` (24), `rollout-in-flight` (23)
 */
export async function switchOffStack(deps: DriverDeps, options: FlagOffOptions): Promise<FlagOffOutcome> {
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease = await keepLease(deps.record.lease, deps.runtime, { holder: options.holder, termMs });
  try {
    const entries = await deps.record.journal.read();
    refuseInFlight(lastRollout(entries));
    const stack = await flagStackOf(deps);
    const { location } = deps.record.journal;
    if (stack === undefined) return { outcome: "off-already", problems: [], journal: location };
    return await inFlagSession(deps, { stack, lease, about: "flag-off", entries }, (session) =>
      follow(session, stack, options),
    );
  } finally {
    await lease.release();
  }
}

async function follow(session: Session, stack: FlagStack, options: FlagOffOptions): Promise<FlagOffOutcome> {
  const { by, reason, store, holder } = options;
  const { id } = stack.flag.spec;
  // The store first, whatever the disk says: this entry tells what was done already.
  await journal(session, "intent", {
    effect: "flag-off",
    off: { flag: id, by, reason, ...store },
    holder,
    plan: session.plan,
    announcement: announcementOf(session.deps, session.plan),
    said: { phase: "rolling-back", kind: "revert", title: `FLAG OFF: ${id}`, text: `${by}: ${reason}.` },
  });
  const { outcome, problems } = await outcomeOf(session, stack);
  const { wall } = session.deps.runtime;
  const stackMs = wall.now() - (session.turnedBackAtWallMs ?? wall.now());
  await journal(session, "effect", {
    effect: "flag-off",
    ok: outcome === "switched-off" || outcome === "off-already",
    outcome,
    problems,
    ms: stackMs,
    said: saidOf(stack, { ...options, outcome, problems }),
  });
  await session.outbox?.flush();
  await close(session, stack, { ...options, outcome, problems });
  return {
    outcome,
    problems,
    ...(outcome === "switched-off" ? { stackMs } : {}),
    ...(isOpen(stack) ? { version: session.plan.to } : {}),
    journal: session.deps.record.journal.location,
  };
}

type Ended = Pick<FlagOffOutcome, "outcome" | "problems">;

async function outcomeOf(session: Session, stack: FlagStack): Promise<Ended> {
  if (!isOpen(stack)) return { outcome: "off-already", problems: [] };
  try {
    const foreign = await foreignIn(session, stack);
    if (foreign.length > 0) return { outcome: "kept-off", problems: foreign };
    const problems = [...(await update(session)), ...(await verify(session, stack))];
    return { outcome: problems.length === 0 ? "switched-off" : "off-failed", problems };
  } catch (error) {
    if (error instanceof RolloutError && error.exit === "leaseHeld") throw error;
    return { outcome: "off-failed", problems: [messageOf(error)] };
  }
}

/** A value that the stack can't be compared with is none that it knows. */
async function foreignIn(session: Session, { deployed, ports, flag }: FlagStack): Promise<readonly string[]> {
  noteMeant(session, deployed);
  if (session.flagMeant === undefined) return [`no resource of the stack is the flag ${flag.spec.id}`];
  return await unknownToStack(session, ports);
}

async function update(session: Session): Promise<readonly string[]> {
  const { deps, plan, lease } = session;
  if (!(await lease.held())) throw lost();
  const step = offStepOf(deps.policy);
  await journal(session, "intent", { effect: "up", exposure: 0 });
  const target = { kind: "step", version: plan.to, step } as const;
  const result = await deps.engine.up({ target, refresh: true });
  const { durationMs: ms } = result;
  if (result.ok) {
    await journal(session, "effect", { effect: "up", ok: true, ms, summary: result.summary });
    return [];
  }
  await journal(session, "effect", { effect: "up", ok: false, ms, failure: result.failure });
  return [`the update failed: ${result.failure.message}`];
}

/** Off in the store, off in the record, and a preview with refresh that shows only `same`. */
async function verify(session: Session, { ports }: FlagStack): Promise<readonly string[]> {
  const { deps } = session;
  session.state = { ...session.state, name: "reverting-verify" };
  const there = await ports.flags.read();
  const store =
    there === undefined
      ? [`${ports.flags.name} is gone`]
      : parseFlag(there.value)["enabled"] === true
        ? [`${ports.flags.name} is on again: somebody else switched it on`]
        : [];
  const after = await flagStackOf(deps);
  if (after === undefined || isOpen(after)) return [...store, "the stack's record still has it open"];
  const { record, deployed } = after;
  session.baseline = { record, hash: deployed.hash, byUrn: hashByUrn(deployed.inputs) };
  return [...store, ...(await previewDiffers(session))];
}

function saidOf({ flag: { spec } }: FlagStack, ended: FlagOffOptions & Ended): SaidInEntry {
  const { phase, kind, text } = ends[ended.outcome];
  return { phase, kind, title: `${spec.id}: ${text}`, text: messageText(spec.id, ended) };
}

function messageText(id: string, { by, reason, outcome, problems }: FlagOffOptions & Ended): string {
  const done = `${id} was switched off by ${by}: ${reason}`;
  return problems.length === 0 ? done : `${done}; ${ends[outcome].text}: ${problems.join("; ")}`;
}

/** The `end`: as after a revert, the version stays out of this stack until somebody says why it may come again. */
async function close(
  session: Session,
  { flag: { spec }, served: { identity } }: FlagStack,
  ended: FlagOffOptions & Ended,
): Promise<void> {
  const { outcome } = ended;
  const { state } = ends[outcome];
  session.state = { ...session.state, name: state };
  const kept = outcome === "switched-off" ? { identity } : {};
  await journal(session, "end", {
    outcome: outcome === "off-already" ? "nothing-to-do" : state,
    ...kept,
    message: messageText(spec.id, ended),
  });
}

const ends = {
  "switched-off": {
    state: "reverted",
    text: "the stack has it off too",
    kind: "revert",
    phase: "rolled-back",
  },
  "off-already": {
    state: "completed",
    text: "the stack had it off already",
    kind: "revert",
    phase: "rolled-back",
  },
  "kept-off": { state: "held", text: "it is off and stays as it is", kind: "hold", phase: "hold" },
  "off-failed": {
    state: "revert-failed",
    text: "the stack still has it open",
    kind: "revert-failed",
    phase: "rolling-back",
  },
} as const;

function refuseInFlight(last: Recorded | undefined): void {
  if (last === undefined || !isInFlight(last)) return;
  const { plan, state } = last;
  throw new RolloutError(`${plan.to} is in flight (${state.name} at ${state.step}).`, {
    code: "rollout-in-flight",
    exit: "blocked",
    hint: "The flag is off in its store. Finish the rollout, or take it back, then ask again: the stack has to follow.",
  });
}

function lost(): RolloutError {
  return new RolloutError("The lease was lost before the stack was written.", {
    code: "lease-lost",
    exit: "leaseHeld",
    hint: "The flag is off in its store; ask again, and the stack follows.",
  });
}
