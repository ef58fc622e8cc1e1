import { messageOf } from "../lib/error-message.ts";
import type { Revision, Revisions } from "../ports/revisions.ts";
import { differences, hashByUrn } from "./inputs.ts";
import { journal, type Session } from "./session.ts";
import type { Undo } from "./undo-survey.ts";
import { presentOf } from "./undo-target.ts";
import { previewDiffers } from "./verify.ts";

/** What the stack is after an undo. */
export interface UndoSeen {
  /** Why it isn't verified; empty: it is. */
  readonly problems: readonly string[];
  /** The present revision; absent where the cluster did not answer. */
  readonly running?: Revision;
  /** What else differs from the stack in which the version was in service last: it is no version's, and stays. */
  readonly differences: readonly string[];
}

/**
 * An undo is done when no pod of the version before is left, the old one is ready in its number, and a preview with
 * refresh shows only `same`. `stopped`: what kept the stack from following; it is looked at once all the same.
 */
export async function verifyUndo(
  session: Session,
  at: { readonly revisions: Revisions; readonly before: Undo; readonly stopped: string | undefined },
): Promise<UndoSeen> {
  const { revisions, before, stopped } = at;
  const pods = await podsBack(session, { revisions, before, once: stopped !== undefined });
  const stack = stopped === undefined ? await previewSame(session) : [stopped];
  const problems = [...stack, ...(pods.problem === "" ? [] : [pods.problem])];
  await journal(session, "effect", {
    effect: "verified",
    ok: problems.length === 0,
    ...(problems.length === 0 ? {} : { problems }),
  });
  const { running } = pods;
  return { problems, ...(running ? { running } : {}), differences: await differing(session) };
}

interface Pods {
  readonly problem: string;
  readonly running?: Revision;
}

/** Within the plan's time: pods may still be coming back. */
async function podsBack(
  session: Session,
  { once, ...at }: { readonly revisions: Revisions; readonly before: Undo; readonly once: boolean },
): Promise<Pods> {
  const { clock } = session.deps.runtime;
  const deadline = clock.now() + (once ? 0 : session.plan.timeouts.verifySeconds * 1000);
  let pods: Pods;
  for (;;) {
    pods = await look(session, at).catch((error: unknown) => ({
      problem: `the Deployment can't be read: ${messageOf(error)}`,
    }));
    if (pods.problem === "" || clock.now() >= deadline) break;
    await clock.sleep(1000);
  }
  const { problem } = pods;
  const said = problem === "" ? {} : { message: problem };
  await journal(session, "effect", { effect: "stable-verified", ok: problem === "", ...said });
  return pods;
}

async function look(
  { lever, plan }: Session,
  { revisions, before }: { readonly revisions: Revisions; readonly before: Undo },
): Promise<Pods> {
  const listed = await revisions.list();
  const running = presentOf(listed);
  if (running === undefined) return { problem: "the Deployment has no revision" };
  const own = listed.filter(({ identity }) => identity === plan.identity.stable);
  const ready = own.reduce((sum, one) => sum + one.ready, 0);
  const desired = own.reduce((sum, one) => sum + one.desired, 0);
  const atLeast = (before.running?.desired ?? 0) > 0 ? 1 : 0;
  if (running.identity !== plan.identity.stable)
    return { running, problem: `the Deployment runs ${running.identity ?? running.image}` };
  if (ready < Math.max(desired, atLeast))
    return { running, problem: `${plan.from} has ${ready} of ${desired} pods ready` };
  const left = await lever.read();
  if (left.hasCandidate || !left.accepted) return { running, problem: `pods of ${plan.to} are left` };
  return { running, problem: "" };
}

/** As after a revert. A preview that can't be made proves nothing. */
async function previewSame(session: Session): Promise<readonly string[]> {
  if (session.baseline?.record === undefined) return ["there is no record to compare with"];
  return await previewDiffers(session).catch((error: unknown) => [
    `no preview could be made: ${messageOf(error)}`,
  ]);
}

/** For people; what can't be read is not compared. */
async function differing({ deps, baseline }: Session): Promise<readonly string[]> {
  if (baseline === undefined) return [];
  try {
    const { hash, inputs } = await deps.engine.deployed();
    return hash === baseline.hash ? [] : differences(baseline.byUrn, hashByUrn(inputs));
  } catch {
    return [];
  }
}
