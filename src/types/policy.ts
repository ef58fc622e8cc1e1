import type { AzureMonitorConfig } from "./azure-monitor.ts";
import type { ApprovalDemand } from "./change.ts";
import type { ChecklistConfig } from "./checklist-config.ts";
import type { TenantCohort } from "./cohort.ts";
import type { Communication } from "./communication.ts";
import type { EscalationConfig } from "./escalation.ts";
import type { FlagConfig } from "./flag-config.ts";
import type { GateLimits } from "./gates.ts";
import type { GuardrailsConfig } from "./guardrails.ts";
import type { MigrationConfig } from "./migration-config.ts";
import type { NodePoolLeverConfig } from "./node-pools.ts";
import type { IncidentConfig, NotifyConfig } from "./notify.ts";
import type { PlanTimeouts, StrategyKind } from "./plan.ts";
import type { Platform, SlotLeverConfig, ValidateConfig } from "./slots.ts";
import type { Approvers, ChangeSystem, PromotedIn } from "./start.ts";
import type { WatchConfig } from "./watch.ts";
import type { WindowRules } from "./window.ts";

/** One increment: exposure 0-100 %, soak in seconds. */
export interface Increment {
  readonly exposure: number;
  readonly soakSeconds: number;
}

/** Where counts per version come from. */
export type MetricsConfig =
  | { readonly kind: "sandbox" }
  | AzureMonitorConfig
  | {
      readonly kind: "prometheus";
      /** Base URL of the HTTP API, `http://prometheus:9090`. */
      readonly url: string;
      /** Label that carries the version, and its value on each side. */
      readonly cohort: { readonly label: string; readonly stable: string; readonly candidate: string };
      /** Extra label matchers, `{ app: "atp-ingestion" }`. */
      readonly match: Readonly<Record<string, string>>;
      readonly requests: { readonly metric: string; readonly codeLabel: string };
      readonly latency: { readonly metric: string };
      readonly exceptions: { readonly metric: string };
      /** Seconds until a bin counts as complete: at least two scrape intervals. Default 30. */
      readonly lagSeconds?: number;
    };

/** Where health is asked. URLs of both sides: without stable's, an outage of everything can't be told apart. */
export type HealthConfig =
  | { readonly kind: "sandbox" }
  | { readonly kind: "http"; readonly candidate: readonly string[]; readonly stable: readonly string[] };

export type LeverConfig =
  | { readonly kind: "sandbox" }
  | SlotLeverConfig
  | NodePoolLeverConfig
  /** The flag alone: `EnvironmentPolicy.flag` says which and where. */
  | { readonly kind: "app-configuration" }
  | {
      readonly kind: "http-route";
      readonly namespace: string;
      /** Name of the HTTPRoute; default: the service. */
      readonly route: string;
      /** Kubeconfig path; default: the client's usual places. */
      readonly kubeconfig?: string;
      readonly context?: string;
    }
  | {
      readonly kind: "istio";
      readonly namespace: string;
      /** Name of the VirtualService; default: the service. */
      readonly virtualService: string;
      readonly kubeconfig?: string;
      readonly context?: string;
    }
  | {
      /** Legacy: ingress-nginx is retired upstream. For clusters that still run it. */
      readonly kind: "ingress-nginx";
      readonly namespace: string;
      /** Name of the canary Ingress; default: `<service>-canary`. */
      readonly ingress: string;
      readonly kubeconfig?: string;
      readonly context?: string;
    }
  | {
      /** No router: a Service over the pods of both sides, whose numbers are the share. */
      readonly kind: "replica-ratio";
      readonly namespace: string;
      /** Name of the Service that users call; default: the service. */
      readonly service: string;
      readonly kubeconfig?: string;
      readonly context?: string;
    };

/** Folder of lease and journal, relative to the project's folder. */
export interface RecordConfig {
  readonly kind: "file";
  readonly dir: string;
  /** Term of the lease in seconds; renewed every third of it. */
  readonly leaseSeconds: number;
}

/** Where a value of the policy came from: `plan` shows it. */
export type Origin = "preset" | "config" | "default" | "change";

/** The normalised rollout policy of one stack: nothing optional but what may truly be absent. */
export interface EnvironmentPolicy {
  readonly preset: "development" | "test" | "staging" | "production" | "hotfix";
  readonly service: string;
  readonly strategy: StrategyKind;
  readonly platform: Platform;
  readonly increments: readonly Increment[];
  /** Absent: each request is drawn for itself. */
  readonly cohort?: TenantCohort;
  /** Absent: the stack has no flag. */
  readonly flag?: FlagConfig;
  /** Seconds between two looks at the gates, 1-300. */
  readonly lookSeconds: number;
  /** Seconds that requests in flight get before a side is removed. */
  readonly drainSeconds: number;
  readonly gates: GateLimits;
  readonly hold: { readonly stepSeconds: number; readonly maxFactor: number };
  readonly timeouts: PlanTimeouts;
  readonly approvals: ApprovalDemand;
  readonly approvers: Approvers;
  /** Absent: nobody can be asked for a change request. */
  readonly change?: ChangeSystem;
  /** Absent: a rollout may start at any time. */
  readonly windows?: WindowRules;
  readonly promotedIn: PromotedIn;
  /** Absent: the stack has no checklist. */
  readonly checklist?: ChecklistConfig;
  /** Absent: the stack has no schema migration. */
  readonly migration?: MigrationConfig;
  /** Why config names a strategy of its own, where a change picks another. */
  readonly strategyReason?: string;
  readonly metrics: MetricsConfig;
  readonly health: HealthConfig;
  readonly lever: LeverConfig;
  readonly watch: WatchConfig;
  readonly validate: ValidateConfig;
  readonly notify: readonly NotifyConfig[];
  /** Who is named in messages; absent: nobody is. */
  readonly communication?: Communication;
  /** Absent: no incident is opened. */
  readonly incident?: IncidentConfig;
  /** Absent: no policy pack judges a step. */
  readonly guardrails?: GuardrailsConfig;
  /** Absent: an alarm goes up to nobody. */
  readonly escalation?: EscalationConfig;
  readonly record: RecordConfig;
  /** Origin of each leaf by its dotted path, for those that people ask about. */
  readonly origins: Readonly<Record<string, Origin>>;
}
