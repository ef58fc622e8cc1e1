import type { TenantTraffic } from "../../plan/flag-cohort.ts";
import type { FlagSpec } from "../../types/flag-config.ts";
import { createFaultBoard, type FaultBoard } from "../fault-board.ts";
import type { FaultSpec } from "../faults.ts";
import type { Observed } from "../observed.ts";
import { createTelemetry, type Healthy, usual } from "../telemetry.ts";
import { createTimeline, type Timeline } from "../timeline.ts";
import { createTraffic, type Traffic } from "../traffic.ts";
import { createFlagClients, type FlagClients, type FlagWritten } from "./clients.ts";
import { editFlag } from "./edit.ts";
import { effectOf, type FlagEffect } from "./share.ts";
import { createFlagStore, type FlagStore, type KeyValue, type KeyValueId } from "./store.ts";

/** The requests with a flag's feature, and those without it: the candidate, and stable. */
export interface FlagSide extends Observed {
  readonly store: FlagStore;
  readonly id: KeyValueId;
  readonly traffic: Traffic;
  readonly faults: FaultBoard;
  readonly clients: FlagClients;
  /** Share of the requests that have the feature now, 0-1. */
  share(): number;
  /** From the write that switched it off last until every application showed that, ms; undefined: it is on, or was never. */
  offShownMs(): number | undefined;
  /** When something happens to it, as far as it is known: ms since the epoch, also to come. */
  changes(): readonly number[];
}

export interface FlagSideOptions {
  readonly clock: { now(): number };
  readonly startMs: number;
  /** Decides the jitter of the volume, nothing else. */
  readonly seed: number;
  /** Requests a second; default 10,000. */
  readonly rps?: number;
  readonly healthy?: Healthy;
  /** Length of the telemetry's bins, ms; default 10 s. */
  readonly binMs?: number;
  readonly spec: FlagSpec;
  readonly id: KeyValueId;
  /** At which interval applications read the flag, ms. */
  readonly refreshMs: number;
  /** How many applications; default 8. */
  readonly clients?: number;
  readonly tenants: readonly TenantTraffic[];
  readonly faults: readonly FaultSpec[];
}

/** Applications of one service: each gets the same share of the requests. */
const applications = 8;

/** The build that the feature is: faults are its. */
const featureOn = "feature on";

/** A flag in its store, the applications that read it, and what their requests show. */
export function createFlagSide(options: FlagSideOptions): FlagSide {
  const { clock, startMs, seed, spec, id, binMs } = options;
  const timeline = createTimeline(clock);
  const settle = () => timeline.settle();
  const faults = createFaultBoard(() => timeline.now(), binMs);
  faults.add(options.faults);
  const store = createFlagStore(() => timeline.now(), settle);
  const { traffic, clients, share } = createRequests(options, { timeline, faults, store });
  const telemetry = createTelemetry({
    startMs,
    seed,
    rps: options.rps ?? 10_000,
    now: () => clock.now(),
    settle,
    traffic,
    faults,
    healthy: options.healthy ?? usual,
    ...(binMs === undefined ? {} : { binMs }),
  });
  const settled =
    <T>(read: () => T) =>
    () => {
      settle();
      return read();
    };
  return {
    clock,
    cloud: { settle },
    ...{ store, id, traffic, telemetry, faults, clients },
    share: settled(share),
    offShownMs: settled(() => offShownMs(clients.history, spec)),
    changes: () => {
      const next = timeline.nextAt();
      const written = clients.history.map(({ atMs }) => atMs);
      return [...faults.changes(), ...written, ...(next === undefined ? [] : [next])];
    },
  };
}

interface Place {
  readonly timeline: Timeline;
  readonly faults: FaultBoard;
  readonly store: FlagStore;
}

/** Requests follow what the applications have read. */
function createRequests(
  options: FlagSideOptions,
  { timeline, faults, store }: Place,
): Pick<FlagSide, "traffic" | "clients"> & { readonly share: () => number } {
  const { startMs, spec, id, refreshMs, tenants } = options;
  const traffic = createTraffic();
  const effects = createEffects(spec, tenants);
  const edits = createEdits({ faults: options.faults, timeline, edit: () => editFlag(store, id) });
  let share = 0;
  const follow = (): void => {
    const shown = clients.shown.map((keyValue, client) => effects(keyValue, client));
    // Of sums of tenants: everybody is exactly 1.
    share = Math.round((shown.reduce((sum, effect) => sum + effect.share, 0) / shown.length) * 1e9) / 1e9;
    const everywhere = Math.min(...shown.map(({ exposure }) => exposure));
    traffic.change(timeline.now(), flowsOf(share));
    // In force is what every application shows.
    faults.inForce(everywhere, everywhere > 0 ? [featureOn] : []);
    edits(everywhere);
  };
  const clients = createFlagClients({
    ...{ store, id, refreshMs, startMs, timeline },
    count: options.clients ?? applications,
    throttled: () => faults.now("flag-throttle").length > 0,
    changed: follow,
  });
  traffic.change(startMs, flowsOf(0));
  return { traffic, clients, share: () => share };
}

function offShownMs(history: readonly FlagWritten[], spec: FlagSpec): number | undefined {
  const isOn = ({ keyValue }: FlagWritten) => effectOf(keyValue, spec, [])?.exposure !== 0;
  const lastOn = history.findLastIndex(isOn);
  const off = lastOn < 0 ? undefined : history[lastOn + 1];
  return off?.shownAtMs === undefined ? undefined : off.shownAtMs - off.atMs;
}

function flowsOf(share: number): Parameters<Traffic["change"]>[1] {
  const common = { served: true, service: "app" } as const;
  return [
    ...(share > 0 ? [{ ...common, cohort: "candidate", share, build: featureOn } as const] : []),
    ...(share < 1 ? [{ ...common, cohort: "stable", share: 1 - share, build: "feature off" } as const] : []),
  ];
}

/** What each application makes of what it has read; each write is evaluated once. */
function createEffects(
  spec: FlagSpec,
  tenants: readonly TenantTraffic[],
): (keyValue: KeyValue | undefined, client: number) => FlagEffect {
  const known = new Map<string, FlagEffect | undefined>();
  const last = new Map<number, FlagEffect>();
  return (keyValue, client) => {
    const key = keyValue?.etag ?? "";
    if (!known.has(key)) known.set(key, effectOf(keyValue, spec, tenants));
    const effect = known.get(key) ?? last.get(client) ?? { share: 0, exposure: 0 };
    last.set(client, effect);
    return effect;
  };
}

/** Plays the fault `flag-edit`, each once, from when its phase is in force. */
function createEdits(of: {
  readonly faults: readonly FaultSpec[];
  readonly timeline: Timeline;
  readonly edit: () => void;
}): (exposure: number) => void {
  const waiting = new Set(of.faults.filter(({ kind }) => kind === "flag-edit"));
  return (exposure) => {
    for (const fault of waiting) {
      if (exposure === 0 || exposure < fault.atExposure) continue;
      waiting.delete(fault);
      of.timeline.at(of.timeline.now() + (fault.delayMs ?? 0), of.edit);
    }
  };
}
