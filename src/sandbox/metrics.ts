import type { Metrics, MetricsQuery } from "../ports/metrics.ts";
import type { MetricsAnswer } from "../types/observation.ts";
import { BIN_MS } from "./fault-board.ts";
import type { Sandbox } from "./sandbox.ts";

/** The sandbox's monitoring as a metrics source: complete up to the last closed bin of 10 s. */
export function createSandboxMetrics(sandbox: Sandbox): Metrics {
  return {
    name: "sandbox",
    observe: (query) => Promise.resolve(observe(sandbox, query)),
  };
}

function observe(sandbox: Sandbox, query: MetricsQuery): MetricsAnswer {
  const { telemetry, faults, cloud } = sandbox;
  cloud.settle();
  if (faults.now("metrics-outage").length > 0) {
    return { status: "error", message: "the metrics backend does not answer (fault metrics-outage)" };
  }
  const { sinceMs } = query;
  // It knows its own distribution, so it can count by any threshold.
  const thresholdsMs = [...new Set([...query.thresholdsMs, ...(query.alsoThresholdsMs ?? [])])];
  const candidate = telemetry.series("candidate", sinceMs, thresholdsMs);
  const stable = telemetry.series("stable", sinceMs, thresholdsMs);
  if (faults.now("silent-canary").length > 0) {
    return { status: "empty", message: "no data of version=canary (fault silent-canary)" };
  }
  if (candidate.bins.length === 0 && stable.bins.length === 0) {
    return { status: "empty", message: "no closed bin yet since the step began" };
  }
  return { status: "value", binMs: BIN_MS, watermarkMs: telemetry.watermarkMs(), candidate, stable };
}
