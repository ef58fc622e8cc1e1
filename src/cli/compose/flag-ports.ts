import { resolve } from "node:path";
import { ambientCredential } from "../../adapters/ambient-credential.ts";
import { openAppConfiguration } from "../../adapters/flags/app-configuration.ts";
import { createFlagLever } from "../../adapters/flags/flag-lever.ts";
import { readTenants } from "../../adapters/flags/tenants.ts";
import { openHealth } from "../../adapters/registry.ts";
import type { FlagDeps } from "../../driver/flag-deps.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Flags } from "../../ports/flags.ts";
import type { Health, Metrics } from "../../ports/metrics.ts";
import type { FlagConfig } from "../../types/flag-config.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { openFlagCounts } from "./metrics-ports.ts";
import { noHealth, noMetrics, watchesNothing } from "./no-ports.ts";

/** A flag in its store, as the ambient identity. Azure's libraries are loaded here; nobody is asked yet. */
export async function openFlags(
  { spec, endpoint, label }: FlagConfig,
  { clock }: Pick<Runtime, "clock">,
): Promise<Flags> {
  const credential = await ambientCredential();
  const where = { endpoint, flagId: spec.id, ...(label === undefined ? {} : { label }) };
  return await openAppConfiguration({ ...where, credential, clock });
}

/**
 * What the flag of a policy is moved and watched by. Throws `tenants-invalid` and `tenants-missing` (exit 2) for the
 * file that it names.
 */
export async function openFlagPorts(
  policy: EnvironmentPolicy & { readonly flag: FlagConfig },
  runtime: Runtime,
  { projectDir }: { readonly projectDir: string },
): Promise<FlagDeps> {
  const { flag } = policy;
  const [flags, watched, tenants] = await Promise.all([
    openFlags(flag, runtime),
    openFlagWatch(policy, runtime),
    flag.tenants === undefined ? undefined : readTenants(resolve(projectDir, flag.tenants)),
  ]);
  const { clock } = runtime;
  const lever = createFlagLever({ flags, spec: flag.spec, clock, refreshMs: flag.refreshSeconds * 1000 });
  return { flags, lever, ...watched, ...(tenants === undefined ? {} : { tenants }) };
}

/** The stack's own sources, for who has the feature and who hasn't; health is of the service as one. */
async function openFlagWatch(
  policy: EnvironmentPolicy & { readonly flag: FlagConfig },
  runtime: Runtime,
): Promise<{ readonly metrics: Metrics; readonly health: Health }> {
  if (watchesNothing(policy)) return { metrics: noMetrics, health: noHealth };
  const { health } = policy;
  const config = health.kind === "http" ? { ...health, candidate: [] } : health;
  const [metrics, asOne] = await Promise.all([
    openFlagCounts(policy, runtime),
    openHealth({ config, runtime }),
  ]);
  return { metrics, health: asOne };
}
