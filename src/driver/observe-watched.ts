import type { LookInput } from "../analysis/judge.ts";
import type { Gauge } from "../ports/gauge.ts";
import type { GateLimits } from "../types/gates.ts";
import type { GaugeAnswer } from "../types/gauge.ts";
import type { DriverDeps } from "./session.ts";

interface Span {
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Levels, business metrics, the queue's lag and the integrity check, all at once. What isn't there was not asked. */
export async function readWatched(
  deps: Pick<DriverDeps, "gauges" | "reviews" | "integrity" | "queueLag">,
  gates: Pick<GateLimits, "integrity" | "slo">,
  span: Span,
): Promise<Pick<LookInput, "gauges" | "reviews" | "integrity" | "queueLag">> {
  const { gauges = {}, reviews = {}, integrity, queueLag } = deps;
  const [levels, business, whole, lag] = await Promise.all([
    readAll(gauges, span),
    readAll(reviews, span),
    gates.integrity === undefined ? undefined : integrity?.check(span),
    gates.slo?.queueLag === undefined ? undefined : queueLag?.read(span),
  ]);
  return {
    gauges: levels,
    reviews: business,
    ...(whole === undefined ? {} : { integrity: whole }),
    ...(lag === undefined ? {} : { queueLag: lag }),
  };
}

async function readAll(
  gauges: Readonly<Record<string, Gauge>>,
  span: Span,
): Promise<Readonly<Record<string, GaugeAnswer>>> {
  const answers = await Promise.all(
    Object.entries(gauges).map(async ([name, gauge]) => [name, await gauge.read(span)] as const),
  );
  return Object.fromEntries(answers);
}
