import type { EffectStatus } from "../decide/decide.ts";
import { messageOf } from "../lib/error-message.ts";
import type { Clock } from "../lib/runtime.ts";

/** What an effect ended as. */
export type EffectResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly kind: string; readonly message: string };

/** An effect under way. It settles once, and never rejects: a throw is a failed result. */
export interface RunningEffect {
  readonly settled: Promise<void>;
  status(): EffectStatus;
  /** Asks it to stop (one SIGINT to a running update); it settles when it has. */
  stop(): void;
}

/** Starts an effect. What it throws becomes a failed result: nothing in flight may end in no stated condition. */
export function startEffect(run: (signal: AbortSignal) => Promise<EffectResult>): RunningEffect {
  const controller = new AbortController();
  let status: EffectStatus = { status: "running" };
  const settled = run(controller.signal).then(
    (result) => {
      status = result.ok
        ? { status: "done" }
        : { status: "failed", kind: result.kind, message: result.message };
    },
    (error: unknown) => {
      status = {
        status: "failed",
        kind: "fault",
        message: messageOf(error),
      };
    },
  );
  return { settled, status: () => status, stop: () => controller.abort() };
}

/** How long an update that was asked to stop gets to finish its step, ms of wall time. */
const stopMs = 120_000;

/** Asks what still runs to stop, and waits until it has. Nothing running: at once. */
export async function stopEffect(effect: RunningEffect, wall: Clock): Promise<void> {
  if (effect.status().status !== "running") return;
  effect.stop();
  const waited = new AbortController();
  await Promise.race([effect.settled, wall.sleep(stopMs, waited.signal)]);
  waited.abort();
}

/** For states whose effect is only the passing of time or a look. */
export const noEffect: RunningEffect = {
  settled: new Promise(() => {}),
  status: () => ({ status: "none" }),
  stop: () => {},
};
