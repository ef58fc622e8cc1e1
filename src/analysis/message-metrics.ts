import { formatDuration } from "../lib/duration.ts";
import { metricLabels } from "../lib/message/labels.ts";
import type { SeenCounts } from "../types/counts.ts";
import type { GateLimits } from "../types/gates.ts";
import type { MetricRow, RolloutMessage } from "../types/message.ts";
import type { GateReading } from "../types/verdict.ts";
import { formatShare, grouped } from "./figures.ts";

/** What a message's metrics are made of: counts and verdicts of one look. */
export interface MetricsSeen {
  readonly counts?: SeenCounts;
  readonly readings: readonly GateReading[];
}

/** The share of requests that a P95 lets be slower, percent. */
const slowPercent = 5;

/**
 * The guide's table: error rate, P95, exceptions as counted, health and levels as judged. Absent where nothing was
 * seen at all; a row that nothing was counted for says so.
 */
export function messageMetrics(
  { counts, readings }: MetricsSeen,
  gates: GateLimits,
): RolloutMessage["metrics"] {
  if (counts === undefined && readings.length === 0) return undefined;
  const span = counts === undefined ? "now" : `last ${formatDuration(counts.recent.seconds)}`;
  const counted = counts === undefined ? [] : countRows(counts.recent, gates);
  const levels = counts === undefined ? readings : readings.filter(({ gate }) => !isCounted(gate));
  return { span, rows: [...counted, ...levels.flatMap(levelRow)] };
}

function countRows(recent: SeenCounts["recent"], gates: GateLimits): readonly MetricRow[] {
  const { requests, failed, exceptions } = recent;
  const { errorRate, exceptions: thrown } = gates;
  const known = requests > 0;
  return [
    {
      name: labelOf("error-rate"),
      value: known ? `${formatShare(failed, requests)} % of ${grouped(requests)} requests` : "no requests",
      limit: `${errorRate.limitPercent} %`,
      verdict: known ? verdictOf(failed * 100 > errorRate.limitPercent * requests) : "unknown",
    },
    latencyRow(recent, gates),
    {
      name: labelOf("exceptions"),
      value: `${exceptions}`,
      limit: `${thrown.limit} in ${formatDuration(thrown.windowSeconds)}`,
      verdict: known || exceptions > 0 ? verdictOf(exceptions > thrown.limit) : "unknown",
    },
  ];
}

/** Requests are counted by thresholds: the smallest one that at most 5 % are slower than is what the P95 is within. */
function latencyRow({ requests, slow }: SeenCounts["recent"], gates: GateLimits): MetricRow {
  const { limitMs } = gates.p95;
  const limit = `${limitMs} ms`;
  const name = labelOf("p95-latency");
  const over = slow[String(limitMs)];
  if (requests === 0 || over === undefined) return { name, value: "not counted", limit, verdict: "unknown" };
  const within = Object.keys(slow)
    .map(Number)
    .filter((ms) => (slow[String(ms)] ?? 0) * 100 <= slowPercent * requests)
    .sort((a, b) => a - b)[0];
  const verdict = verdictOf(over * 100 > slowPercent * requests);
  if (within !== undefined && within <= limitMs)
    return { name, value: `at most ${within} ms`, limit, verdict };
  return { name, value: `over ${limitMs} ms: ${formatShare(over, requests)} % are slower`, limit, verdict };
}

/** What isn't a count: health as it is, levels with their values. Gates that compare have no row of their own. */
function levelRow({ gate, verdict, value, limit, reason }: GateReading): readonly MetricRow[] {
  const said = verdict === "pass" ? "ok" : verdict === "fail" ? "over" : "unknown";
  if (gate === "health") {
    const state = verdict === "pass" ? "passing" : verdict === "fail" ? "failing" : "no answer";
    return [{ name: labelOf("health"), value: state, verdict: said }];
  }
  const name = metricLabels[gate];
  if (name === undefined) return [];
  if (isCounted(gate)) return [{ name, value: `unknown (${reason})`, verdict: "unknown" }];
  const unit = gate === "queue-depth" ? "" : " %";
  const shown = value === undefined ? `unknown (${reason})` : `${Math.round(value * 10) / 10}${unit}`;
  return [{ name, value: shown, limit: `${limit}${unit}`, verdict: said }];
}

/** Whether the value of a gate is told of counts: what a gate has judged is of another span. */
function isCounted(gate: string): boolean {
  return gate === "error-rate" || gate === "p95-latency" || gate === "exceptions";
}

function labelOf(gate: string): string {
  return metricLabels[gate] ?? gate;
}

function verdictOf(over: boolean): "ok" | "over" {
  return over ? "over" : "ok";
}
