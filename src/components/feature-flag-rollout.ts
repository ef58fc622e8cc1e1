import * as appconfiguration from "@pulumi/azure-native/appconfiguration/index.js";
import { ComponentResource, type ComponentResourceOptions, type Output, output } from "@pulumi/pulumi";
import { flagKey } from "../plan/flag-value.ts";
import { shownExposure, shownSpec } from "../plan/render-flag.ts";
import type { FeatureFlagRolloutArgs } from "./feature-flag-args.ts";
import { recordedSides } from "./recorded.ts";
import { renderKeyValue, renderStore } from "./render/key-value.ts";
import type { ClaimedFlag } from "./rollout.ts";
import { assertFlagArgs, assertItsStore, assertOwn } from "./validate-flag.ts";

/**
 * The stack's feature flag in Azure App Configuration: what it is and its phases come from the policy's `flag`, and it is
 * made off. Beside a service it is made after the service's component, whose code it opens; alone (the lever
 * `app-configuration`) it is what the stack rolls out, and has the service's name.
 *
 * @throws RolloutError `config-invalid` (every problem at once), `flag-missing`, `flag-before-service`, `step-refused` and
 * what else `rollout.claimFlag` refuses; always before a resource of it is registered
 */
export class FeatureFlagRollout extends ComponentResource {
  /** Key of the flag in its store. */
  readonly key: Output<string>;
  /** Changes with every write, whoever makes it. */
  readonly etag: Output<string>;
  /** Share of the tenants that nobody has named that have the feature, 0-100 %; 0.5 where the named ones alone have it. */
  readonly exposure: Output<number>;

  constructor(name: string, args: FeatureFlagRolloutArgs, opts?: ComponentResourceOptions) {
    assertFlagArgs(name, args);
    // Before super(): a refused step must not register anything, the component itself included.
    const claimed = args.rollout.claimFlag(name);
    assertItsStore(name, args.store, claimed.flag);
    const flag = renderKeyValue(claimed, args);
    assertOwn(name, flag);
    super("rollouts:index:FeatureFlagRollout", name, recorded(name, claimed), opts);
    const storeArgs = renderStore(args);
    const dependsOn =
      storeArgs === undefined
        ? []
        : [new appconfiguration.ConfigurationStore(name, storeArgs, { parent: this })];
    const keyValue = new appconfiguration.KeyValue(name, flag.args, { parent: this, dependsOn });
    args.rollout.track([keyValue]);
    const { release } = claimed;
    this.key = output(flagKey(shownSpec(release).id));
    this.etag = keyValue.eTag;
    // Not before the store has it: outputs of a failed update are written too.
    this.exposure = keyValue.id.apply(() => shownExposure(release));
    this.registerOutputs({ key: this.key, etag: this.etag, exposure: this.exposure });
  }
}

/**
 * What the component records of itself, as plain values: what policies see of a rollout. The definition is the one that
 * stands in the store, so that a revert brings back what was recorded before it. A settled flag names neither strategy
 * nor phases, as a settled service does.
 */
function recorded(service: string, { flag, release, intent }: ClaimedFlag): Record<string, unknown> {
  const { id, by, beta, exclude, variants, telemetry } = shownSpec(release);
  const { strategy: _strategy, increments: _increments, ...settled } = intent;
  return {
    service,
    intent: release.candidate === undefined ? settled : intent,
    flag: {
      id,
      ...(flag.label === undefined ? {} : { label: flag.label }),
      by,
      beta: {
        users: beta.users.length,
        groups: beta.groups.map(({ name, percentage }) => ({ name, percentage })),
      },
      exclude: { users: exclude.users.length, groups: [...exclude.groups] },
      ...(variants === undefined ? {} : { variants: { on: variants.on.name, off: variants.off.name } }),
      telemetry,
    },
    ...recordedSides(release),
  };
}
