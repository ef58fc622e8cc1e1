import type { BreakGlass, Communication, MessageLink } from "./communication.ts";
import type { Concern } from "./concern.ts";
import type { Rung } from "./escalation.ts";
import type { StepId } from "./release.ts";

/** The guide's three templates, and what comes between them. */
export type MessagePhase = "starting" | "increment" | "hold" | "rolling-back" | "rolled-back" | "promoted";

/**
 * What it asks of people. `progress`, `approval` and `promoted` go to deployments; holds, ways back and whom an alarm goes
 * up to, to incidents.
 */
export type MessageKind =
  | "progress"
  | "approval"
  | "hold"
  | "revert"
  | "revert-failed"
  | "escalation"
  | "promoted";

export type Severity = "info" | "warning" | "error" | "critical";

/** One row of the metrics of a message. */
export interface MetricRow {
  readonly name: string;
  readonly value: string;
  /** As it is judged; absent where nothing limits it. */
  readonly limit?: string;
  readonly verdict: "ok" | "over" | "unknown";
}

/** What a bad version has done to users, as counted; never an estimate of nothing. */
export interface Impact {
  /** For people, whole. */
  readonly text: string;
  /** Share of the traffic (of a flag: of the tenants) on it when it turned back, 0-100 %. */
  readonly exposure: number;
  readonly requests?: number;
  readonly failed?: number;
  /** Failed requests beyond stable's own share of failures. */
  readonly extraFailures?: number;
  /** Share of a month's error budget that these cost, percent. */
  readonly budgetPercent?: number;
}

export interface IncidentRef {
  readonly id: string;
  readonly url?: string;
}

/** What comes next, and when: a time as people of the zone read it. */
export interface NextStep {
  readonly text: string;
  readonly etaMs?: number;
  /** `2:30 PM EST`. */
  readonly eta?: string;
}

/**
 * One message to people: a pure function of the journal, made by one of its entries. Facts only, true numbers, redacted
 * as the journal is.
 */
export interface RolloutMessage {
  readonly schemaVersion: 1;
  /** `<rolloutId>/<seq>` of the entry that made it. */
  readonly id: string;
  readonly rolloutId: string;
  /** Of that entry, by the rollout's clock, ISO 8601; and as people of the zone read it. */
  readonly at: string;
  readonly atText: string;
  readonly phase: MessagePhase;
  readonly kind: MessageKind;
  readonly severity: Severity;
  readonly title: string;
  /** What happened and why, in a sentence or two. */
  readonly text: string;
  readonly status: string;
  readonly stack: string;
  readonly service: string;
  readonly environment: string;
  readonly versions: {
    readonly from: string;
    readonly to: string;
    /** Identities of their builds. */
    readonly fromBuild?: string;
    readonly toBuild?: string;
  };
  readonly change?: string;
  readonly strategy: string;
  readonly duration: string;
  readonly rollbackPlan: readonly string[];
  readonly communication: Communication;
  readonly links: readonly MessageLink[];
  /** Where the rollout is; absent before it began. */
  readonly step?: StepId;
  /** 0-100 %. */
  readonly exposure?: number;
  readonly metrics?: { readonly span: string; readonly rows: readonly MetricRow[] };
  readonly next?: NextStep;
  readonly reason?: string;
  readonly action?: string;
  readonly impact?: Impact;
  readonly incident?: IncidentRef;
  readonly nextSteps: readonly string[];
  /** Whom an alarm goes up to; without a name nobody is named for it. */
  readonly to?: { readonly rung: Rung; readonly name?: string };
  /** Whom it went up to so far, where it is over: they hear of that too. */
  readonly told?: readonly Rung[];
  /** What its cause is beside a bad version: it has people of its own. */
  readonly concern?: Concern;
  readonly breakGlass: readonly BreakGlass[];
  /** What becomes of the rollout's alert: one key a rollout, resolved once, never opened again. */
  readonly alert?: { readonly action: "trigger" | "resolve"; readonly key: string };
  readonly rehearsed: boolean;
}
