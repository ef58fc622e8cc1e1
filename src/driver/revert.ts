import { messageOf } from "../lib/error-message.ts";
import { isInPlace } from "../plan/steps.ts";
import type { Release } from "../types/release.ts";
import { type EffectResult, type RunningEffect, stopEffect } from "./effect.ts";
import { observeFlagBaseline, switchedOff, unknownToStack } from "./flag-drift.ts";
import { flagPart, leverNow } from "./part.ts";
import { journal, type Session } from "./session.ts";
import { upUnlocked } from "./up-unlocked.ts";

/** How long the read-back of weight 0 may take before the stack goes on without it, ms. */
const routeBackMs = 30_000;
/** The same in place: pods have to come back, a few at a time. The guide's limit for an undo. */
const undoneMs = 300_000;

/**
 * Users first: one API call takes the traffic off. An update that is under way is asked to stop, waited for, and
 * the lever is pulled again after it, for that update may have written its weight in between.
 */
export async function pullLever(session: Session, inFlight: RunningEffect): Promise<EffectResult> {
  const first = await leverToZero(session);
  if (inFlight.status().status === "running") {
    await stopEffect(inFlight, session.deps.runtime.wall);
    const again = await leverToZero(session);
    if (!again.ok) return again;
  } else if (!first.ok) return first;
  return await readBackZero(session);
}

async function leverToZero(session: Session): Promise<EffectResult> {
  const { deps } = session;
  if (!(await session.lease.held()))
    return { ok: false, kind: "lease-lost", message: "the lease was lost before the lever" };
  const before = deps.runtime.wall.now();
  try {
    // The intent is written without waiting: nothing may stand between a verdict and the lever.
    const noted = journal(session, "intent", { effect: "lever", exposure: 0 });
    // A lever that fails is told first; a journal that can't be written must not end the process meanwhile.
    noted.catch(() => {});
    await leverNow(session).setExposure(0);
    await noted;
  } catch (error) {
    const message = `the lever ${leverNow(session).name} failed: ${messageOf(error)}`;
    await journal(session, "effect", { effect: "lever", ok: false, message });
    return { ok: false, kind: "lever", message };
  }
  const ms = deps.runtime.wall.now() - before;
  await journal(session, "effect", { effect: "lever", ok: true, ms, exposure: 0 });
  return { ok: true };
}

async function readBackZero(session: Session): Promise<EffectResult> {
  const { clock, wall } = session.deps.runtime;
  const flag = flagPart(session);
  // Pods have to come back, and applications to read the flag: time of the rollout's clock.
  const slow = isInPlace(session.plan.steps) || flag !== undefined;
  const refreshMs = flag === undefined ? 0 : (session.plan.flag?.refreshSeconds ?? 0) * 1000;
  const readBackMs = (isInPlace(session.plan.steps) ? undoneMs : routeBackMs) + refreshMs;
  const deadline = clock.now() + readBackMs;
  for (;;) {
    const route = await leverNow(session)
      .read()
      .catch(() => undefined);
    if (route !== undefined && route.exposure === 0 && route.accepted) {
      session.leverMs = slow
        ? clock.now() - (session.turnedBackAtMs ?? clock.now())
        : wall.now() - (session.turnedBackAtWallMs ?? wall.now());
      await journal(session, "effect", {
        effect: "read-back",
        ok: true,
        exposure: 0,
        leverMs: session.leverMs,
      });
      return { ok: true };
    }
    if (clock.now() >= deadline) {
      const seen =
        route === undefined ? "no answer" : `${route.exposure} %${route.accepted ? "" : ", not accepted"}`;
      const message = `the route was not read back at 0 % within ${readBackMs / 1000} s (${seen})`;
      await journal(session, "effect", { effect: "read-back", ok: false, message });
      return { ok: false, kind: "read-back", message };
    }
    await clock.sleep(1000);
  }
}

/** The stack follows: exposure 0, the candidate still there, so that what is in flight ends well. */
export async function stackToZero(session: Session): Promise<EffectResult> {
  if (isInPlace(session.plan.steps)) return await takeBackPlace(session);
  // Off is off: nothing of a flag is in flight.
  if (flagPart(session) !== undefined) return { ok: true };
  const { record } = await session.deps.engine.deployed();
  if (record?.candidate === undefined) return { ok: true };
  if (record.exposure === 0 && record.step === "revert") return { ok: true };
  const release: Release = { ...record, exposure: 0, previousExposure: record.exposure, step: "revert" };
  return await writeRelease(session, { release, effect: "stack-at-zero" });
}

/**
 * In place the baseline's record comes at once, and without a refresh: that would show the template that the lever
 * has put back, nothing would be written, and the engine would own none of it.
 */
async function takeBackPlace(session: Session): Promise<EffectResult> {
  const release = session.baseline?.record;
  if (release === undefined) return noBaseline;
  return await writeRelease(session, { release, effect: "stack-at-zero", refresh: false });
}

const noBaseline: EffectResult = {
  ok: false,
  kind: "no-baseline",
  message: "the journal has no baseline to go back to",
};

/** The baseline's record verbatim, with a refresh: the candidate and what only it brought are removed. */
export async function restoreBaseline(session: Session): Promise<EffectResult> {
  const kept = await keptOff(session);
  if (kept !== undefined) return kept;
  const release = session.baseline?.record;
  if (release === undefined) return noBaseline;
  const result = await writeRelease(session, { release, effect: "candidate-removed" });
  if (result.ok) await giveBack(session);
  if (result.ok) session.stackMs = session.deps.runtime.wall.now() - (session.turnedBackAtWallMs ?? 0);
  return result;
}

/** Before the stack writes a flag again: what it would take out of it is not its own to take. */
async function keptOff(session: Session): Promise<EffectResult | undefined> {
  const flag = flagPart(session);
  if (flag === undefined) return undefined;
  const foreign = await unknownToStack(session, flag).catch((error: unknown) => {
    // A store that can't be asked must not keep open what its lever could not switch off: the update does.
    if (session.leverMs === undefined) return [];
    throw error;
  });
  if (foreign.length > 0) {
    const message = `the flag is off and stays as it is, as the stack doesn't know what else stands in it: ${foreign.join("; ")}`;
    return { ok: false, kind: "flag-foreign", message };
  }
  // Turned back before the flag's baseline was taken: nothing of the flag was written, so it is what is there.
  const dark = session.plan.steps.some(({ kind }) => kind === "dark");
  if (!dark || session.baseline?.part === "flag") return undefined;
  const taken = await observeFlagBaseline(session, flag);
  return taken.ok ? undefined : taken;
}

/** The engine has written what the lever wrote: from here on ordinary updates do again. A failure is told, no more. */
async function giveBack(session: Session): Promise<void> {
  const lever = leverNow(session);
  if (lever.release === undefined) return;
  try {
    await lever.release();
  } catch (error) {
    const message = `${lever.name} still belongs to the lever: ${messageOf(error)}; the next update may be refused`;
    await journal(session, "effect", { effect: "lever-released", ok: false, message });
  }
}

/** Policies don't block it, and only its own time-out stops it. */
async function writeRelease(
  session: Session,
  write: { readonly release: Release; readonly effect: string; readonly refresh?: boolean },
): Promise<EffectResult> {
  const { plan } = session;
  if (!(await session.lease.held())) return { ok: false, kind: "lease-lost", message: "the lease was lost" };
  await journal(session, "intent", { effect: write.effect, exposure: 0 });
  const target = { kind: "release", version: plan.to, release: write.release } as const;
  // Without a refresh the engine has nothing to write to a flag that a person has switched off meanwhile.
  const refresh =
    (write.refresh ?? true) && (flagPart(session) !== undefined || !(await switchedOff(session)));
  const result = await upUnlocked(session, { target, refresh, converge: true });
  if (!result.ok) {
    await journal(session, "effect", { effect: write.effect, ok: false, failure: result.failure });
    return { ok: false, kind: result.failure.kind, message: result.failure.message };
  }
  await journal(session, "effect", {
    effect: write.effect,
    ok: true,
    ms: result.durationMs,
    summary: result.summary,
  });
  return { ok: true };
}
