import type { CohortBin, HealthStatus, MetricsAnswer, ServiceReading } from "../types/observation.ts";

/** Below it a service counts as down, percent of the requests: the guide's critical row of availability. */
const floorPercent = 99;
const spanMs = 60_000;

export interface ServiceLook {
  /** Of the version that serves. */
  readonly health: HealthStatus;
  readonly metrics: MetricsAnswer;
  /** Fewer requests in the last minute say nothing of the availability. */
  readonly minRequests: number;
}

/**
 * Down: stable's health fails, or less than 99.0 % of all requests of the last closed minute succeeded. Health that
 * gives no answer may be our own network: counted requests that succeed outweigh it, and where nothing is counted it is
 * down. Up takes a healthy answer, and no requests that say otherwise; a source in trouble says nothing. Pure.
 */
export function serviceReading({ health, metrics, minRequests }: ServiceLook): ServiceReading {
  const share = availability(metrics, minRequests);
  if (typeof share === "number" && share < floorPercent)
    return { service: "down", why: `availability ${share.toFixed(2)} % in 1 min, limit ${floorPercent} %` };
  if (health.status === "unhealthy")
    return { service: "down", why: `stable's ${health.path} answers ${health.httpStatus}` };
  if (health.status === "no-answer")
    return typeof share === "number"
      ? { service: "unknown" }
      : { service: "down", why: `stable's health gives no answer: ${health.message}` };
  if (share === "error") return { service: "unknown" };
  const why = share === "few" ? "stable is healthy" : `availability ${share.toFixed(2)} %, stable is healthy`;
  return { service: "up", why };
}

/** Percent of the requests of both sides that succeeded; `few` where too few were counted to say. */
function availability(metrics: MetricsAnswer, minRequests: number): number | "few" | "error" {
  if (metrics.status === "error") return "error";
  if (metrics.status === "empty") return "few";
  const { watermarkMs, binMs, candidate, stable } = metrics;
  const within = ({ startMs }: CohortBin) =>
    startMs >= watermarkMs - spanMs && startMs + binMs <= watermarkMs;
  const bins = [...candidate.bins, ...stable.bins].filter(within);
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  if (n < Math.max(1, minRequests)) return "few";
  const errors = bins.reduce((sum, bin) => sum + bin.errors, 0);
  return (100 * (n - errors)) / n;
}
