import { sloTable } from "../../analysis/slo.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { SloLimits } from "../../types/gates.ts";
import type { GaugeName } from "../../types/gauge.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { Origin } from "../../types/policy.ts";

/** A plan, with the origin of each value where it is known. */
type Planned = RolloutPlan & { readonly origins?: Readonly<Record<string, Origin>> };

/** What turns a rollout back, what holds it, and what nothing watches. */
export function gateRows(plan: Planned): readonly (readonly string[])[] {
  const { errorRate, p95, exceptions, health, windowSeconds, minRequests } = plan.gates;
  const windows = (count: number) =>
    `in ${count} window${count === 1 ? "" : "s"} of ${formatDuration(windowSeconds)}, ${minRequests}+ requests each`;
  const { metrics } = plan.sources;
  return [
    [
      "  ",
      "errors",
      `> ${errorRate.limitPercent} % ${windows(errorRate.windows)}`,
      metrics,
      origin(plan, ["gates.errorRate.limitPercent", "gates.errorRate.windows"]),
    ],
    [
      "  ",
      "P95",
      `> ${p95.limitMs} ms ${windows(p95.windows)}`,
      metrics,
      origin(plan, ["gates.p95.limitMs", "gates.p95.windows"]),
    ],
    [
      "  ",
      "exceptions",
      `> ${exceptions.limit} in ${formatDuration(exceptions.windowSeconds)}`,
      metrics,
      origin(plan, ["gates.exceptions.limit", "gates.exceptions.windowSeconds"]),
    ],
    [
      "  ",
      "health",
      `${health.tries} tries of ${formatDuration(health.timeoutSeconds)} fail`,
      plan.sources.health,
      origin(plan, ["gates.health.tries", "gates.health.timeoutSeconds"]),
    ],
    ...levelRows(plan),
    ...comparedRows(plan),
  ];
}

const levels: Readonly<Record<GaugeName, { readonly name: string; readonly unit: string }>> = {
  "db-pool": { name: "db pool", unit: " %" },
  "queue-depth": { name: "queue", unit: " messages" },
  memory: { name: "memory", unit: " %" },
};

/** A trigger without a source is said, never left out: nobody should believe that it watches. */
function levelRows(plan: Planned): readonly (readonly string[])[] {
  const { gauges, integrity, reviews = [] } = plan.gates;
  const rows = Object.entries(gauges ?? {}) as [
    GaugeName,
    { limit: number; forSeconds: number; source: string },
  ][];
  return [
    ...rows.map(([gauge, { limit, forSeconds, source }]) => {
      const { name, unit } = levels[gauge];
      const paths = [`gates.gauges.${gauge}.limit`, `gates.gauges.${gauge}.forSeconds`];
      if (source === "none")
        return ["  ", name, "not watched", "none", origin(plan, [`gates.gauges.${gauge}.source`])];
      return [
        "  ",
        name,
        `> ${limit}${unit} in every sample of ${formatDuration(forSeconds)}`,
        source,
        origin(plan, paths),
      ];
    }),
    ...(integrity === undefined ? [] : [["  ", "integrity", "one broken event", integrity, "config"]]),
    ...reviews.map(({ name, limit, worse }) => [
      "  ",
      name,
      `${worse} ${limit} holds for a person`,
      "config",
      "config",
    ]),
  ];
}

function comparedRows(plan: Planned): readonly (readonly string[])[] {
  const { evidence, slo } = plan.gates;
  const { metrics } = plan.sources;
  return [
    ...(evidence === undefined
      ? []
      : [
          [
            "  ",
            "evidence",
            `${evidence.odds}:1 that it is worse than ${evidence.tolerance} × stable or its limits; nothing goes on unproved`,
            metrics,
            origin(plan, ["gates.evidence.odds", "gates.evidence.tolerance"]),
          ],
        ]),
    ...(slo === undefined
      ? []
      : [
          [
            "  ",
            "SLO",
            `critical for ${formatDuration(slo.resolveWithinSeconds)}; a warning holds; ${slo.availabilityPercent} % promised`,
            metrics,
            origin(plan, ["gates.slo.availabilityPercent", "gates.slo.resolveWithinSeconds"]),
          ],
          ...(slo.queueLag === undefined ? [] : [lagRow(plan, slo)]),
        ]),
  ];
}

function lagRow(plan: Planned, { resolveWithinSeconds }: SloLimits): readonly string[] {
  const { warning, critical, unit } = sloTable["queue-lag"];
  const says = `> ${critical} ${unit} for ${formatDuration(resolveWithinSeconds)}; > ${warning} ${unit} holds`;
  return ["  ", "queue lag", says, "watch.queueLag", origin(plan, ["watch.queueLag"])];
}

/** Where the values came from: one word where they agree. */
export function origin(plan: Planned, paths: readonly string[]): string {
  const found = paths.flatMap((path) => plan.origins?.[path] ?? []);
  return [...new Set(found)].join(" + ");
}
