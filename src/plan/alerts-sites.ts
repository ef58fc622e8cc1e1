import type { NotAlerted, PlatformAlert, SiteSide } from "../types/alerts.ts";
import type { GateLimits } from "../types/gates.ts";
import { exact } from "./alerts-conditions.ts";
import { atLeast, metricWindows, minutesOf } from "./alerts-spans.ts";

/** An App Service app as far as its alerts see it. */
export interface SitesWatched {
  readonly sides: readonly SiteSide[];
  /** Requests that the service has at least, a second: what a count of failures is a share of. */
  readonly requestsPerSecond?: number;
}

const namespaces: Readonly<Record<SiteSide, string>> = {
  production: "Microsoft.Web/sites",
  slot: "Microsoft.Web/sites/slots",
};

/** Platform metrics of each side: there within a minute, where logs take some. Pure. */
export function siteAlerts(
  { sides, requestsPerSecond }: SitesWatched,
  gates: GateLimits,
): { readonly rules: readonly PlatformAlert[]; readonly without: readonly NotAlerted[] } {
  const rules = sides.flatMap((side) => [
    healthOf(side, gates),
    ...failuresOf(side, gates, requestsPerSecond),
  ]);
  const counted = rules.length === sides.length * 2;
  const why = "a count of failures is no share: say appService.requestsPerSecond";
  return { rules, without: counted ? [] : sides.map((side) => ({ id: `http-5xx-${side}`, why })) };
}

/** The share of instances, percent, whose health check answers with 200. */
function healthOf(side: SiteSide, { health }: GateLimits): PlatformAlert {
  return {
    ...base(side),
    id: `health-${side}`,
    description: `App Service's health check of an instance (${side}) does not answer with 200.`,
    metric: "HealthCheckStatus",
    aggregation: "Average",
    breach: "below",
    limit: 100,
    windowMinutes: atLeast(health.tries, metricWindows),
  };
}

/** As many failures as breach the limit on their share at the least traffic that is expected. */
function failuresOf(side: SiteSide, gates: GateLimits, rps: number | undefined): PlatformAlert[] {
  const { errorRate, windowSeconds } = gates;
  const traffic = rps ?? gates.slo?.throughput?.critical;
  if (errorRate.limitPercent > 0 && traffic === undefined) return [];
  const windowMinutes = atLeast(minutesOf(errorRate.windows * windowSeconds), metricWindows);
  const limit = exact((errorRate.limitPercent / 100) * (traffic ?? 0) * windowMinutes * 60);
  return [
    {
      ...base(side),
      id: `http-5xx-${side}`,
      description: `App Service (${side}) counts more than ${limit} failed requests (5xx) in ${windowMinutes} min: ${errorRate.limitPercent} % of the least traffic expected.`,
      metric: "Http5xx",
      aggregation: "Total",
      breach: "above",
      limit,
      windowMinutes,
    },
  ];
}

function base(side: SiteSide) {
  const shared = { kind: "platform", family: "trigger", severity: 1, dimensions: [] } as const;
  return { ...shared, target: { side }, namespace: namespaces[side] } as const;
}
