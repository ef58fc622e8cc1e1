import { serviceSpec } from "../../plan/snapshots.ts";
import type { Release } from "../../types/release.ts";
import type { EnvVar, WorkloadSnapshot } from "../../types/workload.ts";
import type { SlotContentArgs } from "../slot-release.ts";

/** What a swap asks of an instance before it sends users there: a GET over plain http, inside the worker. */
export interface WarmUp {
  readonly path: string;
  /** HTTP statuses that count as warm. Without them any answer does, a 500 too. */
  readonly statuses: readonly number[];
}

/**
 * Content of both slots at a release. Production serves the candidate at exposure 100 and stable otherwise; while
 * there is a candidate the idle slot has to hold it, or has given it to production. Pure.
 */
export function slotContents(
  { stable, candidate, exposure }: Release,
  warmUp: WarmUp,
): { readonly production: SlotContentArgs; readonly staged?: SlotContentArgs } {
  const live = candidate !== undefined && exposure === 100 ? candidate : stable;
  return {
    production: contentOf(live, warmUp),
    ...(candidate === undefined ? {} : { staged: contentOf(candidate, warmUp) }),
  };
}

/** A version as a slot runs it; its identity is the build id. */
export function contentOf(snapshot: WorkloadSnapshot, warmUp: WarmUp): SlotContentArgs {
  const workload = serviceSpec(snapshot);
  const variables = workload.env.map((variable): [string, string] => [variable.name, settingOf(variable)]);
  return {
    buildId: snapshot.identity,
    linuxFxVersion: `DOCKER|${workload.image}`,
    settings: {
      WEBSITES_PORT: String(workload.port),
      WEBSITE_SWAP_WARMUP_PING_PATH: warmUp.path,
      WEBSITE_SWAP_WARMUP_PING_STATUSES: warmUp.statuses.join(","),
      ...workload.config,
      ...Object.fromEntries(variables),
    },
  };
}

/** A secret is a Key Vault reference: `name` is the vault, `key` the secret. App Service reads it, we never do. */
function settingOf(variable: EnvVar): string {
  if ("value" in variable) return variable.value;
  const { name, key, version } = variable.secretRef;
  const at = version === undefined ? "" : `;SecretVersion=${version}`;
  return `@Microsoft.KeyVault(VaultName=${name};SecretName=${key}${at})`;
}
