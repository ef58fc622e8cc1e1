import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Lever } from "../../ports/lever.ts";
import type { RouteReading } from "../../types/observation.ts";
import { type BuildProbe, type Builds, describeBuilds, readBuilds } from "./builds.ts";
import { removeRampUp, ruleToSlot } from "./ramp-up.ts";
import type { SlotsApi } from "./slots-api.ts";
import { ensureProduction } from "./swap.ts";
import type { SwapLimits } from "./swap-limits.ts";

/** One rollout on one app. */
export interface SlotLeverOptions {
  readonly api: SlotsApi;
  readonly runtime: Pick<Runtime, "clock" | "random" | "logger">;
  /** Build ids of both sides of the rollout. */
  readonly builds: { readonly stable: string; readonly candidate?: string };
  readonly probe?: BuildProbe;
  readonly limits?: Partial<SwapLimits>;
}

/**
 * Slots as a lever: all or nothing. Exposure 100 is the swap, 0 is the swap back; both are `ensureProduction`, so
 * writing one twice swaps once, and a call resolves when its swap has ended. It finds out which side is which by
 * build ids, never by slot names, and refuses (`slot-foreign`) where production serves neither build.
 */
export function createSlotLever(options: SlotLeverOptions): Lever {
  const { api, runtime, builds } = options;
  const common = {
    api,
    runtime,
    ...(options.probe ? { probe: options.probe } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  };
  return {
    name: `slots of ${api.address.app}`,
    setExposure: async (exposure, signal) => {
      assertWhole(exposure);
      const candidate = candidateOf(options);
      const abort = signal ? { signal } : {};
      if (exposure === 0) {
        // Without a candidate only a rule can send traffic elsewhere.
        if (candidate === undefined) await removeRampUp(api, signal);
        else
          await ensureProduction({
            ...common,
            ...abort,
            buildId: builds.stable,
            direction: "back",
            from: candidate,
          });
        return;
      }
      if (candidate === undefined) throw noCandidate(api);
      await ensureProduction({ ...common, ...abort, buildId: candidate, from: builds.stable });
    },
    read: (signal) => readRoute(options, signal),
  };
}

function candidateOf({ builds }: SlotLeverOptions): string | undefined {
  return builds.candidate === builds.stable ? undefined : builds.candidate;
}

async function readRoute(options: SlotLeverOptions, signal?: AbortSignal): Promise<RouteReading> {
  const { api, probe } = options;
  const [site, seen, rule] = await Promise.all([
    api.site("production", signal),
    readBuilds(api, probe, signal),
    ruleToSlot(api, signal),
  ]);
  const { stable } = options.builds;
  const candidate = candidateOf(options);
  const share = rule?.reroutePercentage ?? 0;
  const at = seen.production === undefined ? undefined : exposureOf(seen, { stable, candidate, share });
  if (at === undefined) throw foreign(options, seen);
  return {
    exposure: at,
    accepted:
      site.operationId === undefined && (seen.answered === undefined || seen.answered === seen.production),
    // A build that only lies on the idle slot takes no traffic; one that a rule leads to can.
    hasCandidate: seen.production === candidate || (rule !== undefined && candidate !== undefined),
  };
}

/** Share of traffic on the candidate, 0-100 %; undefined where production serves neither build. */
function exposureOf(
  seen: Builds,
  of: { readonly stable: string; readonly candidate: string | undefined; readonly share: number },
): number | undefined {
  if (seen.production === of.stable) return seen.idle === of.candidate ? of.share : 0;
  if (seen.production !== of.candidate) return undefined;
  return seen.idle === of.stable ? 100 - of.share : 100;
}

function assertWhole(exposure: number): void {
  if (exposure === 0 || exposure === 100) return;
  throw new RolloutError(
    `An exposure of ${exposure} % was asked for: slots take all traffic or none, 0 or 100.`,
    {
      code: "exposure-invalid",
      exit: "config",
      hint: "Use the canary strategy where traffic shall move in steps.",
    },
  );
}

function noCandidate({ address }: SlotsApi): RolloutError {
  return new RolloutError(`No candidate is known that ${address.app} could be swapped to.`, {
    code: "route-shape",
    exit: "config",
    hint: `Stage the new version on the slot ${address.slot} first.`,
  });
}

function foreign({ api, builds }: SlotLeverOptions, seen: Builds): RolloutError {
  const expected = [builds.stable, builds.candidate].filter((id) => id !== undefined).join(" or ");
  const found = describeBuilds(seen, api.address.slot);
  return new RolloutError(`Production of ${api.address.app} was to serve ${expected}: ${found}.`, {
    code: "slot-foreign",
    exit: "resource",
    hint: "Somebody else has changed production or its settings.",
  });
}
