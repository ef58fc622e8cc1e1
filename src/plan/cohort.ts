import { sha256 } from "../lib/stable-json.ts";
import type { TenantCohort } from "../types/cohort.ts";

/** What the route says of itself where its rules can't: the share of the tenants that the new version has, in percent. */
export const exposureAnnotation = "pulumi-rollouts/exposure";

/**
 * The tenants that are on the new version at an exposure of 0-100 %: as large a share of them, rounded up, at least one
 * above 0. By the hash of their names, so that the order is nobody's choice and each increment keeps those before it.
 */
export function tenantsAt({ tenants }: TenantCohort, exposure: number): readonly string[] {
  if (exposure <= 0) return [];
  const order = tenants
    .map((tenant) => ({ tenant, place: sha256(tenant) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ tenant }) => tenant);
  return order.slice(0, Math.max(1, Math.ceil((tenants.length * exposure) / 100)));
}
