import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { EvidenceLimits, GaugeLimits, SloLimits } from "../types/gates.ts";
import type { GaugeConfig, GaugeName } from "../types/gauge.ts";
import type { NotWatched, WatchConfig } from "../types/watch.ts";
import { parsePercent } from "./percent.ts";
import { defaults, presets } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

const standard = <T>(value: T) => ({ from: "default", value }) as const;
const preset = <T>(value: T) => ({ from: "preset", value }) as const;

/** How config names the triggers on levels. */
export const triggerKeys = { dbPool: "db-pool", queue: "queue-depth", memory: "memory" } as const;
const triggers = Object.entries(triggerKeys) as readonly [keyof typeof triggerKeys, GaugeName][];

const unnamed: NotWatched = { kind: "none", reason: "no source is named" };

/** What is watched beside the counts. */
export function pickWatch({ watch = {} }: WrittenConfig, pick: Picker): WatchConfig {
  const gauges = triggers.map(([key, name]) => [
    name,
    pick(
      `watch.gauges.${name}`,
      watch[key] && sourceOf(watch[key]),
      standard<GaugeConfig | NotWatched>(unnamed),
    ),
  ]);
  const reviews = (watch.review ?? []).map(({ name, limit, worse = "above", source }) => ({
    name,
    limit,
    worse,
    source: sourceOf(source) as GaugeConfig,
  }));
  const lag = watch.queueLag && (sourceOf(watch.queueLag) as GaugeConfig);
  return {
    gauges: Object.fromEntries(gauges),
    reviews: pick("watch.reviews", watch.review && reviews, standard(reviews)),
    ...(lag === undefined ? {} : { queueLag: pick("watch.queueLag", lag, standard(lag)) }),
    ...(watch.integrity === undefined
      ? {}
      : { integrity: pick("watch.integrity", watch.integrity, standard(watch.integrity)) }),
  };
}

type WrittenSource = NonNullable<NonNullable<WrittenConfig["watch"]>["dbPool"]>;

/** Without the members that zod has left undefined: nothing in a policy is ever written so. */
function sourceOf(written: WrittenSource): GaugeConfig | NotWatched {
  const full = written.kind === "azure-metrics" ? { aggregation: "Maximum", ...defined(written) } : written;
  return defined(full) as unknown as GaugeConfig | NotWatched;
}

function defined(written: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

/** Limits of the levels, the evidence and the objectives: what the judge has beside shares, exceptions and health. */
export function pickLevels(
  written: WrittenConfig,
  pick: Picker,
  watch: WatchConfig,
): { readonly gauges: GaugeLimits; readonly evidence?: EvidenceLimits; readonly slo?: SloLimits } {
  const gauges = triggers.map(([key, name]) => [
    name,
    {
      ...levelOf(written, pick, { key, name }),
      source: pick(
        `gates.gauges.${name}.source`,
        written.watch?.[key]?.kind,
        standard(watch.gauges[name].kind),
      ),
    },
  ]);
  const evidence = pickEvidence(written, pick);
  const slo = pickSlo(written, pick, watch);
  return {
    gauges: Object.fromEntries(gauges),
    ...(evidence === undefined ? {} : { evidence }),
    ...(slo === undefined ? {} : { slo }),
  };
}

function levelOf(
  { gates = {} }: WrittenConfig,
  pick: Picker,
  { key, name }: { readonly key: keyof typeof triggerKeys; readonly name: GaugeName },
) {
  const base = defaults.levels[key];
  const written = gates[key];
  const { limit, for: lasts } = typeof written === "object" ? written : { limit: written, for: undefined };
  const number = typeof limit === "string" ? parsePercent(limit) : limit;
  return {
    limit: pick(`gates.gauges.${name}.limit`, number, standard<number>(base.limit)),
    forSeconds: pick(`gates.gauges.${name}.forSeconds`, secondsOf(lasts), standard<number>(base.forSeconds)),
  };
}

/** A limit of no error at all is stricter than any evidence. */
function pickEvidence(written: WrittenConfig, pick: Picker): EvidenceLimits | undefined {
  const asked = written.gates?.evidence;
  const base = presets[written.preset].evidence ? defaults.evidence : undefined;
  if (asked === false || (asked === undefined && base === undefined)) return undefined;
  const number = (name: keyof EvidenceLimits) =>
    pick(`gates.evidence.${name}`, asked?.[name], standard<number>(defaults.evidence[name]));
  return { odds: number("odds"), tolerance: number("tolerance"), noise: number("noise") };
}

function pickSlo(written: WrittenConfig, pick: Picker, { queueLag }: WatchConfig): SloLimits | undefined {
  const { slo } = written;
  if (slo === false || (slo === undefined && !presets[written.preset].slo)) return undefined;
  const base = defaults.slo;
  return {
    availabilityPercent: pick(
      "gates.slo.availabilityPercent",
      slo?.availability,
      preset<number>(base.availabilityPercent),
    ),
    resolveWithinSeconds: pick(
      "gates.slo.resolveWithinSeconds",
      secondsOf(slo?.resolveWithin),
      preset<number>(base.resolveWithinSeconds),
    ),
    window: pick("gates.slo.window", slo?.window, preset<SloLimits["window"]>(base.window)),
    ...(slo?.throughput === undefined
      ? {}
      : { throughput: pick("gates.slo.throughput", slo.throughput, standard(slo.throughput)) }),
    ...(queueLag === undefined ? {} : { queueLag: true }),
  };
}

type WrittenAzure = Extract<WrittenConfig["metrics"], { readonly kind: "azure-monitor" }>;

/** Of versions and builds the sides' values are those of the rollout itself. */
export function pickAzureMonitor(metrics: WrittenAzure, pick: Picker): AzureMonitorConfig {
  const { workspaceId, resourceId, role, endpoint } = metrics;
  const cohort = typeof metrics.cohort === "string" ? { by: metrics.cohort } : metrics.cohort;
  const { by, property, stable, candidate } = cohort as Partial<typeof cohort> & AzureMonitorConfig["cohort"];
  const own =
    by === "build"
      ? { stable: "{fromBuild}", candidate: "{toBuild}" }
      : { stable: "{from}", candidate: "{to}" };
  const given = <T>(path: string, value: T) => pick(`metrics.${path}`, value, standard(value));
  const named = property ?? (by === "build" ? defaults.azureMonitor.property : undefined);
  return {
    kind: given("kind", metrics.kind),
    ...(workspaceId === undefined ? {} : { workspaceId: given("workspaceId", workspaceId) }),
    ...(resourceId === undefined ? {} : { resourceId: given("resourceId", resourceId) }),
    cohort: {
      by: given("cohort.by", by),
      ...(named === undefined ? {} : { property: named }),
      stable: pick("metrics.cohort.stable", stable, standard(own.stable)),
      candidate: pick("metrics.cohort.candidate", candidate, standard(own.candidate)),
    },
    ...(role === undefined ? {} : { role: given("role", role) }),
    lagSeconds: pick(
      "metrics.lagSeconds",
      secondsOf(metrics.lag),
      standard<number>(defaults.azureMonitor.lagSeconds),
    ),
    ...(endpoint === undefined ? {} : { endpoint: given("endpoint", endpoint.replace(/\/+$/, "")) }),
  };
}
