import type { BudgetSight } from "../analysis/budget-sight.ts";
import type { Promotion } from "../analysis/promotions.ts";
import type { Runtime } from "../lib/runtime.ts";
import type { Approvals } from "../ports/approval.ts";
import type { Change } from "../ports/change.ts";
import type { Engine } from "../ports/engine.ts";
import type { Exceptions } from "../ports/exceptions.ts";
import type { Gauge, Integrity, Totals } from "../ports/gauge.ts";
import type { Incidents } from "../ports/incident.ts";
import type { Lever } from "../ports/lever.ts";
import type { Health, Metrics } from "../ports/metrics.ts";
import type { Notify } from "../ports/notify.ts";
import type { Preflight } from "../ports/preflight.ts";
import type { RecordStore } from "../ports/record.ts";
import type { Validation } from "../ports/validation.ts";
import type { Identity } from "../types/approval.ts";
import type { GaugeName } from "../types/gauge.ts";
import type { JournalEntry, JournalKind } from "../types/journal.ts";
import type { ServiceReading } from "../types/observation.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { Release, StepId } from "../types/release.ts";
import type { RolloutState } from "../types/state.ts";
import type { GateReading } from "../types/verdict.ts";
import type { Versions } from "../types/versions.ts";
import { append } from "./append.ts";
import type { DuringMemory } from "./checklist-during.ts";
import type { ChecklistPorts } from "./checklist-ports.ts";
import type { FlagDeps } from "./flag-deps.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Outbox } from "./outbox.ts";

/** The ports that one driver works through, and what it must never print. */
export interface DriverDeps {
  readonly engine: Engine;
  readonly lever: Lever;
  /** Where the lever has to know which version is which: it takes the place of `lever`. */
  readonly leverFor?: (sides: Sides) => Lever;
  readonly metrics: Metrics;
  /** Where the sides are told apart by their versions: it takes the place of `metrics`. */
  readonly metricsFor?: (versions: Versions) => Metrics;
  readonly health: Health;
  /** Where the stack has a flag; in its phases they take the place of `lever`, `metrics` and `health`. */
  readonly flag?: FlagDeps;
  /** Levels that are watched, by name; what is missing isn't watched. */
  readonly gauges?: Readonly<Partial<Record<GaugeName, Gauge>>>;
  /** Business metrics, by name. */
  readonly reviews?: Readonly<Record<string, Gauge>>;
  readonly integrity?: Integrity;
  /** How long events wait in the queue, s: judged with the SLOs. */
  readonly queueLag?: Gauge;
  /** Requests of the service over long spans: its error budget and burn rates. Absent: the budget is unknown. */
  readonly totals?: Totals;
  /** Asks the place itself before a start; absent: there is nothing to ask. */
  readonly preflight?: Preflight;
  /** What checks a staged version before it is swapped in; absent: a blue-green rollout is taken back there. */
  readonly validation?: Validation;
  readonly record: RecordStore;
  readonly notify: readonly Notify[];
  /** Opens an incident when a rollout turns back; absent: nobody does. */
  readonly incidents?: Incidents;
  /** Absent: what a start would have to ask can't be asked, so a stack that asks for it is blocked. */
  readonly start?: StartPorts;
  /** Lists the candidate's exceptions by type; absent: a person watches them. */
  readonly exceptions?: Exceptions;
  /** Where the sides are told apart by their versions: it takes the place of `exceptions`. */
  readonly exceptionsFor?: (versions: Versions) => Exceptions;
  /** Of those who have the feature, in the phases of a flag; absent: as everywhere. */
  readonly flagExceptions?: Exceptions;
  /** Absent: what a checklist asks can't be looked up, so its items are unmet. */
  readonly checklist?: ChecklistPorts;
  readonly runtime: Runtime;
  readonly policy: EnvironmentPolicy;
  /** Taken out of everything that is journaled, said or sent. */
  readonly secrets: readonly string[];
  /** Every journal entry as it is written: what a timeline is rendered from. */
  readonly observer?: (entry: JournalEntry) => void;
  /** Every look at the gates, as it was seen; must not throw. The journal keeps only what changes. */
  readonly looked?: (readings: readonly GateReading[]) => void;
}

/** Who and what is asked before a rollout starts. */
export interface StartPorts {
  /** Name of the stack, as approvals write it: `prod`. */
  readonly stack: string;
  readonly approvals: readonly Approvals[];
  /** Absent: no change system is configured. */
  readonly change?: Change;
  /** Promotions of other stacks, from their journals. May throw: then nothing was promoted. */
  promotions(stacks: readonly string[]): Promise<readonly Promotion[]>;
}

/** Identities of both sides of one rollout. */
export interface Sides {
  readonly stable?: string;
  readonly candidate?: string;
}

/** The stack before the first step, as observed. */
export interface Baseline {
  /** Absent: nothing was installed, so there is nothing to go back to. */
  readonly record?: Release;
  /** Hash of all resources' inputs, and by URN, to say what differs. */
  readonly hash: string;
  readonly byUrn: Readonly<Record<string, string>>;
  readonly stableReplicas?: number;
  /** Taken once the code had come: going back from a phase leads here. */
  readonly part?: "flag";
}

/** One rollout in this process. The state is the fold of the journal's decisions; the rest is found again on resume. */
export interface Session {
  readonly deps: DriverDeps;
  readonly plan: RolloutPlan;
  readonly planHash: string;
  readonly rolloutId: string;
  readonly lease: LeaseKeeper;
  readonly lever: Lever;
  readonly options: SessionOptions;
  /** Sends what the entries owe people. Absent: nobody is told. */
  readonly outbox?: Outbox;
  state: RolloutState;
  baseline?: Baseline;
  /** What the plan was made on; absent in a rollout that was taken up. */
  readonly budget?: BudgetSight;
  /** The error budget as it was read last, and when that was asked, ms of the rollout's clock. */
  budgetReading?: { readonly atMs: number; readonly readings: readonly GateReading[] };
  /** Under way: its query goes over a month, and no look waits for it. */
  budgetAsk?: Promise<void>;
  /** What people are asked to approve, where that blocked it. */
  request?: string;
  /** Hash of the stack after our last update: another one is a foreign change. */
  lastHash?: string;
  /** The flag's value as our last update wrote it; absent until it is asked for. */
  flagMeant?: string;
  /** What the checklist of the present step has seen so far. */
  during?: DuringMemory;
  /** What the guardrails have recommended so far. */
  advised?: Set<string>;
  /** This rollout's entries as far as its own driver has written them; absent until somebody asks for them. */
  written?: JournalEntry[];
  /** Whether the service is down while it turns back: as read last, and what is under way. */
  serviceReading?: ServiceReading;
  serviceAsk?: Promise<void>;
  /** Wall time of the verdict that turned it back: what the RTO is measured from. */
  turnedBackAtWallMs?: number;
  /** The same by the rollout's clock: in place it is pods that take the time, virtual ones in a rehearsal. */
  turnedBackAtMs?: number;
  leverMs?: number;
  stackMs?: number;
  stateEqual?: boolean;
}

export interface SessionOptions {
  /** Changes of resources that don't belong to a version are let through. */
  readonly allowUnversioned: boolean;
  /** Lets a quarantined identity pass, recorded. */
  readonly clearance?: { readonly cause: string; readonly by: string };
  /** Id of the advisory board's change. */
  readonly changeRequest?: string;
  /** Who calls, as the machine knows it: ruled out as approvers, never counted. */
  readonly requesters: readonly Identity[];
  /** Windows, promotions, change and approvals are replaced: a rehearsal. */
  readonly rehearsed: boolean;
  /** Stop as held once this step has passed its soak. */
  readonly stopAfter?: StepId;
  /** What the survey found besides the rollout: `update Service atp-ingestion`. */
  readonly unversioned: readonly string[];
}

/** Appends one entry in the session's name, redacted; the observer sees what the journal holds. */
export async function journal(
  session: Session,
  kind: JournalKind,
  data: Readonly<Record<string, unknown>>,
): Promise<JournalEntry> {
  const { deps, state, rolloutId, planHash } = session;
  const at = { rolloutId, leaseToken: session.lease.token, planHash, state: state.name, step: state.step };
  const entry = await append(deps, { ...at, kind, data });
  session.outbox?.saw(entry);
  session.written?.push(entry);
  return entry;
}
