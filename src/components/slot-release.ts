import { CustomResource, type CustomResourceOptions, type Input, type Output } from "@pulumi/pulumi";
import { slotProviderSource } from "./slot-release-provider.ts";

/** What a slot has to hold to run one build. */
export interface SlotContentArgs {
  /** Identity of the version; it stands on the slot as the app setting `ROLLOUTS_BUILD_ID`. */
  readonly buildId: string;
  /** Stack or image, `DOCKER|registry/name:tag`; absent: it stays as it is. */
  readonly linuxFxVersion?: string;
  /** App settings of the version, which travel with it. Plain data; secrets as Key Vault references. */
  readonly settings: Readonly<Record<string, string>>;
}

/** App settings that stay with their side whatever is swapped. Their names have to be sticky on the app. */
export interface StickySettings {
  readonly production?: Readonly<Record<string, Input<string>>>;
  readonly idle?: Readonly<Record<string, Input<string>>>;
}

/** Times in ms; defaults in docs/blue-green.md. */
export interface SlotReleaseLimits {
  readonly pollMs?: number;
  readonly stuckMs?: number;
  readonly settleMs?: number;
  readonly unseenMs?: number;
  readonly retries?: number;
  readonly backoffMs?: number;
}

/** Arguments of `SlotRelease`. */
export interface SlotReleaseArgs {
  readonly subscriptionId: Input<string>;
  readonly resourceGroup: Input<string>;
  readonly app: Input<string>;
  /** The idle slot, `staging`. */
  readonly slot: Input<string>;
  /** What production has to serve. It is put there by a swap alone; only a first install may stage and swap at once. */
  readonly production: SlotContentArgs;
  /** What the idle slot has to hold, while there is a candidate. */
  readonly staged?: SlotContentArgs;
  readonly sticky?: StickySettings;
  /** Path at which the app answers its build id, `/version`; without it the app settings alone are believed. */
  readonly buildPath?: string;
  /** ARM's base URL where it is not the public cloud's. */
  readonly endpoint?: Input<string>;
  readonly limits?: SlotReleaseLimits;
}

/**
 * Which build production serves, as a resource: an update to another build is a swap of the slots, and none where
 * production serves it already. It owns content and roles of both slots; App and slot own the rest. Deleting it
 * leaves everything as it is. A preview asks nobody; a refresh asks what production serves.
 *
 * It is a dynamic resource: the engine needs `pulumi-resource-pulumi-nodejs` on its PATH, which the SDK's package
 * brings, and an Azure identity in its environment.
 */
export class SlotRelease extends CustomResource {
  /** The build that production serves; empty where it names none. */
  declare readonly productionBuild: Output<string>;

  constructor(name: string, args: SlotReleaseArgs, opts?: CustomResourceOptions) {
    const props = { ...args, productionBuild: undefined, __provider: slotProviderSource };
    super("pulumi-nodejs:dynamic/rollouts:SlotRelease", name, props, opts);
  }
}
