import { messageOf } from "../lib/error-message.ts";
import { isInPlace } from "../plan/steps.ts";
import type { Release } from "../types/release.ts";
import type { EffectResult, RunningEffect } from "./effect.ts";
import { journal, type Session } from "./session.ts";

/** How long the read-back of weight 0 may take before the stack goes on without it, ms. */
const routeBackMs = 30_000;
/** The same in place: pods have to come back, a few at a time. The guide's limit for an undo. */
const undoneMs = 300_000;
/** How long an update that was asked to stop gets to finish its step, ms of wall time. */
const stopMs = 120_000;

/**
 * Users first: one API call takes the traffic off. An update that is under way is asked to stop, waited for, and
 * the lever is pulled again after it, for that update may have written its weight in between.
 */
export async function pullLever(session: Session, inFlight: RunningEffect): Promise<EffectResult> {
  const first = await leverToZero(session);
  if (inFlight.status().status === "running") {
    await stopUpdate(session, inFlight);
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
    await session.lever.setExposure(0);
    await noted;
  } catch (error) {
    const message = `the lever ${session.lever.name} failed: ${messageOf(error)}`;
    await journal(session, "effect", { effect: "lever", ok: false, message });
    return { ok: false, kind: "lever", message };
  }
  const ms = deps.runtime.wall.now() - before;
  await journal(session, "effect", { effect: "lever", ok: true, ms, exposure: 0 });
  return { ok: true };
}

async function stopUpdate({ deps }: Session, inFlight: RunningEffect): Promise<void> {
  inFlight.stop();
  const waited = new AbortController();
  await Promise.race([inFlight.settled, deps.runtime.wall.sleep(stopMs, waited.signal)]);
  waited.abort();
}

async function readBackZero(session: Session): Promise<EffectResult> {
  const { clock, wall } = session.deps.runtime;
  const inPlace = isInPlace(session.plan.steps);
  const readBackMs = inPlace ? undoneMs : routeBackMs;
  const deadline = clock.now() + readBackMs;
  for (;;) {
    const route = await session.lever.read().catch(() => undefined);
    if (route !== undefined && route.exposure === 0 && route.accepted) {
      session.leverMs = inPlace
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
  const release = session.baseline?.record;
  if (release === undefined) return noBaseline;
  const result = await writeRelease(session, { release, effect: "candidate-removed" });
  if (result.ok) await giveBack(session);
  if (result.ok) session.stackMs = session.deps.runtime.wall.now() - (session.turnedBackAtWallMs ?? 0);
  return result;
}

/** The engine has written what the lever wrote: from here on ordinary updates do again. A failure is told, no more. */
async function giveBack(session: Session): Promise<void> {
  const { lever } = session;
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
  const { deps, plan } = session;
  if (!(await session.lease.held())) return { ok: false, kind: "lease-lost", message: "the lease was lost" };
  await journal(session, "intent", { effect: write.effect, exposure: 0 });
  const target = { kind: "release", version: plan.to, release: write.release } as const;
  const result = await deps.engine.up({ target, refresh: write.refresh ?? true, converge: true });
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
