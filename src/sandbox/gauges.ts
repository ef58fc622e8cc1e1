import type { Gauge } from "../ports/gauge.ts";
import type { GaugeLimits } from "../types/gates.ts";
import type { GaugeAnswer, GaugeName, GaugeSample } from "../types/gauge.ts";
import type { ReviewMetric, WatchConfig } from "../types/watch.ts";
import { BIN_MS } from "./fault-board.ts";
import type { FaultSpec } from "./faults.ts";
import type { Sandbox } from "./sandbox.ts";
import { answeredIn } from "./served.ts";
import { volumeOf } from "./traffic.ts";

/** Levels of a healthy service: percent, messages, percent. */
const usual: Readonly<Record<GaugeName, number>> = { "db-pool": 42, "queue-depth": 120, memory: 61 };
/** Seconds that an event waits in the queue of a healthy service. */
const usualLag = 20;
/** How far on the good side of a limit a healthy level keeps at least, as a share of it; the jitter is 3 %. */
const CLEARANCE = 0.2;

/** The sources of what a stack watches, by name; what nothing watches is left out. */
export interface SandboxGauges {
  readonly gauges: Readonly<Partial<Record<GaugeName, Gauge>>>;
  readonly reviews: Readonly<Record<string, Gauge>>;
  /** Absent: nothing watches the queue's lag. */
  readonly queueLag?: Gauge;
}

/**
 * The sandbox's levels: one sample at the end of each closed bin of 10 s, healthy ± 3 % by seed and time, exactly the
 * fault's level in whole bins of one. They depend on nothing else, so the same span gives the same samples. `limits`:
 * a healthy service keeps its stack's own; absent: those of the guide.
 */
export function createSandboxGauges(
  sandbox: Sandbox,
  watch: WatchConfig,
  limits?: GaugeLimits,
): SandboxGauges {
  const watched = (Object.keys(watch.gauges) as GaugeName[]).filter(
    (name) => watch.gauges[name].kind !== "none",
  );
  const gauges = watched.map((name) => {
    const most = limits === undefined ? Infinity : (1 - CLEARANCE) * limits[name].limit;
    const level = { name, healthy: Math.min(usual[name], most), faulty: levelUnder(sandbox, name) };
    return [name, createGauge(sandbox, level)];
  });
  const reviews = watch.reviews.map((review) => [
    review.name,
    createGauge(sandbox, levelOf(sandbox, review)),
  ]);
  return {
    gauges: Object.fromEntries(gauges),
    reviews: Object.fromEntries(reviews),
    ...(watch.queueLag === undefined ? {} : { queueLag: createGauge(sandbox, lagOf(sandbox)) }),
  };
}

function lagOf(sandbox: Sandbox): Level {
  return { name: "queue-lag", healthy: usualLag, faulty: levelUnder(sandbox, "queue-lag") };
}

interface Level {
  readonly name: string;
  readonly healthy: number;
  /** What a fault makes of it in a bin; undefined: nothing. */
  readonly faulty: (binStartMs: number) => number | undefined;
}

/** Several faults of one level: the worst. */
function levelUnder(sandbox: Sandbox, gauge: GaugeName | "queue-lag"): Level["faulty"] {
  return (startMs) => {
    const on = sandbox.faults.onBin("level", startMs).map(({ fault }) => fault);
    const own = on.filter((fault) => fault.gauge === gauge && acts(sandbox, fault, startMs));
    return own.length === 0 ? undefined : Math.max(...own.map(({ value }) => value));
  };
}

/** As far on the good side of its limit as the fault puts it on the bad one. */
function levelOf(sandbox: Sandbox, { name, limit, worse }: ReviewMetric): Level {
  const distance = limit === 0 ? 1 : CLEARANCE * Math.abs(limit);
  const away = worse === "above" ? -distance : distance;
  const hit = (startMs: number): boolean =>
    sandbox.faults
      .onBin("business-metric", startMs)
      .some(({ fault }) => fault.name === name && acts(sandbox, fault, startMs));
  return { name, healthy: limit + away, faulty: (startMs) => (hit(startMs) ? limit - away : undefined) };
}

function acts(sandbox: Sandbox, fault: FaultSpec, startMs: number): boolean {
  return answeredIn(sandbox, fault, { fromMs: startMs, toMs: startMs + BIN_MS });
}

function createGauge(sandbox: Sandbox, level: Level): Gauge {
  return { name: "sandbox", read: (query) => Promise.resolve(read(sandbox, level, query)) };
}

function read(
  { cloud, faults, telemetry }: Sandbox,
  level: Level,
  { sinceMs, nowMs, signal }: Parameters<Gauge["read"]>[0],
): GaugeAnswer {
  const { name } = level;
  if (signal?.aborted === true) return { status: "error", message: `the look at ${name} was cancelled` };
  cloud.settle();
  if (faults.now("gauge-outage").some((fault) => fault.name === name))
    return { status: "error", message: `the source of ${name} does not answer (fault gauge-outage)` };
  const watermarkMs = Math.min(telemetry.watermarkMs(), Math.floor(nowMs / BIN_MS) * BIN_MS);
  const first = Math.max(Math.ceil(sinceMs / BIN_MS), Math.floor(telemetry.startMs / BIN_MS) + 1);
  const samples: GaugeSample[] = [];
  for (let atMs = first * BIN_MS; atMs <= watermarkMs; atMs += BIN_MS) {
    const startMs = atMs - BIN_MS;
    samples.push({
      atMs,
      value: level.faulty(startMs) ?? level.healthy * jitter(telemetry.seed, name, startMs),
    });
  }
  if (samples.length === 0) return { status: "empty", message: `no sample of ${name} is complete yet` };
  return { status: "value", everyMs: BIN_MS, watermarkMs, samples };
}

/** About 1, as the volume of requests has it, and another one for each name. */
function jitter(seed: number, name: string, startMs: number): number {
  const salt = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 0);
  const rps = 1_000_000;
  return volumeOf(startMs, { rps, seed: seed ^ salt, binMs: BIN_MS }) / ((rps * BIN_MS) / 1_000);
}
