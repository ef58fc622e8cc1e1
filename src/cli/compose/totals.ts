import { ambientCredential } from "../../adapters/ambient-credential.ts";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Totals } from "../../ports/gauge.ts";
import type { AzureMonitorConfig } from "../../types/azure-monitor.ts";
import type { MetricsConfig } from "../../types/policy.ts";

/**
 * What counts a service's requests, both versions together. Adapters are loaded when they are opened, and ask nobody
 * before they are asked. Undefined where only the sandbox's metrics are configured.
 */
export async function openTotals(
  { metrics: config }: { readonly metrics: MetricsConfig | AzureMonitorConfig },
  runtime: Runtime,
): Promise<Totals | undefined> {
  switch (config.kind) {
    case "prometheus": {
      const { createPrometheusTotals } = await import("../../adapters/metrics/prometheus-totals.ts");
      return createPrometheusTotals({ config, runtime });
    }
    case "azure-monitor": {
      const { createAzureMonitorTotals } = await import("../../adapters/metrics/azure-monitor/totals.ts");
      return createAzureMonitorTotals({ config, runtime, credential: await ambientCredential() });
    }
    case "sandbox":
      return undefined;
    default:
      return assertNever(config, "metrics kind");
  }
}
