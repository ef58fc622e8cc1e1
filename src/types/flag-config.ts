/** What makes a phase's share: `targeting` tenants by hash (sticky), `variant` the same by allocation, `percentage` chance at each evaluation. */
export type FlagBy = "targeting" | "variant" | "percentage";

/** A group of tenants, and which share of it is in, 0-100 %. */
export interface FlagGroup {
  readonly name: string;
  readonly percentage: number;
}

/** Tenants by their ids, and groups of them. */
export interface FlagBeta {
  readonly users: readonly string[];
  readonly groups: readonly FlagGroup[];
}

/** What the two sides of an A/B test get. */
export interface FlagVariants {
  readonly on: FlagVariantValue;
  readonly off: FlagVariantValue;
}

export interface FlagVariantValue {
  readonly name: string;
  /** JSON. */
  readonly value: unknown;
}

/**
 * A flag as a version of it is: everything but how far it is open. Plain data, so that its hash is its identity, and
 * kept in the record, so that a revert renders what was there before.
 */
export interface FlagSpec {
  readonly schemaVersion: 1;
  readonly kind: "flag";
  readonly id: string;
  readonly description: string;
  readonly by: FlagBy;
  /** Who is in from the first phase on. */
  readonly beta: FlagBeta;
  /** Who is never in. */
  readonly exclude: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** Only with `by: variant`. */
  readonly variants?: FlagVariants;
  /** Whether applications report each evaluation; default false. */
  readonly telemetry: boolean;
}

/** One phase: share of the tenants that nobody has named, 1-100 %, and how long it is watched. */
export interface FlagPhaseConfig {
  readonly percentage: number;
  readonly soakSeconds: number;
}

/** The flag of a stack: what it is, where it is, and how it is opened. */
export interface FlagConfig {
  readonly spec: FlagSpec;
  /** Of the store, `https://<store>.azconfig.io`. */
  readonly endpoint: string;
  /** Absent: none. */
  readonly label?: string;
  /** In order; a phase of the beta tenants stands before them where there are any. */
  readonly phases: readonly FlagPhaseConfig[];
  /** How long the beta tenants are watched alone. */
  readonly betaSoakSeconds: number;
  /** How long the code is watched with the flag off, once it serves everybody. 0: not at all. */
  readonly darkSeconds: number;
  /** At which interval applications read the flag anew: what a write needs to be seen everywhere. */
  readonly refreshSeconds: number;
  /** File of the tenants, relative to the project's folder; absent: nobody knows who enters. */
  readonly tenants?: string;
  /** How telemetry tells the two cohorts apart: label (a property in Azure Monitor), and its values. */
  readonly cohort: { readonly label: string; readonly on: string; readonly off: string };
}
