import type { ComponentResourceOptions } from "@pulumi/pulumi";
import { type ComponentKind, ServiceComponent } from "./service-component.ts";
import type { WorkloadArgs } from "./workload-args.ts";

const kind: ComponentKind = {
  token: "rollouts:index:CanaryDeployment",
  strategies: ["canary", "blue-green", "rolling", "direct", "feature-flag", "combined"],
};

/**
 * A service that takes a new version by weights: stable and candidate Deployments with a Service each, behind
 * one HTTPRoute. Stable is rendered from the release, never from today's arguments, so whatever an argument
 * changes reaches the candidate alone and a revert takes it back. Under a `rolling` or `direct` policy (a fix,
 * a hotfix, dev) the same component puts the new version in stable's place; under `blue-green` (a major version) it
 * brings all of it up without a user, and gives it everybody at once; under `feature-flag` and `combined` its code comes
 * as a canary, and a `FeatureFlagRollout` beside it opens the feature. Once that is settled, the stack is the same
 * whichever way it came.
 *
 * @throws RolloutError `config-invalid` (every problem at once), `step-refused` and what else `rollout.claim`
 * refuses; always before a resource is registered
 */
export class CanaryDeployment extends ServiceComponent {
  constructor(name: string, args: WorkloadArgs, opts?: ComponentResourceOptions) {
    super(kind, { name, args }, opts);
  }
}
