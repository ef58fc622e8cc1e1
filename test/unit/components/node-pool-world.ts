import type { CustomResource } from "@pulumi/pulumi";
import type { NodePoolRolloutArgs } from "../../../src/components/node-pool-args.ts";
import { NodePoolRollout } from "../../../src/components/node-pool-rollout.ts";
import type { Rollout, RolloutClaim } from "../../../src/components/rollout.ts";
import { snapshotOf } from "../../../src/plan/identity.ts";
import { nextRelease } from "../../../src/plan/next-release.ts";
import type { NodePoolLeverConfig, NodeSpec } from "../../../src/types/node-pools.ts";
import type { Release } from "../../../src/types/release.ts";
import { aPolicy } from "../../support/builders.ts";
import { known, type MockedResource, mockStack } from "../program/mock-stack.ts";

export const plainArgs: Omit<NodePoolRolloutArgs, "rollout"> = {
  resourceGroup: "atp-prod",
  cluster: "atp-prod",
  subnetId: "/subnets/nodes",
  pools: {
    system: {
      mode: "System",
      vmSize: "Standard_D2s_v5",
      nodes: 2,
      taints: ["CriticalAddonsOnly=true:NoSchedule"],
    },
    work: {
      vmSize: "Standard_D4s_v5",
      nodes: 4,
      autoscale: { min: 3, max: 9 },
      labels: { tier: "work" },
      zones: ["1"],
    },
  },
};

export const policy: NodePoolLeverConfig = {
  kind: "node-pools",
  pools: ["system", "work"],
  maxSurge: "33%",
  drainTimeoutSeconds: 1200,
  context: "atp-prod",
};

const steps = ["pool-system", "pool-work", "settle"];

/** What a rollout of 1.34.2 over 1.33.5 leaves in the record at a step. */
export function releaseAt(step: string, workload: NodeSpec): Release {
  const older = Object.fromEntries(
    Object.entries(workload.pools).map(([name, pool]) => [name, { ...pool, azureName: `${name}0ld0` }]),
  );
  const before: NodeSpec = { ...workload, kubernetesVersion: "1.33.5", pools: older };
  const stable = snapshotOf({ version: "1.33.5", workload: before });
  const desired = snapshotOf({ version: "1.34.2", workload });
  const settled: Release = { schemaVersion: 1, stable, exposure: 0, previousExposure: 0, step: "install" };
  if (step === "revert")
    return { ...releaseAt("pool-work", workload), exposure: 0, previousExposure: 100, step };
  let record = settled;
  for (const one of steps.slice(0, steps.indexOf(step) + 1)) {
    const next = nextRelease(record, { desired, step: one, steps, stableReplicas: 6 });
    if (!next.ok) throw new Error(next.message);
    record = next.release;
  }
  return record;
}

interface Options {
  readonly args?: Partial<NodePoolRolloutArgs>;
  readonly policy?: NodePoolLeverConfig | null;
  readonly version?: string;
}

/** Registers the pools at a step, under mocks. */
export async function register(step: string, options: Options = {}) {
  const { resources } = await mockStack({});
  const tracked: CustomResource[] = [];
  const rollout: Rollout = {
    version: options.version ?? "1.34.2",
    environment: "prod",
    policy: aPolicy(),
    claim: ({ workload, strategies }: RolloutClaim) => {
      if (!strategies.includes("rolling")) throw new Error("it does not roll");
      const release = releaseAt(step, workload as NodeSpec);
      const { exposure, previousExposure } = release;
      const intent = { strategy: "rolling", environment: "prod", step: release.step, increments: [100] };
      const nodePools = options.policy === undefined ? policy : options.policy;
      return {
        release,
        ...(nodePools === null ? {} : { nodePools }),
        intent: { ...intent, from: previousExposure, to: exposure },
      };
    },
    claimFlag: () => {
      throw new Error("there is no flag");
    },
    track: (carriers) => {
      tracked.push(...carriers);
    },
    outputs: () => {
      throw new Error("no test asks for outputs");
    },
  };
  const ignored: Record<string, unknown> = {};
  const component = new NodePoolRollout(
    "atp-nodes",
    { ...plainArgs, rollout, ...options.args },
    {
      // The one place where a child's options can be seen under mocks.
      transformations: [
        ({ name, opts }) => {
          ignored[name] = Object(opts).ignoreChanges ?? [];
          return undefined;
        },
      ],
    },
  );
  await known(component.urn);
  await Promise.all(tracked.map(({ id }) => known(id)));
  const own: readonly MockedResource[] = resources.filter(({ type }) => !type.startsWith("pulumi:"));
  return { resources: own, tracked: tracked.length, ignored };
}
