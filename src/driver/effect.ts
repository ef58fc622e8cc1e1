import type { EffectStatus } from "../decide/decide.ts";
import { messageOf } from "../lib/error-message.ts";

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

/** For states whose effect is only the passing of time or a look. */
export const noEffect: RunningEffect = {
  settled: new Promise(() => {}),
  status: () => ({ status: "none" }),
  stop: () => {},
};
