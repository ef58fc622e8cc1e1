import { isFlagAlone } from "../../lib/strategies.ts";
import { assertFaultsWatched } from "../../sandbox/watched.ts";
import type { RehearsedCloud, RehearsedCloudOptions } from "./rehearsed-cloud.ts";
import { openCluster } from "./rehearsed-cluster.ts";
import { besideService, type FaultsOfParts, openFlagCloud, openFlags } from "./rehearsed-flags.ts";
import { assertChecksExist } from "./rehearsed-validation.ts";

export interface OpenCloudOptions extends Omit<RehearsedCloudOptions, "faults" | "configuration"> {
  /** Version that is installed first. */
  readonly baseline: string;
  readonly faults: FaultsOfParts;
  readonly seed: number;
  readonly projectDir: string;
}

/**
 * In memory as a cluster; on loopback as App Service, where the policy has slots, or as a cluster of node pools; with App
 * Configuration beside it where the policy has a flag, or that alone.
 */
export async function openCloud(options: OpenCloudOptions): Promise<RehearsedCloud> {
  const { policy, faults, runtime } = options;
  assertChecksExist(faults.service, policy.validate, runtime);
  assertFaultsWatched([...faults.service, ...faults.flag], policy.watch);
  const { flag } = policy;
  if (flag === undefined) return await openService({ ...options, faults: faults.service });
  const flags = await openFlags({ ...options, flag, faults: faults.flag });
  try {
    if (isFlagAlone(policy)) return await openFlagCloud(flags);
    const { configuration } = flags;
    const cloud = await openService({ ...options, faults: faults.service, configuration });
    return await besideService(cloud, flags);
  } catch (error) {
    await flags.close();
    throw error;
  }
}

async function openService(
  options: RehearsedCloudOptions & { readonly baseline: string },
): Promise<RehearsedCloud> {
  const { lever } = options.policy;
  if (lever.kind === "node-pools") {
    const { openNodePoolsCloud } = await import("./rehearsed-node-pools.ts");
    return await openNodePoolsCloud(options, lever);
  }
  if (lever.kind !== "app-service-slot") return await openCluster(options);
  const { openAppService } = await import("./rehearsed-app-service.ts");
  return await openAppService(options, lever);
}
