import type { Health, Metrics } from "../../ports/metrics.ts";
import type { HealthStatus } from "../../types/observation.ts";
import { createSandboxMetrics } from "../metrics.ts";
import type { FlagSide } from "./side.ts";

/** The sandbox's monitoring by the feature: on is the candidate, off is stable. */
export function createSandboxFlagMetrics(side: FlagSide): Metrics {
  return createSandboxMetrics(side, { silent: "no data with the feature on" });
}

/** Health of the service as one, as it answers while the feature is on somewhere; `service`: of what it runs on. */
export function createSandboxFlagHealth(side: FlagSide, service?: Health): Health {
  return {
    name: "sandbox",
    probe: async (options) => {
      const ill = illOf(side);
      const stable = ill ?? (await service?.probe(options))?.stable ?? { status: "ok" };
      return { candidate: { status: "ok" }, stable };
    },
  };
}

function illOf(side: FlagSide): HealthStatus | undefined {
  const isOn = side.share() > 0;
  const fault = side.faults.now("health").find(({ answer }) => answer === "cluster-down" || isOn);
  if (fault === undefined) return undefined;
  if (typeof fault.answer === "number")
    return { status: "unhealthy", httpStatus: fault.answer, path: "/health/ready" };
  return { status: "no-answer", message: "no answer within the time-out" };
}
