import { RolloutError } from "../../errors/errors.ts";
import { type Builds, describeBuilds } from "./builds.ts";
import type { SwapContext } from "./swap.ts";

/** `slot-build-unclear`: the settings name the build, and the app does not answer with it. */
export function unclear(context: SwapContext, builds: Builds): RolloutError {
  return slotError(context, builds, {
    code: "slot-build-unclear",
    what: `Production's settings and its own answer disagree about ${context.buildId}`,
    hint: "The app does not answer, answers with another build id, or its version path is another one.",
  });
}

/** `swap-busy`: every try was put off, and nothing was swapped. */
export function busy(context: SwapContext, builds: Builds, last: string): RolloutError {
  return slotError(context, builds, {
    code: "swap-busy",
    what: `The swap to ${context.buildId} was put off ${context.limits.retries + 1} times, the last time: ${last}`,
    hint: "Nothing was swapped. See the app's activity log for what runs there; an autoscaler can be suspended.",
  });
}

/** `swap-failed`: ARM says so, or its operation is over without effect. */
export function failed(context: SwapContext, builds: Builds, message: string): RolloutError {
  return slotError(context, builds, {
    code: "swap-failed",
    what: `The swap to ${context.buildId} failed: ${message}`,
    hint: "A failure before the switch leaves production as it was. Look at the slot's own log and its warm-up path.",
  });
}

/** `swap-stuck`: not over in time; says whether the reset ended it. */
export function stuck(
  context: SwapContext,
  builds: Builds,
  seen: { readonly message: string; readonly running: boolean },
): RolloutError {
  const after = seen.running
    ? "the reset did not end it, so production may still change"
    : "it was reset and nothing runs any more";
  return slotError(context, builds, {
    code: "swap-stuck",
    what: `The swap to ${context.buildId} is stuck: ${seen.message}; ${after}`,
    hint: "Look at the slot's log: most stuck swaps wait for a warm-up path that never answers over plain http.",
  });
}

/** An error of ours that names what both sides serve. */
export function slotError(
  { api }: SwapContext,
  builds: Builds,
  of: { readonly code: string; readonly what: string; readonly hint: string },
): RolloutError {
  return new RolloutError(`${of.what}: ${describeBuilds(builds, api.address.slot)}.`, {
    code: of.code,
    exit: of.code === "swap-stuck" ? "timeout" : "resource",
    hint: of.hint,
  });
}
