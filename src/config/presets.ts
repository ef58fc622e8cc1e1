import { defaultClosed } from "../lib/deployment-windows.ts";
import type { ApprovalDemand } from "../types/change.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { PromotedIn } from "../types/start.ts";
import type { WindowRules } from "../types/window.ts";

/** Environments of the guide. */
export type PresetName = EnvironmentPolicy["preset"];

/** What a preset says of its environment. Every field can be overridden in config. */
export interface Preset {
  readonly strategy: EnvironmentPolicy["strategy"];
  /** Exposures in percent, ascending to 100. */
  readonly exposures: readonly number[];
  /** How long each increment is watched; 0: not at all. */
  readonly soakSeconds: number;
  readonly approvals: ApprovalDemand;
  /** How long an approval holds, seconds. */
  readonly expiresSeconds: number;
  /** Absent: a rollout may start at any time. */
  readonly windows?: WindowRules;
  readonly promotedIn: PromotedIn;
  /** Whether its rollouts have the guide's checklists. */
  readonly checklist: boolean;
  /** Whether the comparison with stable reverts too. */
  readonly evidence: boolean;
  /** Whether the service's objectives and its error budget have a say. */
  readonly slo: boolean;
  /** What its triggers have against those of every preset. */
  readonly gates?: Partial<PresetGates>;
}

/** Triggers as a preset says them. */
export interface PresetGates {
  readonly windowSeconds: number;
  readonly minRequests: number;
  readonly errorRate: { readonly limitPercent: number; readonly forSeconds: number };
  readonly p95: { readonly limitMs: number; readonly forSeconds: number };
  readonly exceptions: { readonly limit: number; readonly windowSeconds: number };
  readonly health: { readonly tries: number; readonly timeoutSeconds: number };
}

const promotionDays = 14;
const anywhere: PromotedIn = { stacks: [], withinDays: promotionDays };
const nobody: ApprovalDemand = { required: 0, cab: false, expedited: false };
const day = 86_400;

/** The guide's table "Environment-Specific Rollout Strategies", row by row. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  // Dev | Direct deploy | No approval | No monitoring | Manual rollback only
  development: {
    strategy: "direct",
    exposures: [100],
    soakSeconds: 0,
    approvals: nobody,
    expiresSeconds: day,
    promotedIn: anywhere,
    checklist: false,
    evidence: false,
    slo: false,
  },
  // Test | Rolling update | No approval | 5 minutes | Automatic on failure
  test: {
    strategy: "rolling",
    exposures: [100],
    soakSeconds: 300,
    approvals: nobody,
    expiresSeconds: day,
    promotedIn: anywhere,
    checklist: false,
    evidence: true,
    slo: false,
  },
  // Staging | Blue-green | 1 approver | 30 minutes | Automatic on health check failure
  staging: {
    strategy: "blue-green",
    exposures: [100],
    soakSeconds: 1800,
    approvals: { required: 1, cab: false, expedited: false },
    expiresSeconds: day,
    promotedIn: anywhere,
    checklist: false,
    evidence: true,
    slo: false,
  },
  // Production | Canary (5/20/50/100) | 2 approvers + CAB | 15 min per increment | Automatic on metrics breach
  production: {
    strategy: "canary",
    exposures: [5, 20, 50, 100],
    soakSeconds: 900,
    approvals: { required: 2, cab: true, expedited: false },
    expiresSeconds: day,
    windows: { zone: "UTC", rules: defaultClosed, freezes: [] },
    promotedIn: { stacks: ["test", "staging"], withinDays: promotionDays },
    checklist: true,
    evidence: true,
    slo: true,
  },
  // Hotfix | Direct + monitoring | 2 approvers (expedited) | 30 minutes | Automatic on any error
  hotfix: {
    strategy: "direct",
    exposures: [100],
    soakSeconds: 1800,
    approvals: { required: 2, cab: false, expedited: true },
    expiresSeconds: 3600,
    promotedIn: anywhere,
    checklist: true,
    evidence: false,
    slo: true,
    // One failed request is an error, and one window of them is enough.
    gates: {
      minRequests: 1,
      errorRate: { limitPercent: 0, forSeconds: 60 },
      exceptions: { limit: 0, windowSeconds: 900 },
    },
  },
};

/** Exposures of a strategy that config names against its preset's own. */
export const strategyExposures: Readonly<Record<Preset["strategy"], readonly number[]>> = {
  canary: presets.production.exposures,
  direct: [100],
  rolling: [100],
  "blue-green": [100],
  // Of the code; the flag has phases of its own.
  "feature-flag": presets.production.exposures,
  combined: presets.production.exposures,
};

/** What presets share: the guide's "Automatic Rollback Triggers", and a look every 10 s. */
export const everyPreset: { readonly lookSeconds: number; readonly gates: PresetGates } = {
  lookSeconds: 10,
  gates: {
    windowSeconds: 60,
    /** Below it a share is noise: gates.md 2.5. `1` gives the guide's letter. */
    minRequests: 100,
    /** Error rate > 1 % for 2 consecutive minutes. */
    errorRate: { limitPercent: 1, forSeconds: 120 },
    /** P95 latency > 1000 ms for 5 consecutive minutes. */
    p95: { limitMs: 1000, forSeconds: 300 },
    /** > 10 exceptions in a 15-minute window. */
    exceptions: { limit: 10, windowSeconds: 900 },
    /** Any health check failure; three tries in a probe, 5 s each. */
    health: { tries: 3, timeoutSeconds: 5 },
  },
};

/** The triggers of a preset: its own over everybody's. */
export function gatesOf(name: PresetName): PresetGates {
  return { ...everyPreset.gates, ...presets[name].gates };
}

/** What no preset says: the same everywhere. */
export const defaults = {
  drainSeconds: 30,
  hold: { stepSeconds: 300, maxFactor: 4 },
  timeouts: { rolloutSeconds: 600, confirmSeconds: 120, verifySeconds: 120, afterRevertSeconds: 300 },
  prometheus: {
    cohortLabel: "version",
    requests: { metric: "http_requests_total", codeLabel: "code" },
    latency: { metric: "http_request_duration_seconds" },
    exceptions: { metric: "exceptions_total" },
    lagSeconds: 30,
  },
  slot: "staging",
  azureMonitor: { property: "build", lagSeconds: 120 },
  /** The guide's triggers on levels. */
  levels: {
    dbPool: { limit: 90, forSeconds: 180 },
    queue: { limit: 10_000, forSeconds: 300 },
    memory: { limit: 90, forSeconds: 180 },
  },
  /** PACE: gates.md 2.4. */
  evidence: { odds: 20, tolerance: 1.5, noise: 0.5 },
  /** The guide's objective and its ten minutes. */
  slo: { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" },
  /** Of Microsoft's configuration provider, which reads flags anew every 30 s. */
  flag: { refreshSeconds: 30, cohort: { label: "feature", on: "on", off: "off" } },
  /** Of AKS: a tenth of a pool at a time, and 30 min for the pods of a node. A pool takes minutes to come up. */
  nodePools: { maxSurge: "10%", drainTimeoutSeconds: 1800, rolloutSeconds: 7200 },
  validate: {
    healthPath: "/health/live",
    readyPath: "/health/ready",
    timeoutSeconds: 10,
    smokeTimeoutSeconds: 300,
  },
  /** Of the guide's "Runbook Integration": the revert is tested in staging. */
  checklist: {
    confirmedWithinSeconds: 4 * 3600,
    stack: "staging",
    revertDays: promotionDays,
    scanDays: 7,
    pingdom: "https://api.pingdom.com",
  },
  record: { kind: "file", dir: ".rollouts", leaseSeconds: 30 },
} as const;
