import type { ComponentResourceOptions } from "@pulumi/pulumi";
import { type ComponentKind, ServiceComponent } from "./service-component.ts";
import type { WorkloadArgs } from "./workload-args.ts";

const kind: ComponentKind = { token: "rollouts:index:RollingDeployment", strategies: ["rolling"] };

/**
 * A service whose pods are replaced a few at a time: one Deployment and Service, and a route that gives them all
 * traffic. `rolling` says how many at a time. It refuses a policy of another strategy: where a stack may want a
 * canary for some changes, use `CanaryDeployment`, which does the same under a `rolling` policy.
 *
 * @throws as `CanaryDeployment`
 */
export class RollingDeployment extends ServiceComponent {
  constructor(name: string, args: WorkloadArgs, opts?: ComponentResourceOptions) {
    super(kind, { name, args }, opts);
  }
}
