import type { HttpProbe } from "../types/workload.ts";

/** The guide's numbers of a rolling update. */
export const rollingDefaults = {
  maxSurge: 1,
  maxUnavailable: 1,
  minReadySeconds: 30,
  progressDeadlineSeconds: 600,
} as const;

/** The guide's readiness probe. */
export const readinessDefaults: HttpProbe = {
  path: "/health/ready",
  initialDelaySeconds: 10,
  periodSeconds: 5,
  failureThreshold: 3,
};

/** The guide's liveness probe. */
export const livenessDefaults: HttpProbe = {
  path: "/health/live",
  initialDelaySeconds: 30,
  periodSeconds: 10,
  failureThreshold: 3,
};
