import type * as appconfiguration from "@pulumi/azure-native/appconfiguration/index.js";
import { keyValueName } from "../../plan/flag-key.ts";
import { flagContentType } from "../../plan/flag-value.ts";
import { flagText, shownSpec } from "../../plan/render-flag.ts";
import type { FeatureFlagRolloutArgs, NewStore } from "../feature-flag-args.ts";
import type { ClaimedFlag } from "../rollout.ts";

/** What of the flag's resource is the rollout's alone. */
export const ownMembers = ["configStoreName", "keyValueName", "value", "contentType"] as const;

/**
 * The flag as its release has it, under the store's name for key and label. The whole value is the stack's: what somebody
 * else writes is found before the next write, never ignored. Pure, but for the caller's transform.
 */
export function renderKeyValue(
  { flag: { label }, release }: Pick<ClaimedFlag, "flag" | "release">,
  { resourceGroup, store, tags, transform }: FeatureFlagRolloutArgs,
): { readonly own: appconfiguration.KeyValueArgs; readonly args: appconfiguration.KeyValueArgs } {
  const { id } = shownSpec(release);
  const own: appconfiguration.KeyValueArgs = {
    resourceGroupName: resourceGroup,
    configStoreName: isNew(store) ? store.create.name : store,
    keyValueName: keyValueName({ id, ...(label === undefined ? {} : { label }) }),
    value: flagText(release),
    contentType: flagContentType,
    ...tagsOf(tags),
  };
  return { own, args: transform?.flag === undefined ? own : transform.flag(own) };
}

/** The store, where the component makes one. */
export function renderStore({
  resourceGroup,
  store,
  location,
  tags,
  transform,
}: FeatureFlagRolloutArgs): appconfiguration.ConfigurationStoreArgs | undefined {
  if (!isNew(store)) return undefined;
  const { name, sku } = store.create;
  const rendered: appconfiguration.ConfigurationStoreArgs = {
    configStoreName: name,
    resourceGroupName: resourceGroup,
    ...(location === undefined ? {} : { location }),
    sku: { name: sku ?? "standard" },
    // Resource Manager writes the flag as whoever runs the update, not by an access key.
    dataPlaneProxy: { authenticationMode: "Pass-through" },
    ...tagsOf(tags),
  };
  return transform?.store === undefined ? rendered : transform.store(rendered);
}

/** Whether the store is one to make. */
export function isNew(store: FeatureFlagRolloutArgs["store"]): store is { readonly create: NewStore } {
  return typeof store === "object" && store !== null && "create" in store;
}

/** An empty map would be an update for ever. */
function tagsOf(tags: FeatureFlagRolloutArgs["tags"]): Pick<appconfiguration.KeyValueArgs, "tags"> {
  return tags === undefined || Object.keys(tags).length === 0 ? {} : { tags: { ...tags } };
}
