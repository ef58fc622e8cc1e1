import { messageOf } from "../../lib/error-message.ts";
import { armFailure } from "./arm-failure.ts";
import { type Builds, readBuilds, serves } from "./builds.ts";
import type { ArmFailure, RunningSwap, SiteReading } from "./slots-api.ts";
import type { SwapContext } from "./swap.ts";

/** What became of one swap that was asked for. */
export type SwapOutcome =
  /** Read back: newer swap on the site, the build in production. */
  | { readonly kind: "done" }
  /** Nothing was begun, or it was taken back whole: it may be tried again. */
  | { readonly kind: "again"; readonly message: string }
  /** A swap with preview stands in the way; nothing was begun. */
  | { readonly kind: "prepared"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string }
  /** Not over in time. */
  | { readonly kind: "stuck"; readonly message: string };

/** What a look at the site shows. */
interface Look {
  readonly site: SiteReading;
  readonly builds: Builds;
}

/** What the watch has seen so far. */
interface Watch {
  readonly startedMs: number;
  /** The swap before ours: only a newer one can be ours. */
  readonly before: SiteReading["lastSwap"];
  /** Undefined: the answer to our request was lost. */
  readonly running: RunningSwap | undefined;
  endedMs?: number;
  /** An operation was seen on the site. */
  seen: boolean;
}

/**
 * Asks for one swap and watches until it is over. ARM's operation says when to look, and how it failed; that it
 * succeeded is only what the site shows: a newer swap from our slot, and the build in production.
 */
export async function swapOnce(context: SwapContext, before: SiteReading["lastSwap"]): Promise<SwapOutcome> {
  const { api, runtime, signal } = context;
  let running: RunningSwap | undefined;
  try {
    running = await api.startSwap(signal);
  } catch (error) {
    const failure = armFailure(error);
    if (failure.kind !== "unknown") return outcomeOf(failure);
    // Not even an abort tells whether ARM has begun; from here on the site is the only witness.
    runtime.logger.debug(`the answer to the swap was lost (${failure.message}): reading back`);
  }
  const watch: Watch = { startedMs: runtime.clock.now(), before, running, seen: false };
  for (;;) {
    const outcome = await look(context, watch);
    if (outcome !== undefined) return outcome;
    // A swap that is under way is never left: an abort ends the watch no earlier than its limit does.
    await runtime.clock.sleep(context.limits.pollMs);
  }
}

async function look(context: SwapContext, watch: Watch): Promise<SwapOutcome | undefined> {
  const { runtime, limits } = context;
  const progress = await watch.running?.poll();
  if (progress?.status === "ended") watch.endedMs ??= runtime.clock.now();
  const seen = await readSite(context);
  if (seen !== undefined) {
    if (confirmed(context, watch, seen)) return { kind: "done" };
    watch.seen ||= seen.site.operationId !== undefined;
    if (progress?.status === "failed") return outcomeOf(progress.failure);
    const over = isOver(context, watch, seen);
    if (over !== undefined) return over;
  } else if (progress?.status === "failed") return outcomeOf(progress.failure);
  if (runtime.clock.now() - watch.startedMs < limits.stuckMs) return undefined;
  return { kind: "stuck", message: `the swap was not over within ${limits.stuckMs / 1000} s` };
}

async function readSite({ api, probe, runtime }: SwapContext): Promise<Look | undefined> {
  try {
    const [site, builds] = await Promise.all([api.site("production"), readBuilds(api, probe)]);
    return { site, builds };
  } catch (error) {
    runtime.logger.debug(`the site can't be read while it swaps: ${messageOf(error)}`);
    return undefined;
  }
}

function confirmed({ api, buildId }: SwapContext, watch: Watch, { site, builds }: Look): boolean {
  if (!serves(builds, buildId)) return false;
  const swap = site.lastSwap;
  const newer = swap !== undefined && swap.atMs > (watch.before?.atMs ?? Number.NEGATIVE_INFINITY);
  if (!newer || swap.source.toLowerCase() !== api.address.slot.toLowerCase()) return false;
  // After the switch the other side is still being prepared: a swap back would be refused until it is over.
  return watch.running?.tracked ? watch.endedMs !== undefined : site.operationId === undefined;
}

/** Whether a swap that the site doesn't show can still come. */
function isOver(
  { runtime, limits, buildId }: SwapContext,
  watch: Watch,
  { site }: Look,
): SwapOutcome | undefined {
  const now = runtime.clock.now();
  if (site.operationId !== undefined) return undefined;
  // An operation that was there and is gone is over, whether or not ARM let us follow it.
  if (watch.seen) watch.endedMs ??= now;
  if (watch.endedMs !== undefined) {
    if (now - watch.endedMs < limits.settleMs) return undefined;
    return { kind: "failed", message: `ARM's operation is over and production does not serve ${buildId}` };
  }
  if (watch.running !== undefined || now - watch.startedMs < limits.unseenMs) return undefined;
  return { kind: "again", message: "the request to swap was lost on the way" };
}

/** Whether a failure leaves everything as it was. */
function outcomeOf({ kind, message }: ArmFailure): SwapOutcome {
  const again = kind === "in-progress" || kind === "vm-allocation" || kind === "throttled";
  return { kind: again ? "again" : kind === "prepared" ? "prepared" : "failed", message };
}
