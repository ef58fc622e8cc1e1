import { belongs } from "./belongs.ts";
import type { StackResource } from "./rule.ts";

const web = "azure-native:web";
/** The types of an app, and of its slots. */
export const webApp = `${web}:WebApp`;
export const webAppSlot = `${web}:WebAppSlot`;
/** The type of a slot's own settings. */
export const slotSettings = `${web}:WebAppApplicationSettingsSlot`;

/** An app of App Service with its slots, and what says which settings stay where. */
export interface Site {
  /** Absent: another stack has it. */
  readonly app?: StackResource;
  readonly slots: readonly StackResource[];
  readonly stickyNames: readonly StackResource[];
  /** Settings of both sides: `SlotRelease`, and settings resources of app and slot. */
  readonly settings: readonly StackResource[];
}

/** The apps of a stack. What stands under one component is one app's; where that has several, names tell them apart. */
export function sitesIn(
  resources: readonly StackResource[],
  scope: { readonly everywhere: boolean },
): readonly Site[] {
  const own = resources.filter((one) => isOfSite(one.type) && belongs(one, scope));
  const families = Map.groupBy(own, ({ parent }) => parent?.urn ?? "");
  return [...families.values()].flatMap((family) => {
    const apps = family.filter(({ type }) => type === webApp);
    if (apps.length < 2) return [siteOf(family)];
    return [...Map.groupBy(family, appName).values()].map(siteOf);
  });
}

function siteOf(family: readonly StackResource[]): Site {
  const ofType = (...types: readonly string[]) => family.filter(({ type }) => types.includes(type));
  const [app] = ofType(webApp);
  return {
    ...(app === undefined ? {} : { app }),
    slots: ofType(webAppSlot),
    stickyNames: ofType(stickyType),
    settings: ofType(slotRelease, ...settingsTypes),
  };
}

const stickyType = `${web}:WebAppSlotConfigurationNames`;

/** The type of `SlotRelease`. */
export const slotRelease = "pulumi-nodejs:dynamic/rollouts:SlotRelease";

/** Types of resources that replace the settings of one side. */
export const settingsTypes: readonly string[] = [`${web}:WebAppApplicationSettings`, slotSettings];

function isOfSite(type: string): boolean {
  return [webApp, webAppSlot, stickyType, ...settingsTypes, slotRelease].includes(type);
}

/** Azure answers with `app/slot` for the name of a slot. */
function appName({ type, props }: StackResource): string {
  const name: unknown = type === slotRelease ? props["app"] : props["name"];
  return typeof name === "string" ? (name.split("/")[0] ?? "") : "";
}
