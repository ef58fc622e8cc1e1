/** Counts of one cohort in one closed time bin. Counts, not averages: they add up over any window. */
export interface CohortBin {
  /** Start of the bin, ms since the epoch by the backend's clock, a multiple of the bin's length. */
  readonly startMs: number;
  /** Requests. */
  readonly n: number;
  /** Failed requests: 5xx. */
  readonly errors: number;
  /** Requests slower than a threshold, by the threshold in ms. */
  readonly slow: Readonly<Record<number, number>>;
  readonly exceptions: number;
  /** Sum of squared sample weights; equals `n` without sampling. */
  readonly weightSquared: number;
}

export interface CohortSeries {
  readonly bins: readonly CohortBin[];
}

/** What a metrics source says. Never a 0 for want of data: silence is `empty`, trouble is `error`. */
export type MetricsAnswer =
  | {
      readonly status: "value";
      readonly binMs: number;
      /** Bins that end at or before this are complete (ms since the epoch); later ones are left out. */
      readonly watermarkMs: number;
      readonly candidate: CohortSeries;
      readonly stable: CohortSeries;
    }
  | { readonly status: "empty"; readonly message: string }
  | { readonly status: "error"; readonly message: string };

/** What the health endpoints say, after the tries of one probe. */
export interface HealthAnswer {
  readonly candidate: HealthStatus;
  readonly stable: HealthStatus;
}

export type HealthStatus =
  | { readonly status: "ok" }
  | { readonly status: "unhealthy"; readonly httpStatus: number; readonly path: string }
  | { readonly status: "no-answer"; readonly message: string };

/** The route as the cluster has it, read back. */
export interface RouteReading {
  /** Weight in force on the candidate, 0-100 %; 0 when it has no backend there. */
  readonly exposure: number;
  /** The controller has accepted this very generation of the route. */
  readonly accepted: boolean;
  /** Whether the candidate's backend stands in the route at all; in place, its version in the Deployment. */
  readonly hasCandidate: boolean;
  /** Ready replicas, where the adapter can see them. */
  readonly ready?: { readonly stable: number; readonly candidate: number };
  /** Stable's own pods, where a candidate stands beside them and its adapter may read them. */
  readonly stable?: StableReading;
  /** For people, where pods are the share: in place how far the Deployment is, `3 of 6 updated, 1 old pending`. */
  readonly progress?: string;
}

/** Stable's Deployment beside a candidate. */
export interface StableReading {
  /** Whose pods its present template makes; absent where nothing says so. */
  readonly identity?: string;
  /** Every pod that is wanted is of that template and available, none of an older one is left, and its controller has said so of this very generation. */
  readonly complete: boolean;
  /** For people: `3 of 6 updated, 3 old pending`. */
  readonly progress: string;
}

/** Whether the service itself is down, stable too. `unknown` neither begins nor ends it. */
export type ServiceReading =
  | { readonly service: "down" | "up"; readonly why: string }
  | { readonly service: "unknown" };
