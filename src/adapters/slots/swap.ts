import { messageOf } from "../../lib/error-message.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { assertTravels, type BuildProbe, type Builds, readBuilds, serves } from "./builds.ts";
import { removeRampUp } from "./ramp-up.ts";
import type { SiteReading, SlotsApi } from "./slots-api.ts";
import * as fail from "./swap-errors.ts";
import { defaultSwapLimits, type SwapLimits } from "./swap-limits.ts";
import * as refuse from "./swap-refusals.ts";
import { swapOnce } from "./swap-watch.ts";

/** What `ensureProduction` is asked for. */
export interface EnsureProduction {
  readonly api: SlotsApi;
  /** The build that production has to serve. */
  readonly buildId: string;
  /** The build that production may serve before; another one is somebody else's and is not swapped away. */
  readonly from?: string;
  /** Asks the app too which build answers; without it the app settings alone are believed. */
  readonly probe?: BuildProbe;
  readonly runtime: Pick<Runtime, "clock" | "random" | "logger">;
  /**
   * `back` is for reverts: users first. It takes back a swap with preview that stands in the way, and does not ask
   * ARM for its list of differences. Default: `forward`.
   */
  readonly direction?: "forward" | "back";
  /** Only `production` is taken; here so that a config that names another slot is refused and not ignored. */
  readonly target?: string;
  readonly limits?: Partial<SwapLimits>;
  /** Stops before a swap is asked for; one that is under way is watched to its end. */
  readonly signal?: AbortSignal;
}

/** What `ensureProduction` had to do. */
export interface EnsuredProduction {
  /** Whether this call swapped. False: production served the build already. */
  readonly swapped: boolean;
  /** How often ARM was asked to swap. */
  readonly requests: number;
  /** ms of the rollout's clock. */
  readonly ms: number;
}

/** One call's settled options. */
export interface SwapContext {
  readonly api: SlotsApi;
  readonly buildId: string;
  readonly probe: BuildProbe | undefined;
  readonly runtime: EnsureProduction["runtime"];
  readonly limits: SwapLimits;
  readonly direction: "forward" | "back";
  readonly from: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes production serve a build: nothing to do where it does, one swap where the idle slot holds it, an error that
 * names both otherwise. Every look goes by the build id, so running it again, after a crash in any moment too, makes
 * no second swap. Percentage rules that lead to the idle slot are removed: production serves nobody but its own.
 *
 * @throws RolloutError `slot-target`, `slot-sticky-build`, `slot-build-missing`, `slot-foreign`, `slot-prepared`,
 * `slot-obstacles`, `swap-failed`, `swap-stuck`, `swap-busy`
 */
export async function ensureProduction(options: EnsureProduction): Promise<EnsuredProduction> {
  refuse.otherTargets(options.target, options.api.address.slot);
  const { signal, runtime } = options;
  const context: SwapContext = {
    api: options.api,
    buildId: options.buildId,
    probe: options.probe,
    runtime,
    limits: { ...defaultSwapLimits, ...options.limits },
    direction: options.direction ?? "forward",
    from: options.from,
    signal,
  };
  const startedMs = runtime.clock.now();
  const rules = await withoutRules(context);
  await assertTravels(context.api, signal);
  const requests = await swapUntilServed(context);
  // Users came first; rules that could not be removed then have to be now.
  if (!rules) await removeRampUp(context.api, signal);
  return { swapped: requests > 0, requests, ms: runtime.clock.now() - startedMs };
}

async function withoutRules({ api, runtime, signal }: SwapContext): Promise<boolean> {
  try {
    await removeRampUp(api, signal);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    runtime.logger.warn(`percentage rules could not be removed before the swap: ${messageOf(error)}`);
    return false;
  }
}

/** How often it had to ask. */
async function swapUntilServed(context: SwapContext): Promise<number> {
  const { limits, signal } = context;
  let last = "";
  let requests = 0;
  for (;;) {
    const { site, builds } = await settled(context);
    if (serves(builds, context.buildId)) {
      if (await nothingUnderWay(context)) return requests;
      continue;
    }
    if (requests > limits.retries) throw fail.busy(context, builds, last);
    signal?.throwIfAborted();
    await maySwap(context, site, builds);
    const outcome = await swapOnce(context, site.lastSwap);
    requests++;
    if (outcome.kind === "done") return requests;
    if (outcome.kind === "failed" || outcome.kind === "stuck") {
      await afterTrouble(context, outcome);
      return requests;
    }
    if (outcome.kind === "prepared") await unprepare(context, "another slot");
    last = outcome.message;
    await pause(context, requests - 1);
  }
}

/**
 * The site at rest: an operation of an earlier, crashed run or of somebody else is waited for. On the way back it is
 * first asked to stop: a swap that is stuck in its warm-up must not cost a revert five minutes.
 */
async function settled(
  context: SwapContext,
): Promise<{ readonly site: SiteReading; readonly builds: Builds }> {
  const { api, probe, runtime, limits, signal } = context;
  const startedMs = runtime.clock.now();
  for (let looks = 0; ; looks++) {
    const [site, builds] = await Promise.all([
      api.site("production", signal),
      readBuilds(api, probe, signal),
    ]);
    const waited = runtime.clock.now() - startedMs;
    const answering = builds.production !== context.buildId || serves(builds, context.buildId);
    if (site.operationId === undefined && answering) return { site, builds };
    if (site.operationId === undefined && waited >= limits.settleMs) throw fail.unclear(context, builds);
    if (waited >= limits.stuckMs) {
      await afterTrouble(context, {
        kind: "stuck",
        message: `an operation is running for ${waited / 1000} s`,
      });
    }
    signal?.throwIfAborted();
    const stop = looks === 0 && site.operationId !== undefined && context.direction === "back";
    if (!stop || !(await api.reset(signal))) await runtime.clock.sleep(limits.pollMs, signal);
  }
}

/**
 * Before a revert says that there was nothing to do: a swap that an earlier run has begun would still come, and ARM
 * may not show it. A reset, harmless by itself, is refused as long as one is running. False: one was, so look again.
 */
async function nothingUnderWay(context: SwapContext): Promise<boolean> {
  const { api, runtime, limits, direction, signal } = context;
  if (direction === "forward") return true;
  const startedMs = runtime.clock.now();
  for (let waited = false; ; waited = true) {
    if (await api.reset(signal)) return !waited;
    if (runtime.clock.now() - startedMs >= limits.stuckMs) {
      const builds = await readBuilds(api, context.probe, signal);
      throw fail.stuck(context, builds, {
        message: "an operation that ARM does not show is running",
        running: true,
      });
    }
    await runtime.clock.sleep(limits.pollMs, signal);
    signal?.throwIfAborted();
  }
}

/** What has to hold before a swap is asked for. */
async function maySwap(context: SwapContext, site: SiteReading, builds: Builds): Promise<void> {
  const { api, buildId, direction, from, signal } = context;
  if (builds.idle !== buildId) throw refuse.missing(context, builds);
  if (from !== undefined && builds.production !== undefined && builds.production !== from) {
    throw refuse.foreign(context, builds, from);
  }
  if (site.preparedWith !== undefined) await unprepare(context, site.preparedWith);
  if (direction === "back") return;
  const obstacles = await api.obstacles(signal);
  if (obstacles.length > 0) throw refuse.obstacles(context, obstacles);
}

/** A swap with preview is somebody's work: only a revert takes it back. */
async function unprepare(context: SwapContext, by: string): Promise<void> {
  if (context.direction === "forward") throw refuse.prepared(context, by);
  context.runtime.logger.warn(
    `takes back a swap with preview, prepared with ${by}, that blocks the way back`,
  );
  await context.api.reset(context.signal);
}

/**
 * After a failure or a stuck swap: takes back what it has left, then believes only the site. Returns where
 * production serves the build after all; throws otherwise.
 */
async function afterTrouble(
  context: SwapContext,
  outcome: { readonly kind: "failed" | "stuck"; readonly message: string },
): Promise<void> {
  const { api, probe, runtime, limits, buildId } = context;
  if (outcome.kind === "stuck") await api.reset();
  const startedMs = runtime.clock.now();
  for (;;) {
    const [site, builds] = await Promise.all([api.site("production"), readBuilds(api, probe)]);
    const running = site.operationId !== undefined;
    const over = runtime.clock.now() - startedMs >= (outcome.kind === "stuck" ? limits.settleMs : 0);
    if (!running && serves(builds, buildId)) return;
    if (!running || over) {
      if (outcome.kind === "stuck") throw fail.stuck(context, builds, { message: outcome.message, running });
      throw fail.failed(context, builds, outcome.message);
    }
    await runtime.clock.sleep(limits.pollMs);
  }
}

async function pause({ runtime, limits, signal }: SwapContext, tries: number): Promise<void> {
  const ms = Math.min(60_000, limits.backoffMs * 2 ** tries);
  await runtime.clock.sleep(ms * (1 + runtime.random() / 4), signal);
  signal?.throwIfAborted();
}
