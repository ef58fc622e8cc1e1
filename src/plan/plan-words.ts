import { formatDuration } from "../lib/duration.ts";
import { exposureTrail } from "../lib/strategies.ts";
import type { GateLimits } from "../types/gates.ts";
import type { GaugeName } from "../types/gauge.ts";
import type { PlanStep, RolloutPlan } from "../types/plan.ts";
import { isInPlace } from "./steps.ts";

/** How a plan's version reaches everybody, in words: `Canary 5 → 20 → 50 → 100 %`. */
export function strategyInWords({ steps, strategy, flag }: RolloutPlan): string {
  const trail = (kind: PlanStep["kind"]) =>
    exposureTrail(steps.flatMap((step) => (step.kind === kind ? [step.exposure ?? 0] : [])));
  const has = (kind: PlanStep["kind"]) => steps.some((step) => step.kind === kind);
  const parts = [
    ...(has("install") ? ["First install, everybody at once"] : []),
    ...(has("replace") ? [strategy === "rolling" ? "Rolling, pod by pod" : "Direct, everybody at once"] : []),
    ...(has("move") ? [`Node pools one after another: ${poolsOf(steps).join(" → ")}`] : []),
    ...(has("swap") ? ["Blue-green, validated and swapped in at once"] : []),
    ...(has("increment") ? [`Canary ${trail("increment")}`] : []),
    ...(has("phase") ? [`Flag ${flag?.id ?? ""} ${trail("phase")} of the tenants`] : []),
  ];
  return parts.length === 0 ? strategy : parts.join(", then ");
}

function poolsOf(steps: readonly PlanStep[]): readonly string[] {
  return steps.flatMap(({ id, kind }) => (kind === "move" ? [id.replace(/^pool-/, "")] : []));
}

/** `1 h 1 min to 4 h 1 min (15 min a step)`. */
export function durationInWords({ duration, steps }: RolloutPlan): string {
  const { minSeconds, maxSeconds } = duration;
  const soaks = [...new Set(steps.flatMap(({ soakSeconds }) => soakSeconds ?? []))];
  const each = soaks.length === 1 ? ` (${formatDuration(soaks[0] ?? 0)} a step)` : "";
  const most = maxSeconds > minSeconds ? ` to ${formatDuration(maxSeconds)}` : "";
  return `${formatDuration(minSeconds)}${most}${each}`;
}

/** What takes the version back, limit by limit, and which way. A first install has none. */
export function rollbackInWords(plan: RolloutPlan): readonly string[] {
  const { steps, gates, from } = plan;
  if (steps.some(({ kind }) => kind === "install")) return ["None: there is nothing to go back to"];
  if (!steps.some(({ soakSeconds = 0 }) => soakSeconds > 0))
    return ["By hand (`rollouts rollback`): nothing is watched"];
  const way = steps.some(({ kind }) => kind === "phase")
    ? "the flag off, then the stack"
    : isInPlace(steps)
      ? `${from} back in its place, then the stack`
      : "traffic first, then the stack";
  return [`Automatic, ${way}, on any of these`, ...limitsInWords(gates)];
}

const levels: Readonly<Record<GaugeName, readonly [string, string]>> = {
  "db-pool": ["database pool", " %"],
  "queue-depth": ["queue depth", ""],
  memory: ["memory", " %"],
};

function limitsInWords(gates: GateLimits): readonly string[] {
  const { errorRate, p95, exceptions, health, windowSeconds, evidence, slo, integrity } = gates;
  const lasting = (windows: number) => formatDuration(windows * windowSeconds);
  const gauges = Object.entries(gates.gauges ?? {}) as [
    GaugeName,
    NonNullable<GateLimits["gauges"]>[GaugeName],
  ][];
  return [
    `error rate > ${errorRate.limitPercent} % for ${lasting(errorRate.windows)}`,
    `P95 > ${p95.limitMs} ms for ${lasting(p95.windows)}`,
    `> ${exceptions.limit} exceptions in ${formatDuration(exceptions.windowSeconds)}`,
    `a health check that fails (${health.tries} tries)`,
    ...gauges.flatMap(([name, { limit, forSeconds, source }]) => {
      const [label, unit] = levels[name];
      return source === "none" ? [] : [`${label} > ${limit}${unit} for ${formatDuration(forSeconds)}`];
    }),
    ...(evidence === undefined ? [] : [`evidence of ${evidence.odds} to 1 that it is worse than before`]),
    ...(slo === undefined
      ? []
      : [`an SLO missed critically for ${formatDuration(slo.resolveWithinSeconds)}`]),
    ...(integrity === undefined ? [] : ["an integrity check that fails"]),
  ];
}
