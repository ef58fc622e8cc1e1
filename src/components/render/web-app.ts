import type * as web from "@pulumi/azure-native/web/index.js";
import type { Input } from "@pulumi/pulumi";
import type { BlueGreenAppArgs } from "../blue-green-args.ts";

/** What a swap exchanges, or the rollout moves: owned by `SlotRelease`, so an update of the shape leaves it. */
export const exchanged = ["siteConfig.appSettings", "siteConfig.linuxFxVersion", "siteConfig.experiments"];

/** Names that the children have in Azure. */
export interface AppNames {
  readonly app: string;
  readonly slot: string;
}

/** The App Service plan, where the component makes one. Slots need Standard or higher. Pure. */
export function renderPlan(app: string, args: BlueGreenAppArgs): web.AppServicePlanArgs | undefined {
  const { plan, resourceGroup, location, transform } = args;
  if ("id" in plan) return undefined;
  const rendered: web.AppServicePlanArgs = {
    name: `${app}-plan`,
    resourceGroupName: resourceGroup,
    ...(location === undefined ? {} : { location }),
    kind: "linux",
    reserved: true,
    sku: { name: plan.sku, capacity: plan.workers },
  };
  return transform?.plan === undefined ? rendered : transform.plan(rendered);
}

/** The app itself: shape alone, no version. The slot gets the same, or a swap would change more than the version. */
export function renderApp(names: AppNames, args: BlueGreenAppArgs, planId: Input<string>): web.WebAppArgs {
  const rendered = { name: names.app, ...shapeOf(args, planId) };
  return args.transform?.app === undefined ? rendered : args.transform.app(rendered);
}

/** The idle slot. Its `kind` has to be the app's (pulumi-azure-native#4748). */
export function renderSlot(
  names: AppNames,
  args: BlueGreenAppArgs,
  planId: Input<string>,
): web.WebAppSlotArgs {
  const rendered = { name: names.app, slot: names.slot, ...shapeOf(args, planId) };
  return args.transform?.slot === undefined ? rendered : args.transform.slot(rendered);
}

/** Settings that stay with their slot. The build id is never among them: it travels with the content. */
export function renderStickyNames(
  names: AppNames,
  args: BlueGreenAppArgs,
): web.WebAppSlotConfigurationNamesArgs {
  const { production = {}, idle = {} } = args.sticky ?? {};
  return {
    name: names.app,
    resourceGroupName: args.resourceGroup,
    appSettingNames: [...new Set([...Object.keys(production), ...Object.keys(idle)])].sort(),
  };
}

function shapeOf(args: BlueGreenAppArgs, serverFarmId: Input<string>) {
  const { resourceGroup, location, identity, healthPath, subnetId } = args;
  return {
    resourceGroupName: resourceGroup,
    ...(location === undefined ? {} : { location }),
    kind: "app,linux,container",
    serverFarmId,
    httpsOnly: true,
    // Users must be able to move with the swap: an affinity cookie holds them on an instance.
    clientAffinityEnabled: false,
    identity: identityOf(identity),
    ...(subnetId === undefined ? {} : { virtualNetworkSubnetId: subnetId }),
    siteConfig: {
      alwaysOn: true,
      healthCheckPath: healthPath ?? "/health/live",
      ftpsState: "Disabled",
      minTlsVersion: "1.2",
      http20Enabled: true,
    },
  } satisfies Omit<web.WebAppArgs, "name">;
}

/** Identities don't travel: a user-assigned one on both sides has the same rights before and after a swap. */
function identityOf(ids: BlueGreenAppArgs["identity"]): web.WebAppArgs["identity"] & object {
  if (ids === undefined) return { type: "SystemAssigned" };
  return { type: "UserAssigned", userAssignedIdentities: [...ids.userAssigned] };
}
