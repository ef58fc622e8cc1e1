import { thresholdsOf } from "../analysis/judge.ts";
import { serviceReading } from "../analysis/service-down.ts";
import type { Health, Metrics } from "../ports/metrics.ts";
import type { GateLimits } from "../types/gates.ts";
import type { ServiceReading } from "../types/observation.ts";

/** Whether the service is down, asked beside the gates. `spanMs`: of counts, back from now. Throws as a port that breaks its word does. */
export async function readService(
  { health, metrics }: { readonly health: Health; readonly metrics: Metrics },
  look: {
    readonly gates: GateLimits;
    readonly nowMs: number;
    readonly spanMs: number;
    readonly signal: AbortSignal;
  },
): Promise<ServiceReading> {
  const { gates, nowMs, spanMs, signal } = look;
  const { tries, timeoutSeconds } = gates.health;
  const [answer, counts] = await Promise.all([
    health.probe({ tries, timeoutMs: timeoutSeconds * 1000, signal }),
    metrics.observe({ sinceMs: nowMs - spanMs, nowMs, ...thresholdsOf(gates), signal }),
  ]);
  return serviceReading({ health: answer.stable, metrics: counts, minRequests: gates.minRequests });
}
