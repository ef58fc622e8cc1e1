import type { Gauge } from "../ports/gauge.ts";
import type { GaugeLimits } from "../types/gates.ts";
import type { GaugeAnswer, GaugeName, GaugeSample } from "../types/gauge.ts";
import type { ReviewMetric, WatchConfig } from "../types/watch.ts";
import type { FaultSpec } from "./faults.ts";
import type { Observed } from "./observed.ts";
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
 * The sandbox's levels: one sample at the end of each closed bin of its telemetry, healthy ± 3 % by seed and time, exactly the
 * fault's level in whole bins of one. They depend on nothing else, so the same span gives the same samples. `limits`:
 * a healthy service keeps its stack's own; absent: those of the guide.
 */
export function createSandboxGauges(
  sandbox: Observed,
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

function lagOf(sandbox: Observed): Level {
  return { name: "queue-lag", healthy: usualLag, faulty: levelUnder(sandbox, "queue-lag") };
}

interface Level {
  readonly name: string;
  readonly healthy: number;
  /** What a fault makes of it in a bin; undefined: nothing. */
  readonly faulty: (binStartMs: number) => number | undefined;
}

/** Several faults of one level: the worst. */
function levelUnder(sandbox: Observed, gauge: GaugeName | "queue-lag"): Level["faulty"] {
  return (startMs) => {
    const on = sandbox.faults.onBin("level", startMs).map(({ fault }) => fault);
    const own = on.filter((fault) => fault.gauge === gauge && acts(sandbox, fault, startMs));
    return own.length === 0 ? undefined : Math.max(...own.map(({ value }) => value));
  };
}

/** As far on the good side of its limit as the fault puts it on the bad one. */
function levelOf(sandbox: Observed, { name, limit, worse }: ReviewMetric): Level {
  const distance = limit === 0 ? 1 : CLEARANCE * Math.abs(limit);
  const away = worse === "above" ? -distance : distance;
  const hit = (startMs: number): boolean =>
    sandbox.faults
      .onBin("business-metric", startMs)
      .some(({ fault }) => fault.name === name && acts(sandbox, fault, startMs));
  return { name, healthy: limit + away, faulty: (startMs) => (hit(startMs) ? limit - away : undefined) };
}

function acts(sandbox: Observed, fault: FaultSpec, startMs: number): boolean {
  return answeredIn(sandbox, fault, { fromMs: startMs, toMs: startMs + sandbox.telemetry.binMs });
}

function createGauge(sandbox: Observed, level: Level): Gauge {
  const samplesUntil = sampled(sandbox, level);
  return {
    name: "sandbox",
    read: (query) => Promise.resolve(read(sandbox, level.name, { ...query, samplesUntil })),
  };
}

/** All samples that end by then. Each is made once: what is over changes no more. */
function sampled({ telemetry }: Observed, level: Level): (untilMs: number) => readonly GaugeSample[] {
  const { startMs, binMs, seed } = telemetry;
  const firstMs = (Math.floor(startMs / binMs) + 1) * binMs;
  const samples: GaugeSample[] = [];
  return (untilMs) => {
    for (let atMs = firstMs + samples.length * binMs; atMs <= untilMs; atMs += binMs) {
      const value =
        level.faulty(atMs - binMs) ?? level.healthy * jitter({ seed, binMs }, level.name, atMs - binMs);
      samples.push({ atMs, value });
    }
    return samples;
  };
}

function read(
  { cloud, faults, telemetry }: Observed,
  name: string,
  query: Parameters<Gauge["read"]>[0] & { readonly samplesUntil: ReturnType<typeof sampled> },
): GaugeAnswer {
  const { sinceMs, nowMs, signal, samplesUntil } = query;
  const { binMs } = telemetry;
  if (signal?.aborted === true) return { status: "error", message: `the look at ${name} was cancelled` };
  cloud.settle();
  if (faults.now("gauge-outage").some((fault) => fault.name === name))
    return { status: "error", message: `the source of ${name} does not answer (fault gauge-outage)` };
  const watermarkMs = Math.min(telemetry.watermarkMs(), Math.floor(nowMs / binMs) * binMs);
  const all = samplesUntil(telemetry.watermarkMs());
  const ofSpan = (ms: number) => Math.max(0, Math.ceil((ms - (all[0]?.atMs ?? 0)) / binMs));
  const samples = all.slice(ofSpan(sinceMs), ofSpan(watermarkMs + 1));
  if (samples.length === 0) return { status: "empty", message: `no sample of ${name} is complete yet` };
  return { status: "value", everyMs: binMs, watermarkMs, samples };
}

/** About 1, as the volume of requests has it, and another one for each name. */
function jitter(
  { seed, binMs }: Pick<Observed["telemetry"], "seed" | "binMs">,
  name: string,
  startMs: number,
): number {
  const salt = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 0);
  const rps = 1_000_000;
  return volumeOf(startMs, { rps, seed: seed ^ salt, binMs }) / ((rps * binMs) / 1_000);
}
