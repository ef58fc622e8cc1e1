import type { ComponentResourceOptions } from "@pulumi/pulumi";
import { type ComponentKind, ServiceComponent } from "./service-component.ts";
import type { WorkloadArgs } from "./workload-args.ts";

const kind: ComponentKind = { token: "rollouts:index:DirectDeployment", strategies: ["direct"] };

/**
 * A service that takes a new version at once, for stacks that never need a candidate: one Deployment and
 * Service, and a route that gives them all traffic. It refuses a policy of another strategy: where a stack may
 * want a canary later, use `CanaryDeployment`, which does the same under a `direct` policy.
 *
 * @throws as `CanaryDeployment`
 */
export class DirectDeployment extends ServiceComponent {
  constructor(name: string, args: WorkloadArgs, opts?: ComponentResourceOptions) {
    super(kind, { name, args }, opts);
  }
}
