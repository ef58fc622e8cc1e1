import type { FaultEffect, FaultSpec } from "./faults.ts";

/** Usual length of a bin of the telemetry, ms. */
export const BIN_MS = 10_000;

type Kind = FaultEffect["kind"];
type OfKind<K extends Kind> = FaultSpec & { readonly kind: K };

/** Faults that lie in no version: what is watched, counted or routed goes wrong, whoever runs. */
const ofNoBuild: readonly Kind[] = [
  "metrics-outage",
  "gauge-outage",
  "environment-errors",
  "slow-router",
  "budget",
  "budget-burn",
];

/** Faults that lie in the pods: they take hold of pods made on the way to the exposure, too. */
const ofPods: readonly Kind[] = ["crashloop", "image-pull"];

/**
 * Which faults are on, and whom they hit. A fault starts once, when its exposure is first in force; those of
 * requests then wait for the next bin and act on whole bins only, so that a share is exact in each of them.
 * It hits the builds that the candidate ran at the start, wherever they run later: a fault follows its version.
 */
export interface FaultBoard {
  /** Adds faults; those whose exposure is in force already start now. */
  add(specs: readonly FaultSpec[]): void;
  /** The candidate's share as the router has it now, with the builds that stand behind it. */
  inForce(exposure: number, builds: readonly string[]): void;
  /** The share that an update is on its way to: what it makes new is faulty from there on. */
  heading(exposure: number): void;
  /** From now on the version of that identity comes in stable's place: its pods are the candidate's. */
  replacing(identity: string | undefined): void;
  /** Whether that is the version that comes in stable's place. */
  replaces(identity: string | undefined): boolean;
  /** The identity that comes in stable's place, if one does. */
  readonly inPlace: string | undefined;
  /** Whether a build is hit by a fault of its pods, and by which. */
  podFault(build: string, isCandidate: boolean): "crashloop" | "image-pull" | undefined;
  /** Whether pods that run already break down, too. */
  breaksRunning(build: string): boolean;
  /** How long the router takes for a route of that exposure, ms; Infinity: never. */
  routerDelayMs(exposure: number): number;
  /** Faults of a kind that are on at this instant. */
  now<K extends Kind>(kind: K): readonly OfKind<K>[];
  /** Faults of a kind that act on the whole bin, with the time at which they began. */
  onBin<K extends Kind>(
    kind: K,
    binStartMs: number,
  ): readonly { readonly fault: OfKind<K>; readonly sinceMs: number }[];
  /** When faults begin and end, as far as it is known: ms since the epoch, also to come. */
  changes(): readonly number[];
  /** Whether the fault hits that build. */
  hits(fault: FaultSpec, build: string): boolean;
}

interface Watched {
  readonly spec: FaultSpec;
  startedMs: number | undefined;
  readonly builds: Set<string>;
}

/** How long a healthy router takes to accept a route, ms. */
const ROUTER_MS = 1_000;

/** A board over a clock's time, for a telemetry in bins of `binMs`. */
export function createFaultBoard(now: () => number, binMs: number = BIN_MS): FaultBoard {
  const watched: Watched[] = [];
  let exposureInForce = 0;
  let buildsInForce: readonly string[] = [];
  let ahead = 0;
  let inPlace: string | undefined;
  const start = (): void => {
    for (const entry of watched) {
      if (entry.startedMs !== undefined || entry.spec.atExposure > exposureInForce) continue;
      // A fault at 0 % belongs to the next candidate: it waits for the builds that it hits.
      if (needsBuilds(entry.spec) && buildsInForce.length === 0) continue;
      entry.startedMs = now() + (entry.spec.delayMs ?? 0);
      for (const build of buildsInForce) entry.builds.add(build);
    }
  };
  const ofKind = (kind: Kind): readonly Watched[] => watched.filter((entry) => entry.spec.kind === kind);
  return {
    add: (specs) => {
      for (const spec of specs) watched.push({ spec, startedMs: undefined, builds: new Set() });
      start();
    },
    inForce: (exposure, builds) => {
      exposureInForce = exposure;
      buildsInForce = builds;
      start();
    },
    heading: (exposure) => {
      ahead = exposure;
    },
    replacing: (identity) => {
      inPlace = identity;
    },
    replaces: (identity) => identity !== undefined && identity === inPlace,
    get inPlace() {
      return inPlace;
    },
    podFault: (build, isCandidate) => podFault(watched, build, isCandidate ? ahead : -1),
    breaksRunning: (build) =>
      ofKind("crashloop").some((e) => e.startedMs !== undefined && e.builds.has(build)),
    routerDelayMs: (exposure) => routerDelay(ofKind("slow-router"), exposure, now()),
    now: (kind) =>
      ofKind(kind).flatMap((entry) => (isOn(entry, now()) ? [entry.spec as OfKind<typeof kind>] : [])),
    onBin: (kind, binStartMs) =>
      ofKind(kind).flatMap((entry) => {
        const sinceMs = entry.startedMs === undefined ? undefined : nextBin(entry.startedMs, binMs);
        if (sinceMs === undefined || binStartMs < sinceMs) return [];
        if (binStartMs + binMs > sinceMs + (entry.spec.durationMs ?? Infinity)) return [];
        return [{ fault: entry.spec as OfKind<typeof kind>, sinceMs }];
      }),
    changes: () =>
      watched.flatMap(({ startedMs, spec }) => {
        if (startedMs === undefined) return [];
        return spec.durationMs === undefined ? [startedMs] : [startedMs, startedMs + spec.durationMs];
      }),
    hits: (fault, build) => watched.some((entry) => entry.spec === fault && entry.builds.has(build)),
  };
}

function needsBuilds(spec: FaultSpec): boolean {
  return !ofNoBuild.includes(spec.kind);
}

function isOn(entry: Watched, nowMs: number): boolean {
  if (entry.startedMs === undefined || nowMs < entry.startedMs) return false;
  return nowMs < entry.startedMs + (entry.spec.durationMs ?? Infinity);
}

function nextBin(ms: number, binMs: number): number {
  return Math.ceil(ms / binMs) * binMs;
}

function podFault(
  watched: readonly Watched[],
  build: string,
  ahead: number,
): "crashloop" | "image-pull" | undefined {
  for (const entry of watched) {
    const { kind, atExposure } = entry.spec;
    if (!ofPods.includes(kind)) continue;
    if (!entry.builds.has(build) && ahead > 0 && ahead >= atExposure) entry.builds.add(build);
    if (entry.builds.has(build)) return kind === "crashloop" ? "crashloop" : "image-pull";
  }
  return undefined;
}

/** Only a route that gives the candidate at least the fault's share is slow: the way back is not. */
function routerDelay(slow: readonly Watched[], exposure: number, nowMs: number): number {
  for (const entry of slow) {
    if (exposure < entry.spec.atExposure) continue;
    entry.startedMs ??= nowMs;
    const leftMs = entry.startedMs + (entry.spec.durationMs ?? Infinity) - nowMs;
    if (leftMs > 0) return Math.max(ROUTER_MS, leftMs);
  }
  return ROUTER_MS;
}
