import type { EnvironmentPolicy } from "../types/policy.ts";

/** Environments of the guide. */
export type PresetName = EnvironmentPolicy["preset"];

/** What a preset says of its environment. Every field can be overridden in config. */
export interface Preset {
  readonly strategy: EnvironmentPolicy["strategy"];
  /** Exposures in percent, ascending to 100. */
  readonly exposures: readonly number[];
  /** How long each increment is watched; 0: not at all. */
  readonly soakSeconds: number;
  readonly approvals: EnvironmentPolicy["approvals"];
}

/** The guide's table "Environment-Specific Rollout Strategies", row by row. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  // Dev | Direct deploy | No approval | No monitoring | Manual rollback only
  development: {
    strategy: "direct",
    exposures: [100],
    soakSeconds: 0,
    approvals: { required: 0, cab: false },
  },
  // Test | Rolling update | No approval | 5 minutes | Automatic on failure
  test: { strategy: "rolling", exposures: [100], soakSeconds: 300, approvals: { required: 0, cab: false } },
  // Staging | Blue-green | 1 approver | 30 minutes | Automatic on health check failure
  staging: {
    strategy: "blue-green",
    exposures: [100],
    soakSeconds: 1800,
    approvals: { required: 1, cab: false },
  },
  // Production | Canary (5/20/50/100) | 2 approvers + CAB | 15 min per increment | Automatic on metrics breach
  production: {
    strategy: "canary",
    exposures: [5, 20, 50, 100],
    soakSeconds: 900,
    approvals: { required: 2, cab: true },
  },
  // Hotfix | Direct + monitoring | 2 approvers (expedited) | 30 minutes | Automatic on any error
  hotfix: { strategy: "direct", exposures: [100], soakSeconds: 1800, approvals: { required: 2, cab: false } },
};

/** Exposures of a strategy that config names against its preset's own. */
export const strategyExposures: Readonly<Record<Preset["strategy"], readonly number[]>> = {
  canary: presets.production.exposures,
  direct: [100],
  rolling: [100],
  "blue-green": [100],
  "feature-flag": [10, 25, 50, 100],
};

/** What every preset shares: the guide's "Automatic Rollback Triggers", and a look every 10 s. */
export const everyPreset = {
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
} as const;

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
  },
  record: { kind: "file", dir: ".rollouts", leaseSeconds: 30 },
} as const;
