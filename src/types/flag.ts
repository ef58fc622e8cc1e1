/** Who is asked about: `userId` is the tenant's id (the targeting id), exact and case-sensitive. */
export interface FlagTarget {
  readonly userId?: string;
  readonly groups?: readonly string[];
}

/** A tenant that a flag's phases move. */
export interface FlagTenant {
  readonly id: string;
  readonly groups?: readonly string[];
}

export interface FlagFilter {
  readonly name: string;
  /** Each filter reads its own. */
  readonly parameters?: unknown;
}

export interface FlagVariant {
  readonly name: string;
  readonly configuration_value?: unknown;
  readonly status_override?: "None" | "Enabled" | "Disabled";
}

/** Who gets which variant: users, then groups, then the first range of percent that holds the tenant's bucket. */
export interface FlagAllocation {
  readonly default_when_disabled?: string;
  readonly default_when_enabled?: string;
  readonly user?: readonly { readonly variant: string; readonly users: readonly string[] }[];
  readonly group?: readonly { readonly variant: string; readonly groups: readonly string[] }[];
  readonly percentile?: readonly { readonly variant: string; readonly from: number; readonly to: number }[];
  /** Default: the flag's own, so that two flags divide the tenants differently. */
  readonly seed?: string;
}

/** A feature flag in schema v2 of Microsoft's FeatureManagement; members that an evaluation doesn't need are left out. */
export interface FeatureFlag {
  readonly id: string;
  /** Default: false. */
  readonly enabled?: boolean;
  readonly conditions?: {
    /** Whether one filter is enough; default: `Any`. Without filters the flag is on for everybody. */
    readonly requirement_type?: "Any" | "All";
    readonly client_filters?: readonly FlagFilter[];
  };
  readonly variants?: readonly FlagVariant[];
  readonly allocation?: FlagAllocation;
}

export interface FlagAnswer {
  readonly enabled: boolean;
  readonly variant?: { readonly name: string; readonly configuration: unknown };
}

/** How far a flag is open. What is left out stays as it stands in the flag. */
export interface FlagPhase {
  /** Tenants that are in by their ids. */
  readonly users?: readonly string[];
  /** Groups, and which share of each is in, 0-100 %. */
  readonly groups?: readonly { readonly name: string; readonly percentage: number }[];
  /** Share of all others that is in, 0-100 %. */
  readonly percentage: number;
  /**
   * `targeting` (default): by tenant, sticky, each phase keeps those of the one before. `percentage`: at random at each
   * evaluation, and only by .NET: a tenant is in and out by turns.
   */
  readonly by?: "targeting" | "percentage";
}
