import { RolloutError } from "../errors/errors.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { TokenCredential } from "../lib/token-credential.ts";
import type { Gauge } from "../ports/gauge.ts";
import type { GaugeConfig } from "../types/gauge.ts";
import { ambientCredential } from "./ambient-credential.ts";
import type { OpenOptions } from "./registry.ts";

/**
 * The source of one gauge. Adapters are loaded when they are opened, and ask nobody before they are read. `credential`:
 * default the ambient Azure identity. `cwd`: where a command runs; default the folder of this process. `sandbox`: throws
 * `not-here`.
 */
export async function openGauge(
  options: OpenOptions<GaugeConfig> & { readonly credential?: TokenCredential; readonly cwd?: string },
): Promise<Gauge> {
  const { config, runtime, cwd } = options;
  switch (config.kind) {
    case "prometheus": {
      const { createPrometheusGauge } = await import("./metrics/prometheus-gauge.ts");
      return createPrometheusGauge({ config, runtime });
    }
    case "azure-metrics": {
      const { createAzureMetricsGauge } = await import("./gauge/azure-metrics-gauge.ts");
      return createAzureMetricsGauge({
        config,
        runtime,
        credential: options.credential ?? (await ambientCredential()),
      });
    }
    case "azure-logs": {
      const { createAzureLogsGauge } = await import("./metrics/azure-monitor/azure-logs-gauge.ts");
      return createAzureLogsGauge({
        config,
        runtime,
        credential: options.credential ?? (await ambientCredential()),
      });
    }
    case "command": {
      const { createCommandGauge } = await import("./gauge/command-gauge.ts");
      return createCommandGauge({ config, runtime, ...(cwd === undefined ? {} : { cwd }) });
    }
    case "sandbox":
      throw new RolloutError("The kind of a gauge is sandbox, and there is no sandbox here.", {
        code: "not-here",
        exit: "config",
        hint: "Only `rollouts rehearse` has a sandbox: use that, or configure a real source of the gauge.",
      });
    default:
      return assertNever(config, "gauge kind");
  }
}
