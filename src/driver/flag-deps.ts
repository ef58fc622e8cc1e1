import type { TenantTraffic } from "../plan/flag-cohort.ts";
import type { Flags } from "../ports/flags.ts";
import type { Lever } from "../ports/lever.ts";
import type { Health, Metrics } from "../ports/metrics.ts";

/** What a flag is moved and watched by. */
export interface FlagDeps {
  /** Exposure 0 switches it off, for everybody and at once. */
  readonly lever: Lever;
  /** The flag in its store, to be read: what somebody else has written there. */
  readonly flags: Flags;
  /** Requests with the feature on, as the candidate's, against those with it off. */
  readonly metrics: Metrics;
  /** The service as one. */
  readonly health: Health;
  /** Absent: nobody can say who enters a phase. */
  readonly tenants?: readonly TenantTraffic[];
}
