import type * as appconfiguration from "@pulumi/azure-native/appconfiguration/index.js";
import type { Input } from "@pulumi/pulumi";
import type { Rollout } from "./rollout.ts";

/** Service levels of a store. */
export const storeSkus = ["free", "developer", "standard", "premium"] as const;

/** A store to make. */
export interface NewStore {
  /** Name in Azure, unique in the world: 5-50 letters, digits and hyphens. Plain data. */
  readonly name: string;
  /** Default `standard`: a free store answers 1,000 requests a day, which one application uses up in hours. */
  readonly sku?: (typeof storeSkus)[number];
}

/** One function per kind of child; each sees what the component is about to register. Must be pure. */
export interface FeatureFlagTransforms {
  /** Soft delete, purge protection, private access and the like. */
  readonly store?: (args: appconfiguration.ConfigurationStoreArgs) => appconfiguration.ConfigurationStoreArgs;
  /** Which flag it is, and its value, are the rollout's: those stay. */
  readonly flag?: (args: appconfiguration.KeyValueArgs) => appconfiguration.KeyValueArgs;
}

/** Arguments of `FeatureFlagRollout`. What the flag is, and how it is opened, is the policy's `flag`. */
export interface FeatureFlagRolloutArgs {
  readonly rollout: Rollout;
  readonly resourceGroup: Input<string>;
  /** Name of a store that is there, or one to make. The endpoint in the policy's `flag` is this store's. */
  readonly store: Input<string> | { readonly create: NewStore };
  /** Where a store is made; default: the resource group's. */
  readonly location?: Input<string>;
  /** Tags of what it makes; default: none. */
  readonly tags?: Readonly<Record<string, Input<string>>>;
  readonly transform?: FeatureFlagTransforms;
}
