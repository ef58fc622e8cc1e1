import { openExceptions } from "../../adapters/open-exceptions.ts";
import type { DriverDeps } from "../../driver/session.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { EnvironmentPolicy, MetricsConfig } from "../../types/policy.ts";
import type { Versions } from "../../types/versions.ts";
import { ofFlag, ofVersions } from "./metrics-ports.ts";

/**
 * What lists the candidate's exceptions: the command that the checklist names, else the logs where the counts are from
 * them. Neither: a person watches.
 */
export async function openExceptionsOf(
  { checklist, metrics, flag }: EnvironmentPolicy,
  runtime: Runtime,
  { projectDir: cwd }: { readonly projectDir: string },
): Promise<Pick<DriverDeps, "exceptions" | "exceptionsFor" | "flagExceptions">> {
  if (checklist === undefined) return {};
  const { exceptions } = checklist;
  if (exceptions !== undefined)
    return { exceptions: (await openExceptions({ config: exceptions, runtime, cwd }))(exceptions) };
  if (metrics.kind !== "azure-monitor") return {};
  const openFor = await openExceptions({ config: metrics, runtime });
  const listing = (config: MetricsConfig) => openFor(config.kind === "azure-monitor" ? config : metrics);
  return {
    exceptionsFor: (versions: Versions) => listing(ofVersions(metrics, versions)),
    ...(flag === undefined ? {} : { flagExceptions: listing(ofFlag(metrics, flag)) }),
  };
}
