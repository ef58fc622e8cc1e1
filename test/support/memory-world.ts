import type { Clock } from "../../src/lib/runtime.ts";
import { sha256, stableJson } from "../../src/lib/stable-json.ts";
import { flagSnapshot } from "../../src/plan/flag-release.ts";
import { nextRelease } from "../../src/plan/next-release.ts";
import { recordSteps, stepsOf } from "../../src/plan/steps.ts";
import type { Engine, EngineFailure, PreviewResult, UpOptions, UpResult } from "../../src/ports/engine.ts";
import type { Lever } from "../../src/ports/lever.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import type { Resolved, Target } from "../../src/types/engine.ts";
import type { CohortBin, RouteReading } from "../../src/types/observation.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import type { Release } from "../../src/types/release.ts";
import { aSnapshot } from "./builders.ts";
import { createFlagStack, type MemoryFlagStack } from "./memory-flag-stack.ts";

/** A stack, a router and telemetry in memory, with knobs for what goes wrong. The knobs are asked at each call. */
export interface World {
  readonly engine: Engine;
  readonly lever: Lever;
  readonly metrics: Metrics;
  readonly knobs: Knobs;
  /** Every weight that was ever in force, in order, without repetition. */
  readonly weights: readonly number[];
  /** Every call that changed something: `up 5`, `lever 0`, … */
  readonly calls: readonly string[];
  record(): Release | undefined;
  /** Somebody else's update. */
  foreignEdit(urn: string, value: unknown): void;
  /** Where the policy has a flag. */
  readonly flag?: MemoryFlagStack;
}

export interface Knobs {
  /** Share of failed requests of the candidate in percent, by exposure in force. */
  errorPercent: (exposure: number) => number;
  metricsDown: (exposure: number) => boolean;
  /** A failure of the update to a step, or none. */
  upFails: (step: string, converge: boolean) => EngineFailure | undefined;
  leverFails: () => boolean;
  /** Called while an update runs, before it takes force; may wait. */
  duringUp: (step: string, signal: AbortSignal | undefined) => Promise<void>;
  readonly violations: { policy: string; level: "advisory" | "mandatory"; message: string }[];
  readonly pending: string[];
  /** Whether a resource isn't live at this preview, with nothing of it different. */
  notLive: () => boolean;
  /** Whether stable's Deployment has nothing left to do; undefined: it may not be read. */
  stableComplete: () => boolean | undefined;
}

export function createWorld(options: {
  readonly policy: EnvironmentPolicy;
  readonly clock: Clock;
  readonly installed?: string;
}): World {
  const knobs: Knobs = {
    errorPercent: () => 0.1,
    metricsDown: () => false,
    upFails: () => undefined,
    leverFails: () => false,
    duringUp: async () => {},
    violations: [],
    pending: [],
    notLive: () => false,
    stableComplete: () => true,
  };
  const stack = createStack(options, knobs);
  return Object.assign(stack, { knobs, metrics: createMetrics(options.clock, knobs, stack.history) });
}

interface Weight {
  readonly sinceMs: number;
  readonly exposure: number;
}

function createStack(
  { policy, clock, installed }: { policy: EnvironmentPolicy; clock: Clock; installed?: string },
  knobs: Knobs,
) {
  const calls: string[] = [];
  const flag = createFlagStack(policy, clock, () => calls.push("lever 0"));
  const alone = policy.platform === "app-configuration";
  let record = installed === undefined ? undefined : baseline(installed, flag, alone);
  if (record !== undefined) flag?.apply(undefined, record, false);
  const extra: Record<string, unknown> = {};
  const history: Weight[] = [{ sinceMs: clock.now(), exposure: 0 }];
  let leverOwns = false;
  const exposure = () => history.at(-1)?.exposure ?? 0;
  const route = (weight: number) => {
    if (weight !== exposure()) history.push({ sinceMs: clock.now(), exposure: weight });
  };
  const resolve = (target: Target): Resolved => {
    const desired =
      alone && policy.flag ? flagSnapshot(target.version, policy.flag.spec) : aSnapshot(target.version);
    const had = record ? { record } : {};
    if (target.kind === "release") return { ...had, release: target.release, desired, notes: [] };
    const own = () => recordSteps(stepsOf(policy, { installed: record !== undefined }));
    const all = target.way?.steps ?? own();
    const steps = all.filter((id) => !id.startsWith("flag-"));
    const step = target.step === undefined ? {} : { step: target.step };
    const beside = flag?.beside(target.version, all);
    const stableReplicas = target.stableReplicas ?? 6;
    const next = nextRelease(record, { desired, steps, stableReplicas, ...step, ...beside });
    if (!next.ok) throw new Error(next.message);
    return { ...had, release: next.release, desired, notes: next.notes };
  };
  const inputs = () => stableJson({ "urn:release": record ?? null, ...flag?.inputs(record), ...extra });
  const engine: Engine = {
    preview: async ({ target, refresh = false }): Promise<PreviewResult> => {
      const resolved = resolve(target);
      const drifted = refresh && flag?.differs(record) === true;
      const same = !drifted && stableJson(resolved.release) === stableJson(record ?? null);
      const idle = knobs.notLive()
        ? [{ urn: "urn:d::Deployment::d", type: "test:D", op: "update", notLive: ["scaling"] }]
        : [];
      if (same) return { resolved, summary: { same: 1 }, changes: idle, violations: knobs.violations };
      const changes = same
        ? []
        : [{ urn: "urn:release::Release", type: "test:Release", op: record ? "update" : "create" }];
      return { resolved, summary: same ? { same: 1 } : { update: 1 }, changes, violations: knobs.violations };
    },
    up: async ({ target, refresh = false, converge = false, signal }: UpOptions): Promise<UpResult> => {
      const resolved = resolve(target);
      const { step } =
        target.kind === "step" && target.step !== undefined ? { step: target.step } : resolved.release;
      calls.push(`up ${step}${converge ? " converge" : ""}`);
      await knobs.duringUp(step, signal);
      const failure = signal?.aborted
        ? cancelled
        : leverOwns && !converge
          ? conflict
          : knobs.upFails(step, converge);
      if (failure) return { ok: false, failure, durationMs: 1 };
      flag?.apply(record, resolved.release, refresh);
      record = resolved.release;
      leverOwns = false;
      if (!alone) route(record.exposure);
      return { ok: true, resolved, summary: { update: 1 }, durationMs: 1 };
    },
    deployed: async () => ({
      ...(record ? { record } : {}),
      inputs: inputs(),
      hash: sha256(inputs()),
      pendingOperations: knobs.pending,
    }),
    recover: async () => ["nothing to recover"],
  };
  const stableNow = (): Pick<RouteReading, "stable"> => {
    const complete = knobs.stableComplete();
    if (complete === undefined) return {};
    const progress = complete ? "6 of 6 updated" : "1 of 6 updated, 5 old pending";
    return { stable: { ...(record ? { identity: record.stable.identity } : {}), complete, progress } };
  };
  const lever: Lever = {
    name: "memory",
    setExposure: async (weight) => {
      if (knobs.leverFails()) throw new Error("the API server does not answer");
      calls.push(`lever ${weight}`);
      if (weight !== exposure()) leverOwns = true;
      route(weight);
    },
    read: async (): Promise<RouteReading> => ({
      exposure: exposure(),
      accepted: true,
      hasCandidate: record?.candidate !== undefined,
      ready: { stable: 6, candidate: record?.candidate ? 1 : 0 },
      ...stableNow(),
    }),
  };
  return {
    engine,
    lever,
    history,
    calls,
    record: () => record,
    get weights() {
      return alone && flag ? flag.exposures : history.map((entry) => entry.exposure);
    },
    foreignEdit: (urn: string, value: unknown) => {
      extra[urn] = value;
    },
    ...(flag === undefined ? {} : { flag }),
  };
}

function baseline(version: string, flag: MemoryFlagStack | undefined, alone: boolean): Release {
  if (flag === undefined) return settled(version);
  return alone ? flag.installed() : { ...settled(version), flag: flag.installed() };
}

const cancelled: EngineFailure = { kind: "cancelled", message: "update canceled" };
const conflict: EngineFailure = { kind: "conflict", message: 'conflict with "rollouts-lever": .spec.rules' };

function settled(version: string): Release {
  return { schemaVersion: 1, stable: aSnapshot(version), exposure: 0, previousExposure: 0, step: "install" };
}

function createMetrics(clock: Clock, knobs: Knobs, history: readonly Weight[]): Metrics {
  const at = (ms: number) => history.findLast((entry) => entry.sinceMs <= ms)?.exposure ?? 0;
  return {
    name: "memory",
    observe: async ({ sinceMs, nowMs, thresholdsMs }) => {
      if (knobs.metricsDown(at(clock.now()))) return { status: "error", message: "HTTP 503" };
      const candidate: CohortBin[] = [];
      const stable: CohortBin[] = [];
      const first = Math.ceil(sinceMs / 10_000) * 10_000;
      for (let startMs = first; startMs + 10_000 <= nowMs; startMs += 10_000) {
        const exposure = at(startMs);
        const slow = Object.fromEntries(thresholdsMs.map((threshold) => [threshold, 0]));
        const bin = (n: number, percent: number): CohortBin => ({
          startMs,
          n,
          errors: Math.floor((n * percent) / 100),
          slow,
          exceptions: 0,
          weightSquared: n,
        });
        candidate.push(bin(exposure * 100, knobs.errorPercent(exposure)));
        stable.push(bin((100 - exposure) * 100, 0.1));
      }
      return {
        status: "value",
        binMs: 10_000,
        watermarkMs: nowMs,
        candidate: { bins: candidate },
        stable: { bins: stable },
      };
    },
  };
}
