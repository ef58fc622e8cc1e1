import { RolloutError } from "../../errors/errors.ts";
import type { Builds } from "./builds.ts";
import type { SwapContext } from "./swap.ts";
import { slotError } from "./swap-errors.ts";

/** Throws `slot-target` for anything but a swap of another slot with production. */
export function otherTargets(target: string | undefined, slot: string): void {
  if (target !== undefined && target.toLowerCase() !== "production") {
    throw new RolloutError(`The swap's target is ${JSON.stringify(target)}: it can only be production.`, {
      code: "slot-target",
      exit: "config",
      path: "target",
      hint: "A swap of two other slots moves no user; with production as the source a failed warm-up would restart it.",
    });
  }
  if (slot.toLowerCase() !== "production") return;
  throw new RolloutError("The idle slot is named production: it has to be another slot of the app.", {
    code: "slot-target",
    exit: "config",
    path: "slot",
    hint: 'Name the slot that new versions are put on, like "staging".',
  });
}

/** `slot-build-missing`: neither side has the build. */
export function missing(context: SwapContext, builds: Builds): RolloutError {
  return slotError(context, builds, {
    code: "slot-build-missing",
    what: `Neither side of ${context.api.address.app} has build ${context.buildId}`,
    hint: "Stage it first; or somebody else has put another build on the slot meanwhile.",
  });
}

/** `slot-foreign`: production serves what this rollout does not know. */
export function foreign(context: SwapContext, builds: Builds, from: string): RolloutError {
  return slotError(context, builds, {
    code: "slot-foreign",
    what: `Production was to serve ${from} before the swap to ${context.buildId}`,
    hint: "Somebody else has changed production; find out who before you swap their build away.",
  });
}

/** `slot-prepared`: a swap with preview waits to be finished. */
export function prepared(context: SwapContext, by: string): RolloutError {
  const { app } = context.api.address;
  return new RolloutError(`A swap with preview of ${app} waits to be finished, prepared with ${by}.`, {
    code: "slot-prepared",
    exit: "resource",
    hint: resetHint(context),
  });
}

/** `slot-obstacles`: ARM lists differences of level Error. */
export function obstacles(context: SwapContext, names: readonly string[]): RolloutError {
  return new RolloutError(`ARM sees differences that stand against the swap: ${names.join(", ")}.`, {
    code: "slot-obstacles",
    exit: "resource",
    hint: `Make ${context.api.address.slot} and production agree on them, then run it again.`,
  });
}

function resetHint({ api }: SwapContext): string {
  const { app, resourceGroup, slot } = api.address;
  return `Finish it, or take it back: az webapp deployment slot swap -g ${resourceGroup} -n ${app} --slot ${slot} --action reset`;
}
