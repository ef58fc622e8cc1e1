/** Azure's numbers: 0 critical, 1 error, 2 warning, 3 for information. 0 and 1 wake somebody up. */
type AlertSeverity = 0 | 1 | 2 | 3;

/** What every alert says of itself. */
export interface AlertFacts {
  /** Unique in its environment: `error-rate`, `slo-p95-latency-warning`, `burn-1h`. */
  readonly id: string;
  /**
   * `trigger`: what turns a rollout back; such an alert has no state, or one of an earlier rollout would hide the next.
   * `slo` and `burn` stay fired until they are resolved.
   */
  readonly family: "trigger" | "slo" | "burn";
  readonly severity: AlertSeverity;
  /** For people. */
  readonly description: string;
}

/** A value strictly beyond the limit is a breach; exactly the limit isn't. */
export interface AlertLimit {
  readonly breach: "above" | "below";
  readonly limit: number;
}

/** A query over logs. Spans are whole minutes, of those that Azure takes. */
export interface LogAlert extends AlertFacts, AlertLimit {
  readonly kind: "log";
  /** The workspace that metrics are read from, or an Application Insights resource by its ARM id. */
  readonly scope: "workspace" | { readonly resourceId: string };
  /** Gives `Value`. */
  readonly query: string;
  readonly everyMinutes: number;
  readonly windowMinutes: number;
  /** How many windows in a row have to breach, 1-6. */
  readonly periods: number;
  /** What of the values in a window is compared. */
  readonly aggregation: "Maximum" | "Minimum" | "Total";
  /** A column whose values are judged each by itself: a version, a test. */
  readonly split?: "Cohort" | "Test";
}

/** Which side of an App Service app. */
export type SiteSide = "production" | "slot";

/** A platform metric of one resource. */
export interface PlatformAlert extends AlertFacts, AlertLimit {
  readonly kind: "platform";
  readonly target: { readonly resourceId: string } | { readonly side: SiteSide };
  /** `Microsoft.ServiceBus/namespaces`. */
  readonly namespace: string;
  readonly metric: string;
  readonly aggregation: "Average" | "Minimum" | "Maximum" | "Total";
  readonly windowMinutes: number;
  readonly dimensions: readonly MetricDimension[];
}

interface MetricDimension {
  readonly name: string;
  readonly operator: "Include" | "Exclude";
  readonly values: readonly string[];
}

/** A PromQL expression that gives series where it breaches. */
export interface PromAlert extends AlertFacts {
  readonly kind: "prometheus";
  readonly expression: string;
  /** How long it has to give them before it fires, whole minutes. */
  readonly forMinutes: number;
}

export type AlertRule = LogAlert | PlatformAlert | PromAlert;

/** A trigger or an objective that no rule watches, and why. */
export interface NotAlerted {
  readonly id: string;
  readonly why: string;
}
