import type { WebSiteManagementClient } from "@azure/arm-appservice";
import type { TokenCredential } from "../../lib/token-credential.ts";
import { statusOf } from "./arm-failure.ts";
import { startSwap, watchOperations } from "./arm-operation.ts";
import { readingOf } from "./arm-reading.ts";
import type { RampUpRule, SlotAddress, SlotSide, SlotsApi } from "./slots-api.ts";

/** Which app, and as whom. */
export interface ArmSlotsOptions {
  readonly address: SlotAddress;
  readonly credential: TokenCredential;
  /** ARM's base URL; default: the public cloud's. */
  readonly endpoint?: string;
}

type WebApps = WebSiteManagementClient["webApps"];

/**
 * The slots of an app through `@azure/arm-appservice`. Two clients: the one that swaps never retries, for a retried
 * swap undoes itself (the SDK retries a POST on 500, 503, 429 and a lost connection); the other does as the SDK does.
 */
export async function openArmSlots(options: ArmSlotsOptions): Promise<SlotsApi> {
  const { address, credential, endpoint } = options;
  const { WebSiteManagementClient } = await import("@azure/arm-appservice");
  const at = endpoint === undefined ? {} : { endpoint };
  const calm = new WebSiteManagementClient(credential, address.subscriptionId, at);
  const once = new WebSiteManagementClient(credential, address.subscriptionId, {
    ...at,
    retryOptions: { maxRetries: 0 },
  });
  const lastAnswer = watchOperations(once);
  return {
    address,
    ...sites(calm.webApps, address),
    ...content(calm.webApps, address),
    ...traffic(calm.webApps, address),
    startSwap: (signal) => startSwap({ client: once, address, lastAnswer }, signal),
    reset: (signal) => resetBoth(calm.webApps, address, signal),
  };
}

function sites(webApps: WebApps, { resourceGroup, app, slot }: SlotAddress): Pick<SlotsApi, "site"> {
  return {
    site: async (side, signal) => {
      const options = abort(signal);
      const site =
        side === "production"
          ? await webApps.get(resourceGroup, app, options)
          : await webApps.getSlot(resourceGroup, app, slot, options);
      return readingOf(site, `${side} of ${app}`);
    },
  };
}

type Content = Pick<SlotsApi, "settings" | "mergeSettings" | "setImage" | "stickyNames">;

function content(webApps: WebApps, { resourceGroup, app, slot }: SlotAddress): Content {
  const settings = async (side: SlotSide, signal?: AbortSignal): Promise<Record<string, string>> => {
    const options = abort(signal);
    const answer =
      side === "production"
        ? await webApps.listApplicationSettings(resourceGroup, app, options)
        : await webApps.listApplicationSettingsSlot(resourceGroup, app, slot, options);
    return answer.properties ?? {};
  };
  return {
    settings,
    // ARM knows only the whole set: what isn't written again is gone (pulumi-azure-native#1876).
    mergeSettings: async (side, values, signal) => {
      const merged: Record<string, string | null> = { ...(await settings(side, signal)), ...values };
      const properties = Object.fromEntries(
        Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null),
      );
      const options = abort(signal);
      if (side === "production") {
        await webApps.updateApplicationSettings(resourceGroup, app, { properties }, options);
      } else {
        await webApps.updateApplicationSettingsSlot(resourceGroup, app, slot, { properties }, options);
      }
    },
    setImage: async (linuxFxVersion, signal) => {
      await webApps.updateConfigurationSlot(resourceGroup, app, slot, { linuxFxVersion }, abort(signal));
    },
    stickyNames: async (signal) => {
      const names = await webApps.listSlotConfigurationNames(resourceGroup, app, abort(signal));
      return names.appSettingNames ?? [];
    },
  };
}

type Traffic = Pick<SlotsApi, "rampUpRules" | "setRampUpRules" | "obstacles">;

function traffic(webApps: WebApps, { resourceGroup, app, slot }: SlotAddress): Traffic {
  return {
    rampUpRules: async (signal) => {
      const config = await webApps.getConfiguration(resourceGroup, app, abort(signal));
      return config.experiments?.rampUpRules ?? [];
    },
    // A PATCH: the PUT form would replace the site's whole configuration.
    setRampUpRules: async (rules, signal) => {
      const experiments = { rampUpRules: [...rules] as RampUpRule[] };
      await webApps.updateConfiguration(resourceGroup, app, { experiments }, abort(signal));
    },
    obstacles: async (signal) => {
      const entity = { targetSlot: "production", preserveVnet: true };
      const found: string[] = [];
      for await (const difference of webApps.listSlotDifferencesSlot(
        resourceGroup,
        app,
        slot,
        entity,
        abort(signal),
      )) {
        if (difference.level !== "Error") continue;
        // By name only: the values are settings, and settings may be secrets.
        found.push(`${difference.settingType ?? "setting"} ${difference.settingName ?? "unnamed"}`);
      }
      return found;
    },
  };
}

/**
 * On production as well as on the slot: a slot that was deleted while it was prepared leaves production locked
 * (azure-powershell#3667).
 */
async function resetBoth(
  webApps: WebApps,
  { resourceGroup, app, slot }: SlotAddress,
  signal?: AbortSignal,
): Promise<boolean> {
  const options = abort(signal);
  const slotFree = await unlessLocked(webApps.resetSlotConfigurationSlot(resourceGroup, app, slot, options));
  const siteFree = await unlessLocked(webApps.resetProductionSlotConfig(resourceGroup, app, options));
  return slotFree && siteFree;
}

async function unlessLocked(call: Promise<void>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return true;
    if (status === 409) return false;
    throw error;
  }
}

function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
