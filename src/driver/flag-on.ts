import { RolloutError } from "../errors/errors.ts";
import { flagDifferences } from "../plan/flag-differences.ts";
import { exposureOfFlag } from "../plan/flag-exposure.ts";
import { parseFlag } from "../plan/flag-json.ts";
import { phasesOf } from "../plan/flag-phases.ts";
import { meantIn } from "./flag-drift.ts";
import { inFlagSession } from "./flag-session.ts";
import { type FlagStack, flagStackOf, isOpen } from "./flag-stack.ts";
import { keepLease } from "./lease-keeper.ts";
import type { SaidInEntry } from "./message-said.ts";
import { isInFlight, lastRollout } from "./resume.ts";
import { type DriverDeps, journal, type Session } from "./session.ts";
import { announcementOf } from "./tell.ts";

/** What takes an emergency back. */
export interface FlagOnOptions {
  readonly holder: string;
  readonly by: string;
  readonly reason: string;
  /** Switches it on in the store, keeping all else. */
  readonly write: () => Promise<{ readonly written: boolean; readonly etag: string | undefined }>;
}

export interface FlagOnOutcome {
  /** False: it was on. */
  readonly written: boolean;
  readonly etag?: string;
  /** How far it is open now, percent. */
  readonly exposure: number;
  readonly ms: number;
  /** How it differs from what the stack wrote, one sentence each. */
  readonly differences: readonly string[];
  readonly journal: string;
}

/**
 * Takes an emergency off back, where the stack's record says that the flag is open: nothing but the switch is written,
 * under the lease, so that no update is under way that would close it.
 *
 * @throws RolloutError `flag-not-open`, `rollout-in-flight` (23), `lease-held` (24), and what the write throws
 */
export async function switchOn(deps: DriverDeps, options: FlagOnOptions): Promise<FlagOnOutcome> {
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease = await keepLease(deps.record.lease, deps.runtime, { holder: options.holder, termMs });
  try {
    const entries = await deps.record.journal.read();
    const last = lastRollout(entries);
    if (last !== undefined && isInFlight(last) && turnsBack(last.state)) throw turning(last.plan.to);
    const stack = await flagStackOf(deps);
    if (stack === undefined || !isOpen(stack)) throw notOpen(deps);
    return await inFlagSession(deps, { stack, lease, about: "flag-on", entries }, (session) =>
      write(session, stack, options),
    );
  } finally {
    await lease.release();
  }
}

async function write(
  session: Session,
  { flag: { spec, ...config }, ports: { flags }, deployed }: FlagStack,
  { holder, by, reason, write: switchIt }: FlagOnOptions,
): Promise<FlagOnOutcome> {
  const { wall } = session.deps.runtime;
  await journal(session, "intent", {
    effect: "flag-on",
    on: { flag: spec.id, by, reason },
    holder,
    plan: session.plan,
    announcement: announcementOf(session.deps, session.plan),
  });
  const before = wall.now();
  const { written, etag } = await switchIt();
  const ms = wall.now() - before;
  const there = await flags.read();
  const flag = there === undefined ? undefined : parseFlag(there.value);
  const exposure = flag === undefined ? 0 : exposureOfFlag(flag, spec);
  const meant = meantIn(deployed, { spec, ...config });
  const differences =
    flag === undefined || meant === undefined ? [] : flagDifferences(flag, parseFlag(meant));
  const said: SaidInEntry = {
    phase: "increment",
    kind: "progress",
    title: `FLAG ON AGAIN: ${spec.id}`,
    text: `${by}: ${reason}.`,
  };
  await journal(session, "effect", { effect: "flag-on", ok: true, ms, exposure, differences, said });
  const { location } = session.deps.record.journal;
  return { written, ...(etag === undefined ? {} : { etag }), exposure, ms, differences, journal: location };
}

function turnsBack({ name, heldFrom }: { readonly name: string; readonly heldFrom?: string }): boolean {
  return (heldFrom ?? name).startsWith("reverting-");
}

function turning(version: string): RolloutError {
  return new RolloutError(`${version} is being taken back, and its flag with it.`, {
    code: "rollout-in-flight",
    exit: "blocked",
    hint: "`rollouts run` finishes the way back; from then on the phases open the flag anew.",
  });
}

function notOpen({ policy }: DriverDeps): RolloutError {
  const { flag } = policy;
  const id = flag?.spec.id ?? "The flag";
  const steps = (flag === undefined ? [] : phasesOf(flag, policy)).map((step) => step.id);
  return new RolloutError(`${id} is off in the stack: there is no emergency to take back.`, {
    code: "flag-not-open",
    exit: "blocked",
    hint: `Its phases open it (${steps.join(", ")}): \`rollouts run\`, or by hand \`pulumi config set step ${steps[0]} && pulumi up\`.`,
  });
}
