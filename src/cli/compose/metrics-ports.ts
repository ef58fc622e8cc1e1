import { openMetrics } from "../../adapters/registry.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { FlagConfig } from "../../types/flag-config.ts";
import type { EnvironmentPolicy, MetricsConfig } from "../../types/policy.ts";
import type { Versions } from "../../types/versions.ts";

/** The counts of a policy; where its sides are told apart by their versions, those of a rollout too. */
export async function openCounts(
  { metrics: config }: EnvironmentPolicy,
  runtime: Runtime,
): Promise<Pick<DriverDeps, "metrics" | "metricsFor">> {
  const { openFor } = await openMetrics({ config, runtime });
  const metricsFor = (versions: Versions) => openFor(ofVersions(config, versions));
  return { metrics: openFor(config), ...(namesVersions(config) ? { metricsFor } : {}) };
}

/** The counts of a policy by its flag: who has the feature as the candidate, who hasn't as stable. */
export async function openFlagCounts(
  { metrics: config, flag }: Pick<EnvironmentPolicy, "metrics"> & { readonly flag: FlagConfig },
  runtime: Runtime,
): Promise<Metrics> {
  const { openFor } = await openMetrics({ config, runtime });
  return openFor(ofFlag(config, flag));
}

/**
 * The same source with the cohorts of a flag. In Azure Monitor the label is a property of each request, whatever tells
 * versions apart there: both of them serve both cohorts. Pure.
 */
export function ofFlag(config: MetricsConfig, { cohort }: Pick<FlagConfig, "cohort">): MetricsConfig {
  const { label, on: candidate, off: stable } = cohort;
  switch (config.kind) {
    case "sandbox":
      return config;
    case "prometheus":
      return { ...config, cohort: { label, stable, candidate } };
    case "azure-monitor":
      return { ...config, cohort: { by: "build", property: label, stable, candidate } };
    default:
      return assertNever(config, "metrics kind");
  }
}

const tokens = /\{(from|to|fromBuild|toBuild)\}/g;

function namesVersions(config: MetricsConfig): boolean {
  if (config.kind === "sandbox") return false;
  return [config.cohort.stable, config.cohort.candidate].some((value) => value.search(tokens) >= 0);
}

/** Puts the versions of one rollout in the place of their names. Pure. */
export function ofVersions(config: MetricsConfig, { from, to, identity }: Versions): MetricsConfig {
  if (config.kind === "sandbox") return config;
  const values: Readonly<Record<string, string>> = {
    from,
    to,
    fromBuild: identity.stable ?? from,
    toBuild: identity.candidate ?? to,
  };
  const filled = (value: string) => value.replaceAll(tokens, (_, name: string) => values[name] ?? "");
  const { stable, candidate } = config.cohort;
  const cohort = { ...config.cohort, stable: filled(stable), candidate: filled(candidate) };
  return { ...config, cohort } as MetricsConfig;
}
