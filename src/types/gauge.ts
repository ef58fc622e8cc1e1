/** What is measured as a level, not counted: its limit is breached by every sample of a window. */
export type GaugeName = "db-pool" | "queue-depth" | "memory";

/** A level at a moment. `db-pool` and `memory`: percent of what there is; `queue-depth`: messages. */
export interface GaugeSample {
  /** ms since the epoch, by the source's clock. */
  readonly atMs: number;
  /** Finite. Where several pods or pools are measured: the worst of them. */
  readonly value: number;
}

/** What a source says of a gauge. Never a 0 for want of data: silence is `empty`, trouble is `error`. */
export type GaugeAnswer =
  | {
      readonly status: "value";
      /** How far apart samples are expected, ms: a window with fewer proves nothing. */
      readonly everyMs: number;
      /** Samples up to this are complete, ms since the epoch; later ones are left out. */
      readonly watermarkMs: number;
      /** By time. */
      readonly samples: readonly GaugeSample[];
    }
  | { readonly status: "empty"; readonly message: string }
  | { readonly status: "error"; readonly message: string };

/** Requests of a service over a span of time, both versions together; `bad` are those that failed (5xx). */
export type TotalsAnswer =
  | { readonly status: "value"; readonly total: number; readonly bad: number }
  | { readonly status: "empty"; readonly message: string }
  | { readonly status: "error"; readonly message: string };

/** Where the level of a gauge comes from. */
export type GaugeConfig =
  | { readonly kind: "sandbox" }
  | {
      readonly kind: "prometheus";
      readonly url: string;
      /** PromQL; the highest of its series counts. */
      readonly query: string;
    }
  | {
      readonly kind: "azure-metrics";
      /** ARM id of the resource: a Service Bus namespace, a PostgreSQL server. */
      readonly resourceId: string;
      /** `ActiveMessages`, `active_connections`. */
      readonly metric: string;
      readonly aggregation: "Average" | "Maximum" | "Minimum" | "Total";
      /** `EntityName eq 'ingest'`. */
      readonly filter?: string;
      /** What 100 % is, where the metric is a number and the gauge a share. */
      readonly of?: number;
      /** ARM's base URL; absent: the public cloud's. */
      readonly endpoint?: string;
    }
  | {
      readonly kind: "azure-logs";
      /** Workspace id, or the ARM id of an Application Insights resource. */
      readonly workspaceId?: string;
      readonly resourceId?: string;
      /** KQL with the columns `at` (datetime) and `value` (real); `t0` and `t1` are defined before it. */
      readonly query: string;
      readonly endpoint?: string;
    }
  | {
      readonly kind: "command";
      /** Program and arguments; prints one number, exit 0. */
      readonly run: readonly string[];
    };
