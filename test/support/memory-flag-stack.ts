import type { Clock } from "../../src/lib/runtime.ts";
import { betaExposure } from "../../src/lib/strategies.ts";
import { exposureOfFlag } from "../../src/plan/flag-exposure.ts";
import { parseFlag } from "../../src/plan/flag-json.ts";
import { keyValueName } from "../../src/plan/flag-key.ts";
import { flagSnapshot, offSnapshot } from "../../src/plan/flag-release.ts";
import { flagSteps } from "../../src/plan/flag-steps.ts";
import { flagContentType } from "../../src/plan/flag-value.ts";
import type { ReleaseTarget } from "../../src/plan/next-release.ts";
import { flagText } from "../../src/plan/render-flag.ts";
import { recordSteps } from "../../src/plan/steps.ts";
import type { Metrics } from "../../src/ports/metrics.ts";
import type { FlagConfig, FlagSpec } from "../../src/types/flag-config.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import type { FlagRelease, Release } from "../../src/types/release.ts";
import { createMemoryFlags, type MemoryFlags } from "./memory-flags.ts";
import { createMemoryMetrics } from "./memory-metrics.ts";

/** The guide's flag. */
export function aFlagSpec(overrides: Partial<FlagSpec> = {}): FlagSpec {
  return {
    schemaVersion: 1,
    kind: "flag",
    id: "AuditTrail.NewTamperProofAlgorithm",
    description: "SHA-512 with Merkle tree for tamper evidence",
    by: "targeting",
    beta: { users: ["tenant-beta-001"], groups: [] },
    exclude: { users: [], groups: [] },
    telemetry: false,
    ...overrides,
  };
}

/** It in a stack: 10, 25, 50 and 100 %, each watched for five minutes; applications read it every 5 s. */
export function aFlag(overrides: Partial<FlagConfig> = {}): FlagConfig {
  return {
    spec: aFlagSpec(),
    endpoint: "https://atp-test.azconfig.io",
    phases: [10, 25, 50, 100].map((percentage) => ({ percentage, soakSeconds: 300 })),
    betaSoakSeconds: 300,
    darkSeconds: 0,
    refreshSeconds: 5,
    cohort: { label: "feature", on: "on", off: "off" },
    ...overrides,
  };
}

/** The flag of a stack in memory: its store, what the stack's updates make of it, and its two cohorts. */
export interface MemoryFlagStack {
  readonly flags: MemoryFlags;
  /** Exposures that the flag had in its store, in order, without repetition. */
  readonly exposures: readonly number[];
  readonly metrics: Metrics;
  /** Share of failed requests with the feature on, in percent, by the flag's exposure. */
  knobs: { errorPercent: (exposure: number) => number };
  /** What `nextRelease` is asked of the flag beside a service. */
  beside(version: string, steps: readonly string[]): Pick<ReleaseTarget, "flag">;
  /** A first install's. */
  installed(): FlagRelease;
  /** Inputs of the flag's resource. */
  inputs(record: Release | undefined): Readonly<Record<string, unknown>>;
  /** As an update does: writes where the input has changed, or a refresh shows that the store has another value. */
  apply(before: Release | undefined, after: Release, refresh: boolean): void;
  differs(record: Release | undefined): boolean;
}

/** `written`: hears each write of the lever's. */
export function createFlagStack(
  policy: EnvironmentPolicy,
  clock: Clock,
  written: () => void,
): MemoryFlagStack | undefined {
  const { flag, platform } = policy;
  if (flag === undefined) return undefined;
  const { spec, label } = flag;
  const alone = platform === "app-configuration";
  const flags = createMemoryFlags();
  const history: { readonly sinceMs: number; readonly exposure: number }[] = [];
  const follow = () => {
    const exposure = flags.flag === undefined ? 0 : exposureOfFlag(parseFlag(flags.flag.value), spec);
    if (history.at(-1)?.exposure !== exposure) history.push({ sinceMs: clock.now(), exposure });
  };
  const followed: MemoryFlags = {
    ...flags,
    get flag() {
      return flags.flag;
    },
    get writes() {
      return flags.writes;
    },
    put: (content) => {
      flags.put(content);
      follow();
    },
    write: async (content, on) => {
      const result = await flags.write(content, on);
      written();
      follow();
      return result;
    },
  };
  const knobs = { errorPercent: (_exposure: number) => 0.1 };
  const metrics = createMemoryMetrics({
    lagMs: 0,
    traffic: (side, startMs) => {
      const exposure = history.findLast(({ sinceMs }) => sinceMs <= startMs)?.exposure ?? 0;
      const share = exposure === betaExposure ? 1 : exposure;
      const n = (side === "candidate" ? share : 100 - share) * 100;
      const percent = side === "candidate" ? knobs.errorPercent(exposure) : 0.1;
      return { n, errors: Math.floor((n * percent) / 100), slow: { 1000: 0 } };
    },
  });
  const releaseOf = (record: Release | undefined) => (alone ? record : record?.flag);
  const textOf = (record: Release | undefined) => {
    const release = releaseOf(record);
    return release === undefined ? undefined : flagText(release);
  };
  return {
    flags: followed,
    get exposures() {
      return history.map(({ exposure }) => exposure);
    },
    metrics,
    knobs,
    beside: (version, steps) => {
      if (alone) return {};
      const own = steps.filter((step) => step.startsWith("flag-"));
      const planned = own.length > 0 ? own : recordSteps(flagSteps(flag));
      return { flag: { desired: flagSnapshot(version, spec), steps: planned } };
    },
    installed: () => ({
      schemaVersion: 1,
      stable: offSnapshot(spec),
      exposure: 0,
      previousExposure: 0,
      step: "install",
    }),
    inputs: (record) => {
      const value = textOf(record);
      const name = keyValueName({ id: spec.id, ...(label === undefined ? {} : { label }) });
      const urn = "urn:pulumi:prod::atp::azure-native:appconfiguration:KeyValue::flag";
      return value === undefined ? {} : { [urn]: { keyValueName: name, value } };
    },
    apply: (before, after, refresh) => {
      const value = textOf(after);
      if (value === undefined) return;
      const there = refresh ? followed.flag?.value : textOf(before);
      if (there !== value) followed.put({ value, contentType: flagContentType, tags: {} });
    },
    differs: (record) => textOf(record) !== followed.flag?.value,
  };
}
