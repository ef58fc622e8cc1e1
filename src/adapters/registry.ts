import { isAbsolute, join } from "node:path";
import { RolloutError } from "../errors/errors.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { Runtime } from "../lib/runtime.ts";
import type { Lever } from "../ports/lever.ts";
import type { Health, Metrics } from "../ports/metrics.ts";
import type { RecordStore } from "../ports/record.ts";
import type { HealthConfig, LeverConfig, MetricsConfig, RecordConfig } from "../types/policy.ts";
import { ambientCredential } from "./ambient-credential.ts";

/** What every adapter is opened with. */
export interface OpenOptions<Config> {
  readonly config: Config;
  readonly runtime: Runtime;
}

/** A source that is loaded: it makes metrics of its own kind of config, of one rollout after another. */
export interface OpenMetrics {
  openFor(config: MetricsConfig): Metrics;
}

/** The metrics source of a policy. Adapters are loaded when they are opened. `sandbox`: throws `not-here`. */
export async function openMetrics({ config, runtime }: OpenOptions<MetricsConfig>): Promise<OpenMetrics> {
  switch (config.kind) {
    case "prometheus": {
      const { createPrometheusMetrics } = await import("./metrics/prometheus.ts");
      return { openFor: (own) => createPrometheusMetrics({ config: ofKind("prometheus", own), runtime }) };
    }
    case "azure-monitor": {
      const { createAzureMonitorMetrics } = await import("./metrics/azure-monitor/azure-monitor.ts");
      const azure = { runtime, credential: await ambientCredential() };
      return {
        openFor: (own) => createAzureMonitorMetrics({ ...azure, config: ofKind("azure-monitor", own) }),
      };
    }
    case "sandbox":
      throw notHere("metrics");
    default:
      return assertNever(config, "metrics kind");
  }
}

function ofKind<K extends MetricsConfig["kind"]>(
  kind: K,
  config: MetricsConfig,
): Extract<MetricsConfig, { readonly kind: K }> {
  if (config.kind === kind) return config as Extract<MetricsConfig, { readonly kind: K }>;
  throw new Error(`metrics of kind ${kind} were opened, and asked for ${config.kind}`);
}

/** The health source of a policy. `sandbox`: throws `not-here`. */
export async function openHealth({ config, runtime }: OpenOptions<HealthConfig>): Promise<Health> {
  switch (config.kind) {
    case "http": {
      const { createHttpHealth } = await import("./health/http-health.ts");
      return createHttpHealth({ config, runtime });
    }
    case "sandbox":
      throw notHere("health");
    default:
      return assertNever(config, "health kind");
  }
}

/** The lever of a policy, on the Services and Deployments of both sides. `sandbox`: throws `not-here`. */
export async function openLever(
  options: OpenOptions<LeverConfig> & {
    readonly names: { readonly stable: string; readonly candidate: string };
  },
): Promise<Lever> {
  const { config, runtime, names } = options;
  switch (config.kind) {
    case "http-route": {
      const { createHttpRouteLever } = await import("./lever/http-route.ts");
      return createHttpRouteLever({ config, runtime, names });
    }
    case "istio": {
      const { createIstioLever } = await import("./lever/istio.ts");
      return createIstioLever({ config, runtime, names });
    }
    case "ingress-nginx": {
      const { createIngressNginxLever } = await import("./lever/ingress-nginx.ts");
      return createIngressNginxLever({ config, runtime, names });
    }
    case "replica-ratio": {
      const { createReplicaRatioLever } = await import("./lever/replica-ratio.ts");
      return createReplicaRatioLever({ config, runtime, names });
    }
    case "app-service-slot":
      throw slotsSwap();
    case "node-pools":
      throw poolsRoll();
    case "app-configuration":
      throw flagsOpen();
    case "sandbox":
      throw notHere("lever");
    default:
      return assertNever(config, "lever kind");
  }
}

/** The lever of a policy whose versions come in stable's place, once the identities are known. Else as `openLever`. */
export async function openDeploymentLever(
  options: OpenOptions<LeverConfig> & { readonly deployment: string },
): Promise<(sides: { readonly stable?: string; readonly candidate?: string }) => Lever> {
  const { config, runtime, deployment } = options;
  switch (config.kind) {
    case "http-route":
    case "istio":
    case "ingress-nginx":
    case "replica-ratio": {
      const { createDeploymentLever } = await import("./lever/deployment.ts");
      return (sides) => createDeploymentLever({ config, deployment, sides, runtime });
    }
    case "app-service-slot":
      throw slotsSwap();
    case "node-pools":
      throw poolsRoll();
    case "app-configuration":
      throw flagsOpen();
    case "sandbox":
      throw notHere("lever");
    default:
      return assertNever(config, "lever kind");
  }
}

/**
 * Lease, journal and requests of a stack; a relative folder is one of the project's. `name` is whose journal it is,
 * needed where it is written.
 */
export async function openRecord(
  options: OpenOptions<RecordConfig> & { readonly projectDir: string; readonly name?: string },
): Promise<RecordStore> {
  const { config, runtime, projectDir, name } = options;
  switch (config.kind) {
    case "file": {
      const { createFileRecord } = await import("./record/file-record.ts");
      const dir = isAbsolute(config.dir) ? config.dir : join(projectDir, config.dir);
      return createFileRecord({ dir, runtime, ...(name === undefined ? {} : { name }) });
    }
    default:
      return assertNever(config.kind, "record kind");
  }
}

/** The config's own rules refuse it first. */
const slotsSwap = () =>
  otherStrategy("Slots take all traffic or none: the lever app-service-slot goes with", "blue-green");

/** The same of node pools. */
const poolsRoll = () =>
  otherStrategy("Pools move one after another: the lever node-pools goes with", "rolling");

/** The same of a flag alone. */
const flagsOpen = () => otherStrategy("The lever app-configuration goes with", "feature-flag");

function otherStrategy(why: string, strategy: string): RolloutError {
  return new RolloutError(`${why} ${strategy}.`, {
    code: "config-invalid",
    exit: "config",
    path: "rollout.strategy",
    hint: `Write strategy: ${strategy}.`,
  });
}

function notHere(port: "metrics" | "health" | "lever"): RolloutError {
  return new RolloutError(`rollout.${port}.kind is sandbox, and there is no sandbox here.`, {
    code: "not-here",
    exit: "config",
    path: `rollout.${port}.kind`,
    hint: `Only \`rollouts rehearse\` has a sandbox: use that, or configure a real ${port} source.`,
  });
}
