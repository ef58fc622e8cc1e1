import { buildPlan } from "../../src/plan/build-plan.ts";
import { snapshotOf } from "../../src/plan/identity.ts";
import type { CohortBin, HealthAnswer, MetricsAnswer } from "../../src/types/observation.ts";
import type { RolloutPlan } from "../../src/types/plan.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import type { Release } from "../../src/types/release.ts";
import type { WorkloadSnapshot, WorkloadSpec } from "../../src/types/workload.ts";

const none = { kind: "none", reason: "a test" } as const;

/** `watch` of a config that watches no level. */
export const unwatched = { dbPool: none, queue: none, memory: none } as const;

/** The guide's production policy, with the sandbox as its sources. */
export function aPolicy(overrides: Partial<EnvironmentPolicy> = {}): EnvironmentPolicy {
  return {
    preset: "production",
    service: "atp-ingestion",
    strategy: "canary",
    platform: "kubernetes",
    increments: [5, 20, 50, 100].map((exposure) => ({ exposure, soakSeconds: 900 })),
    lookSeconds: 10,
    drainSeconds: 30,
    gates: {
      errorRate: { limitPercent: 1, windows: 2 },
      p95: { limitMs: 1000, windows: 5 },
      exceptions: { limit: 10, windowSeconds: 900 },
      health: { tries: 3, timeoutSeconds: 5 },
      windowSeconds: 60,
      minRequests: 100,
    },
    hold: { stepSeconds: 300, maxFactor: 4 },
    timeouts: { rolloutSeconds: 600, confirmSeconds: 120, verifySeconds: 120, afterRevertSeconds: 300 },
    approvals: { required: 0, cab: false, expedited: false },
    approvers: { sources: [], keys: [], people: {}, expiresSeconds: 86_400 },
    promotedIn: { stacks: [], withinDays: 14 },
    metrics: { kind: "sandbox" },
    health: { kind: "sandbox" },
    lever: { kind: "sandbox" },
    watch: {
      gauges: { "db-pool": none, "queue-depth": none, memory: none },
      reviews: [],
    },
    validate: {
      healthPath: "/health/live",
      readyPath: "/health/ready",
      timeoutSeconds: 10,
      smokeTimeoutSeconds: 300,
    },
    notify: [{ kind: "log" }],
    record: { kind: "file", dir: ".rollouts", leaseSeconds: 30 },
    origins: {},
    ...overrides,
  };
}

export function aWorkload(overrides: Partial<WorkloadSpec> & { readonly tag?: string } = {}): WorkloadSpec {
  const { tag = "1.2.3", ...rest } = overrides;
  return {
    schemaVersion: 1,
    image: `atp.azurecr.io/ingestion:${tag}`,
    port: 8080,
    env: [],
    config: {},
    readiness: { path: "/health/ready", initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 3 },
    liveness: { path: "/health/live", initialDelaySeconds: 30, periodSeconds: 10, failureThreshold: 3 },
    resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { memory: "512Mi" } },
    ...rest,
  };
}

export function aSnapshot(version: string, overrides: Partial<WorkloadSpec> = {}): WorkloadSnapshot {
  return snapshotOf({ version, workload: aWorkload({ tag: version, ...overrides }) });
}

/** A settled release of one version. */
export function aRelease(version = "1.2.3", overrides: Partial<Release> = {}): Release {
  return {
    schemaVersion: 1,
    stable: aSnapshot(version),
    exposure: 0,
    previousExposure: 0,
    step: "install",
    ...overrides,
  };
}

export function aPlan(policy: Partial<EnvironmentPolicy> = {}): RolloutPlan {
  return buildPlan(aPolicy(policy), aRelease("1.2.3"), {
    version: "1.2.4",
    identity: aSnapshot("1.2.4").identity,
  });
}

export interface BinSpec {
  readonly n: number;
  readonly errors?: number;
  readonly slow?: number;
  readonly exceptions?: number;
}

/** Consecutive 10 s bins from `startMs`. */
export function bins(startMs: number, specs: readonly BinSpec[]): CohortBin[] {
  return specs.map((spec, index) => ({
    startMs: startMs + index * 10_000,
    n: spec.n,
    errors: spec.errors ?? 0,
    slow: { 500: spec.slow ?? 0, 1000: spec.slow ?? 0 },
    exceptions: spec.exceptions ?? 0,
    weightSquared: spec.n,
  }));
}

/** The same bin `count` times. */
export function repeat(count: number, spec: BinSpec): BinSpec[] {
  return Array.from({ length: count }, () => spec);
}

export function answer(candidate: CohortBin[], stable: CohortBin[], watermarkMs: number): MetricsAnswer {
  return {
    status: "value",
    binMs: 10_000,
    watermarkMs,
    candidate: { bins: candidate },
    stable: { bins: stable },
  };
}

export const healthy: HealthAnswer = { candidate: { status: "ok" }, stable: { status: "ok" } };
