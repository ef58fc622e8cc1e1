import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { Lever } from "../../ports/lever.ts";
import type { SlotLeverConfig } from "../../types/slots.ts";
import { openArmSlots } from "./arm-client.ts";
import { createBuildProbe } from "./builds.ts";
import { createSlotLever } from "./slot-lever.ts";
import type { SwapLimits } from "./swap-limits.ts";

/** The slots of a policy. */
export interface OpenSlots {
  /** The lever of one rollout, by the identities of both sides, which are the build ids. */
  leverFor(sides: { readonly stable?: string; readonly candidate?: string }): Lever;
  /** Base URL of the idle slot's own host. */
  idleUrl(): Promise<string>;
}

/** Opens an app's slots over ARM; nobody is asked before the first call. */
export async function openSlots(options: {
  readonly config: SlotLeverConfig;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** How a swap is watched. */
  readonly limits?: Partial<SwapLimits>;
}): Promise<OpenSlots> {
  const { config, runtime, credential } = options;
  const { subscriptionId, resourceGroup, app, slot, buildPath, endpoint } = config;
  const api = await openArmSlots({
    address: { subscriptionId, resourceGroup, app, slot },
    credential,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const probe = buildPath === undefined ? {} : { probe: createBuildProbe(runtime, buildPath) };
  return {
    // Before a first install there is no build to go back to; nothing of it moves by a lever.
    leverFor: ({ stable = "", candidate }) =>
      createSlotLever({
        api,
        runtime,
        builds: { stable, ...(candidate === undefined ? {} : { candidate }) },
        ...probe,
        ...(options.limits ? { limits: options.limits } : {}),
      }),
    idleUrl: async () => `https://${(await api.site("idle")).hostName}`,
  };
}
