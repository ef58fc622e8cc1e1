import { burnThreshold, burnWindows } from "../lib/burn-windows.ts";
import { formatDuration } from "../lib/duration.ts";
import { errorRate, exceptions, latency } from "../lib/kql/checks.ts";
import type { CheckScope } from "../lib/kql/scope.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { exact } from "./alerts-conditions.ts";
import { logScopes } from "./alerts-logs.ts";
import * as queries from "./dashboard-queries.ts";

/** One query and how it is shown. */
export interface Panel {
  /** `error-rate`; unique. */
  readonly id: string;
  readonly title: string;
  readonly query: string;
  readonly shown: "timechart" | "areachart" | "table";
  /** Share of the width, percent. */
  readonly width: 50 | 100;
  /** A fixed span up to now, days; absent: the one that the reader has chosen. */
  readonly days?: number;
  /** Tables of Container Insights, which stand in the cluster's workspace. */
  readonly of?: "cluster";
}

/** What of a stack's policy the dashboard is made of. */
export type ShownPolicy = Pick<EnvironmentPolicy, "service" | "gates" | "strategy"> & {
  readonly flag?: Pick<NonNullable<EnvironmentPolicy["flag"]>, "cohort" | "spec">;
  readonly lever?: Pick<EnvironmentPolicy["lever"], "kind">;
};

/** Panels of a service: versions beside each other, its error budget, and what its strategy moves. Pure. */
export function panelsOf(policy: ShownPolicy, telemetry: AzureMonitorConfig): readonly Panel[] {
  const { versions, service } = logScopes(telemetry);
  return [
    ...comparison(policy, { ...versions, binMinutes: 1 }),
    ...budget(policy, service),
    ...ofStrategy(policy, { ...versions, binMinutes: 1 }),
    ...ofFlag(policy, { ...service, binMinutes: 1 }),
  ];
}

/** A chart shows a minute however few its requests are; a NaN it must not have. */
const few = { minRequests: 1 };

function comparison({ gates }: ShownPolicy, scope: CheckScope): Panel[] {
  const { errorRate: failed, p95, exceptions: thrown } = gates;
  const chart = { shown: "timechart", width: 50 } as const;
  return [
    {
      id: "exposure",
      title: "Exposure: share of the requests, by version, %",
      query: queries.shareOfRequests(scope),
      shown: "areachart",
      width: 100,
    },
    {
      ...chart,
      id: "error-rate",
      title: `Failed requests (5xx), % (limit ${failed.limitPercent} %)`,
      query: errorRate(scope, few),
    },
    { ...chart, id: "p95-latency", title: `P95, ms (limit ${p95.limitMs} ms)`, query: latency(scope, few) },
    {
      id: "versions",
      title: "Versions in this span",
      query: queries.versions(scope),
      shown: "table",
      width: 100,
    },
    {
      ...chart,
      id: "exceptions",
      title: `Exceptions a minute (limit ${thrown.limit} in ${formatDuration(thrown.windowSeconds)})`,
      query: exceptions(scope),
    },
    {
      id: "exception-types",
      title: "Exceptions by type",
      query: queries.exceptionTypes(scope),
      shown: "table",
      width: 50,
    },
  ];
}

function budget({ gates: { slo } }: ShownPolicy, scope: CheckScope): Panel[] {
  if (slo === undefined || slo.availabilityPercent >= 100) return [];
  const limits = burnWindows.map((window) => {
    const [long, short] = [window.longMs, window.shortMs].map((ms) => formatDuration(ms / 1000));
    return `${exact(burnThreshold(window))} over ${long} and ${short}`;
  });
  const span = slo.window === "calendar-month" ? "this month" : "the last 30 days";
  return [
    {
      id: "error-budget",
      title: `Error budget of ${slo.availabilityPercent} %, ${span}`,
      query: queries.errorBudget(scope, slo),
      shown: "table",
      width: 100,
      days: slo.window === "calendar-month" ? 31 : 30,
    },
    {
      id: "burn-rates",
      title: `Burn rates now (alerts above ${limits.join("; ")})`,
      query: queries.burnRates(scope, slo),
      shown: "table",
      width: 100,
      days: 3,
    },
  ];
}

function ofStrategy({ strategy, lever }: ShownPolicy, scope: CheckScope): Panel[] {
  if (lever?.kind === "node-pools") return nodePools;
  if (strategy === "blue-green")
    return [
      {
        id: "slot",
        title: "Instances of the production slot, by the build that they serve",
        query: queries.instances(scope),
        shown: "areachart",
        width: 100,
      },
    ];
  if (strategy === "feature-flag") return [];
  return [
    {
      id: "replicas",
      title: "Replicas that serve, old and new",
      query: queries.instances(scope),
      shown: "areachart",
      width: 100,
    },
  ];
}

const nodePools: Panel[] = [
  {
    id: "nodes",
    title: "Nodes, by pool, version and state",
    query: queries.nodes(),
    shown: "areachart",
    width: 50,
    of: "cluster",
  },
  {
    id: "pods",
    title: "Pods, by pool",
    query: queries.podsOfPools(),
    shown: "areachart",
    width: 50,
    of: "cluster",
  },
];

/** Whose requests had the feature: a property that the app writes beside each request. */
function ofFlag({ flag }: ShownPolicy, { tables, role, binMinutes = 1 }: CheckScope): Panel[] {
  if (flag === undefined) return [];
  const { label, on, off } = flag.cohort;
  const cohort = { by: "build", property: label, values: [on, off] } as const;
  const scope: CheckScope = { tables, cohort, binMinutes, ...(role === undefined ? {} : { role }) };
  const chart = { shown: "timechart", width: 50 } as const;
  return [
    {
      id: "flag-exposure",
      title: `Flag ${flag.spec.id}: share of the requests, on and off, %`,
      query: queries.shareOfRequests(scope),
      shown: "areachart",
      width: 100,
    },
    {
      ...chart,
      id: "flag-error-rate",
      title: "Failed requests, flag on and off, %",
      query: errorRate(scope, few),
    },
    { ...chart, id: "flag-p95-latency", title: "P95, flag on and off, ms", query: latency(scope, few) },
  ];
}
