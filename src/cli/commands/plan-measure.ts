import { judge, thresholdsOf } from "../../analysis/judge.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { GateLimits, GateName } from "../../types/gates.ts";
import type { MetricsAnswer } from "../../types/observation.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { GateReading } from "../../types/verdict.ts";
import type { CommandContext } from "../command.ts";
import { openCounts } from "../compose/metrics-ports.ts";
import { openTotals } from "../compose/totals.ts";
import type { OpenStack } from "../record-view.ts";
import { firstNeeded } from "../replay.ts";
import { versionsOf } from "../versions-of.ts";

const dayMs = 86_400_000;

/** What the hard limits would have said of stable itself in the last 24 h. Silence is no clean day. */
export type StableDay =
  | {
      readonly status: "value";
      /** ISO 8601: the first bin that was there. */
      readonly from: string;
      readonly broken: readonly BrokenLimit[];
      /** Limits whose numbers the source doesn't count. */
      readonly unread: readonly { readonly gate: GateName; readonly message: string }[];
    }
  | { readonly status: "empty" | "error"; readonly message: string };

export interface BrokenLimit {
  readonly gate: GateName;
  /** Looks, one a window, that would have turned a rollout back. */
  readonly looks: number;
  /** The first of them, ISO 8601. */
  readonly at: string;
  readonly message: string;
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly source: string;
  readonly stable: StableDay;
}

/**
 * Traffic and stable's breaches of the last 24 h, from the stack's own sources. Throws `not-here` (exit 2) for the
 * sandbox's, `totals-unreadable` (exit 1) where the source doesn't answer, `no-traffic` (exit 1) where it counted none.
 */
export async function measure(
  context: CommandContext,
  stack: OpenStack,
  policy: EnvironmentPolicy,
): Promise<Measured> {
  const { runtime } = context;
  const totals = await openTotals(policy, runtime);
  if (totals === undefined) throw notHere();
  const { signal } = runtime;
  const nowMs = runtime.wall.now();
  const answer = await totals.count({ fromMs: nowMs - dayMs, toMs: nowMs, signal });
  if (answer.status === "error") throw unreadable(`${totals.name}: ${answer.message}`);
  if (answer.status === "empty" || answer.total === 0) throw noTraffic(totals.name);
  const { metrics, metricsFor } = await openCounts(policy, runtime);
  const counts = metricsFor === undefined ? metrics : metricsFor(versionsOf(stack));
  const { evidence: _, slo: __, ...gates } = policy.gates;
  const series = await counts.observe({ sinceMs: nowMs - dayMs, nowMs, ...thresholdsOf(gates), signal });
  return {
    requestsPerSecond: (answer.total / dayMs) * 1000,
    source: totals.name,
    stable: stableDay(series, gates),
  };
}

/** The hard limits over stable as if it were the canary: what they say of it, they'd say of any version. Pure. */
export function stableDay(series: MetricsAnswer, gates: GateLimits): StableDay {
  if (series.status !== "value") return series;
  const [first] = series.stable.bins;
  if (first === undefined) return { status: "empty", message: "nothing was heard of stable" };
  const { binMs } = series;
  const own = series.stable.bins;
  const bins = own.map((canary) => ({ t: canary.startMs, startMs: canary.startMs, canary }));
  const broken = new Map<string, BrokenLimit>();
  let latest: readonly GateReading[] = [];
  for (const [index, { startMs }] of own.entries()) {
    const nowMs = startMs + binMs;
    const last = index === own.length - 1;
    if (nowMs % (gates.windowSeconds * 1000) !== 0 && !last) continue;
    const thrownSince = own.findIndex((bin) => bin.startMs >= nowMs - gates.exceptions.windowSeconds * 1000);
    const from = Math.min(firstNeeded({ bins, binMs }, index, gates), thrownSince);
    const seen = own.slice(from, index + 1);
    latest = lookAt({ ...series, candidate: { bins: seen }, watermarkMs: nowMs }, gates, first.startMs);
    for (const { gate, verdict, message } of latest) {
      if (verdict !== "fail") continue;
      const before = broken.get(gate);
      const at = new Date(nowMs).toISOString();
      broken.set(
        gate,
        before ? { ...before, looks: before.looks + 1 } : { gate, looks: 1, at, message: ofStable(message) },
      );
    }
  }
  const unread = latest.filter(({ verdict }) => verdict === "error");
  return {
    status: "value",
    from: new Date(first.startMs).toISOString(),
    broken: [...broken.values()],
    unread: unread.map(({ gate, message }) => ({ gate, message })),
  };
}

/** Counts alone: health is of the moment, and levels aren't stable's. Nothing stands beside it. */
function lookAt(
  series: Extract<MetricsAnswer, { status: "value" }>,
  { windowSeconds, minRequests, errorRate, p95, exceptions, health }: GateLimits,
  sinceMs: number,
): readonly GateReading[] {
  const well = { status: "ok" } as const;
  return judge({
    gates: { windowSeconds, minRequests, errorRate, p95, exceptions, health },
    metrics: { ...series, stable: { bins: [] } },
    health: { candidate: well, stable: well },
    exposedSinceMs: sinceMs,
    confirmedAtMs: sinceMs,
    nowMs: series.watermarkMs,
  }).filter(({ gate }) => gate !== "health");
}

function ofStable(message: string): string {
  return message.replace(/^canary\b/, "stable");
}

function notHere(): RolloutError {
  return new RolloutError("rollout.metrics.kind is sandbox, which counts no requests of real users.", {
    code: "not-here",
    exit: "config",
    path: "rollout.metrics.kind",
    hint: "Give the traffic yourself: --traffic 100/s.",
  });
}

function unreadable(message: string): RolloutError {
  const hint = "Ask again, or give the traffic yourself: --traffic 100/s.";
  return new RolloutError(message, { code: "totals-unreadable", exit: "error", hint });
}

function noTraffic(source: string): RolloutError {
  return new RolloutError(`${source} counted no request in the last 24 h.`, {
    code: "no-traffic",
    exit: "error",
    hint: "Check rollout.metrics, or give the traffic yourself: --traffic 100/s.",
  });
}
