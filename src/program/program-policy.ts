import type { EnvironmentPolicy } from "../types/policy.ts";
import type { ProgramPolicy } from "../types/program-policy.ts";

/** What of a policy a program sees. Named one by one: what comes to a policy later stays out. */
export function programPolicy(policy: EnvironmentPolicy): ProgramPolicy {
  const { preset, service, strategy, platform, increments, cohort, flag } = policy;
  const { lookSeconds, drainSeconds, gates, hold, timeouts, metrics, health, lever, watch } = policy;
  return {
    ...{ preset, service, strategy, platform, increments },
    ...(cohort === undefined ? {} : { cohort }),
    ...(flag === undefined ? {} : { flag }),
    ...{ lookSeconds, drainSeconds, gates, hold, timeouts, metrics, health, lever, watch },
  };
}
