import type { EnvironmentPolicy, HealthConfig, MetricsConfig, RecordConfig } from "../types/policy.ts";
import type { ValidateConfig } from "../types/slots.ts";
import { pickLever, pickPlatform } from "./lever-of.ts";
import { defaults } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";
import { pickAzureMonitor } from "./watch-of.ts";

/**
 * Stands for a value that the stack file keeps encrypted. Whoever needs the value itself reads it through
 * the engine, which alone can decrypt it.
 */
export const securePlaceholder = "[secure]";

const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** Where data, traffic and messages go. Everything that config doesn't say is a default of its kind. */
export function pickKinds(
  written: WrittenConfig,
  pick: Picker,
): Pick<EnvironmentPolicy, "metrics" | "health" | "lever" | "validate" | "platform" | "record"> {
  return {
    platform: pickPlatform(written, pick),
    validate: pickValidate(written, pick),
    metrics: pickMetrics(written, pick),
    health: pickHealth(written, pick),
    lever: pickLever(written, pick),
    record: pickRecord(written, pick),
  };
}

function pickMetrics({ metrics, service }: WrittenConfig, pick: Picker): MetricsConfig {
  if (metrics?.kind === "azure-monitor") return pickAzureMonitor(metrics, pick);
  if (metrics?.kind !== "prometheus") {
    return { kind: pick("metrics.kind", metrics?.kind, standard("sandbox")) };
  }
  const { prometheus } = defaults;
  const given = <T>(path: string, value: T) => pick(`metrics.${path}`, value, standard(value));
  return {
    kind: given("kind", metrics.kind),
    url: given("url", metrics.url.replace(/\/+$/, "")),
    cohort: {
      label: pick("metrics.cohort.label", metrics.cohort.label, standard<string>(prometheus.cohortLabel)),
      stable: given("cohort.stable", metrics.cohort.stable),
      candidate: given("cohort.candidate", metrics.cohort.candidate),
    },
    match: pick("metrics.match", metrics.match, standard({ app: service })),
    requests: {
      metric: pick(
        "metrics.requests.metric",
        metrics.requests?.metric,
        standard<string>(prometheus.requests.metric),
      ),
      codeLabel: pick(
        "metrics.requests.codeLabel",
        metrics.requests?.codeLabel,
        standard<string>(prometheus.requests.codeLabel),
      ),
    },
    latency: {
      metric: pick(
        "metrics.latency.metric",
        metrics.latency?.metric,
        standard<string>(prometheus.latency.metric),
      ),
    },
    exceptions: {
      metric: pick(
        "metrics.exceptions.metric",
        metrics.exceptions?.metric,
        standard<string>(prometheus.exceptions.metric),
      ),
    },
    lagSeconds: pick("metrics.lagSeconds", secondsOf(metrics.lag), standard<number>(prometheus.lagSeconds)),
  };
}

function pickHealth({ health }: WrittenConfig, pick: Picker): HealthConfig {
  if (health?.kind !== "http") return { kind: pick("health.kind", health?.kind, standard("sandbox")) };
  return {
    kind: pick("health.kind", health.kind, standard(health.kind)),
    candidate: pick("health.candidate", health.candidate, standard<readonly string[]>([])),
    stable: pick("health.stable", health.stable, standard(health.stable)),
  };
}

function pickValidate({ validate = {} }: WrittenConfig, pick: Picker): ValidateConfig {
  const base = defaults.validate;
  const given = <T>(path: string, value: T) => pick(`validate.${path}`, value, standard(value));
  const { url, smoke, postgres, serviceBus, keyVault, timeout, smokeTimeout } = validate;
  return {
    healthPath: pick("validate.healthPath", validate.health, standard<string>(base.healthPath)),
    readyPath: pick("validate.readyPath", validate.ready, standard<string>(base.readyPath)),
    timeoutSeconds: pick(
      "validate.timeoutSeconds",
      secondsOf(timeout),
      standard<number>(base.timeoutSeconds),
    ),
    smokeTimeoutSeconds: pick(
      "validate.smokeTimeoutSeconds",
      secondsOf(smokeTimeout),
      standard<number>(base.smokeTimeoutSeconds),
    ),
    ...(url === undefined ? {} : { url: given("url", url.replace(/\/+$/, "")) }),
    ...(smoke === undefined ? {} : { smoke: given("smoke", smoke) }),
    ...(postgres === undefined
      ? {}
      : { postgres: given("postgres", typeof postgres === "string" ? postgres : securePlaceholder) }),
    ...(serviceBus === undefined ? {} : { serviceBus: given("serviceBus", defined(serviceBus)) }),
    ...(keyVault === undefined ? {} : { keyVault: given("keyVault", keyVault) }),
  };
}

/** Without the members that zod has left undefined: nothing in a policy is ever written so. */
function defined({
  namespace,
  queue,
  resourceGroup,
  subscriptionId,
}: NonNullable<NonNullable<WrittenConfig["validate"]>["serviceBus"]>): NonNullable<
  ValidateConfig["serviceBus"]
> {
  return {
    namespace,
    queue,
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
  };
}

function pickRecord({ record }: WrittenConfig, pick: Picker): RecordConfig {
  const base = defaults.record;
  return {
    kind: pick("record.kind", record?.kind, standard(base.kind)),
    dir: pick("record.dir", record?.dir, standard<string>(base.dir)),
    leaseSeconds: pick("record.leaseSeconds", secondsOf(record?.lease), standard<number>(base.leaseSeconds)),
  };
}
