import type { FlagTenant } from "../types/flag.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import { evaluateFlag } from "./flag-evaluation.ts";
import { readFlag } from "./flag-schema.ts";
import { flagAt } from "./render-flag.ts";

/** A tenant with what it asks for: requests of any one span of time. */
export interface TenantTraffic extends FlagTenant {
  /** Absent: nobody has counted them. */
  readonly requests?: number;
}

/** Who has the feature at an exposure, and who got it with it. */
export interface CohortPreview {
  readonly exposure: number;
  readonly tenants: number;
  /** Ids that have it, in the order of the list. */
  readonly on: readonly string[];
  /** Those of them that had it not at the exposure before. */
  readonly enters: readonly string[];
  /** Their share of all requests, 0-100 %; absent where not every tenant's are counted. */
  readonly onTraffic?: number;
  readonly entersTraffic?: number;
}

/** Whether a flag's definition gives its new side to a tenant at an exposure, as an application answers. */
export function isOn(spec: FlagSpec, exposure: number, tenant: FlagTenant): boolean {
  return onAt(spec, exposure)(tenant);
}

/**
 * The cohort of a phase: what the evaluator answers for each tenant, at an exposure and at the one before it. Chance
 * (`by: percentage`) names nobody: then the named tenants alone are in. Pure.
 */
export function previewCohort(
  spec: FlagSpec,
  tenants: readonly TenantTraffic[],
  at: { readonly from: number; readonly to: number },
): CohortPreview {
  const [before, after] = [onAt(spec, at.from), onAt(spec, at.to)];
  const on = tenants.filter(after);
  const enters = on.filter((tenant) => !before(tenant));
  const counted = tenants.every(({ requests }) => requests !== undefined);
  const total = requestsOf(tenants);
  const share = (of: readonly TenantTraffic[]) => (requestsOf(of) * 100) / total;
  return {
    exposure: at.to,
    tenants: tenants.length,
    on: on.map(({ id }) => id),
    enters: enters.map(({ id }) => id),
    ...(counted && total > 0 ? { onTraffic: share(on), entersTraffic: share(enters) } : {}),
  };
}

function onAt(spec: FlagSpec, exposure: number): (tenant: FlagTenant) => boolean {
  const flag = readFlag(flagAt(spec, exposure));
  return ({ id, groups = [] }) => {
    // No filter of time is rendered, so no time is asked for.
    const answer = evaluateFlag(flag, { target: { userId: id, groups }, now: 0 });
    return spec.by === "variant" ? answer.variant?.name === spec.variants?.on.name : answer.enabled;
  };
}

function requestsOf(tenants: readonly TenantTraffic[]): number {
  return tenants.reduce((sum, { requests = 0 }) => sum + requests, 0);
}
