import type * as web from "@pulumi/azure-native/web/index.js";
import type { Input } from "@pulumi/pulumi";
import type { Rollout } from "./rollout.ts";
import type { SlotReleaseLimits, StickySettings } from "./slot-release.ts";
import type { SecretVariable } from "./workload-args.ts";

/** One function per kind of child; each sees what the component is about to register. Must be pure. */
export interface BlueGreenTransforms {
  readonly plan?: (args: web.AppServicePlanArgs) => web.AppServicePlanArgs;
  readonly app?: (args: web.WebAppArgs) => web.WebAppArgs;
  /** Change the same as for `app`, or the swap changes more than the version. */
  readonly slot?: (args: web.WebAppSlotArgs) => web.WebAppSlotArgs;
}

/** Arguments of `BlueGreenApp`. */
export interface BlueGreenAppArgs {
  readonly rollout: Rollout;
  readonly subscriptionId: Input<string>;
  readonly resourceGroup: Input<string>;
  /** Default: the resource group's. */
  readonly location?: Input<string>;
  /** Name of the app in Azure, unique there. Default: the component's name. Plain data. */
  readonly app?: string;
  /** Name of the idle slot; default `staging`. Plain data. */
  readonly slot?: string;
  /** A plan to make (Standard or higher: only those have slots), or one that is there. */
  readonly plan:
    | { readonly sku: string; readonly workers: number }
    | { readonly id: Input<string>; readonly workers?: number };
  /** Image without tag, which the version becomes; or pinned by digest. Plain data, part of the version. */
  readonly image: string;
  /** Port of the container that serves HTTP. Plain data, part of the version. */
  readonly port: number;
  /** App settings of the version; `secretRef` is a Key Vault reference (`name` vault, `key` secret). */
  readonly env?: Readonly<Record<string, string | SecretVariable>>;
  /** More app settings of the version. */
  readonly config?: Readonly<Record<string, string>>;
  /** App settings that stay with their side, and their values. Not part of the version. */
  readonly sticky?: StickySettings;
  /** What a swap waits for on each instance; default GET /health/ready with 200. Part of what is staged. */
  readonly warmUp?: { readonly path?: string; readonly statuses?: readonly number[] };
  /** App Service's own health check; default `/health/live`. */
  readonly healthPath?: string;
  /** Path at which the app answers its build id (the app setting ROLLOUTS_BUILD_ID). Default: it isn't asked. */
  readonly buildPath?: string;
  /** User-assigned identities of both sides, by id; default: one system-assigned each. */
  readonly identity?: { readonly userAssigned: readonly Input<string>[] };
  readonly subnetId?: Input<string>;
  /** ARM's base URL where it is not the public cloud's. */
  readonly endpoint?: Input<string>;
  /** How a swap is watched and tried again. */
  readonly swap?: SlotReleaseLimits;
  readonly transform?: BlueGreenTransforms;
}
