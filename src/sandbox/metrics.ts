import type { Metrics, MetricsQuery } from "../ports/metrics.ts";
import type { MetricsAnswer } from "../types/observation.ts";
import type { Observed } from "./observed.ts";
import { thinned } from "./thinned.ts";

/** The sandbox's monitoring as a metrics source: complete up to the last closed bin. */
export function createSandboxMetrics(
  observed: Observed,
  { silent = "no data of version=canary" }: { readonly silent?: string } = {},
): Metrics {
  const series = thinned(observed.telemetry);
  return {
    name: "sandbox",
    observe: (query) => Promise.resolve(observe({ ...observed, series, silent }, query)),
  };
}

interface Source extends Pick<Observed, "cloud" | "faults" | "telemetry"> {
  readonly series: ReturnType<typeof thinned>;
  readonly silent: string;
}

function observe({ telemetry, faults, cloud, series, silent }: Source, query: MetricsQuery): MetricsAnswer {
  cloud.settle();
  if (faults.now("metrics-outage").length > 0) {
    return { status: "error", message: "the metrics backend does not answer (fault metrics-outage)" };
  }
  const { sinceMs } = query;
  // It knows its own distribution, so it can count by any threshold.
  const thresholdsMs = [...new Set([...query.thresholdsMs, ...(query.alsoThresholdsMs ?? [])])];
  const candidate = series("candidate", sinceMs, thresholdsMs);
  const stable = series("stable", sinceMs, thresholdsMs);
  if (faults.now("silent-canary").length > 0) {
    return { status: "empty", message: `${silent} (fault silent-canary)` };
  }
  if (candidate.bins.length === 0 && stable.bins.length === 0) {
    return { status: "empty", message: "no closed bin yet since the step began" };
  }
  return { status: "value", binMs: telemetry.binMs, watermarkMs: telemetry.watermarkMs(), candidate, stable };
}
