/**
 * Whole tenants instead of single requests: who is on the new version stays on it. A tenant is told by a request header
 * that the edge has set.
 */
export interface TenantCohort {
  /** Name of the header, as HTTP has it. */
  readonly header: string;
  /** Every tenant that may enter before everybody does; one that isn't listed comes with the last increment. */
  readonly tenants: readonly string[];
}
