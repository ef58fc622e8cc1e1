import { RolloutError } from "../../errors/errors.ts";
import type { Clock } from "../../lib/runtime.ts";
import { exposureOfFlag } from "../../plan/flag-exposure.ts";
import { parseFlag } from "../../plan/flag-json.ts";
import type { Flags } from "../../ports/flags.ts";
import type { Lever } from "../../ports/lever.ts";
import type { FlagSpec } from "../../types/flag-config.ts";
import { flagGone, switchFlag } from "./switch-flag.ts";

export interface FlagLeverOptions {
  readonly flags: Flags;
  readonly spec: FlagSpec;
  /** Of the rollout: virtual in a rehearsal. */
  readonly clock: Clock;
  /** At which interval applications read the flag. */
  readonly refreshMs: number;
}

/**
 * Switches a flag off by one write that keeps all else that stands in it; it opens nothing, which is the stack's to do.
 * What was written counts as accepted once every application has had the time to read it.
 *
 * @throws RolloutError of `switchFlag`; `flag-lever-opens` for an exposure above 0
 */
export function createFlagLever({ flags, spec, clock, refreshMs }: FlagLeverOptions): Lever {
  // By the store's own etag: a write of whoever's starts the time anew, and so does another process.
  let seen: { readonly etag: string; readonly atMs: number } | undefined;
  return {
    name: `flag ${spec.id}`,
    setExposure: async (exposure, signal) => {
      if (exposure !== 0) throw opensNothing(spec, exposure);
      await switchFlag(flags, false, { clock, ...(signal === undefined ? {} : { signal }) });
    },
    read: async (signal) => {
      const there = await flags.read(signal);
      if (there === undefined) throw flagGone(flags);
      const nowMs = clock.now();
      if (seen?.etag !== there.etag) seen = { etag: there.etag, atMs: nowMs };
      const flag = parseFlag(there.value);
      const exposure = exposureOfFlag(flag, spec);
      return {
        exposure,
        accepted: nowMs - seen.atMs >= refreshMs,
        hasCandidate: flag["enabled"] === true && exposure > 0,
      };
    },
  };
}

function opensNothing({ id }: FlagSpec, exposure: number): RolloutError {
  return new RolloutError(`The lever of ${id} was asked to open it to ${exposure} %.`, {
    code: "flag-lever-opens",
    exit: "error",
    hint: "A flag is opened by the stack, phase by phase; its lever only switches it off.",
  });
}
