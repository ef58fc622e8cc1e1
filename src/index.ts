export { CanaryDeployment } from "./components/canary-deployment.ts";
export { DirectDeployment } from "./components/direct-deployment.ts";
export { RollingDeployment } from "./components/rolling-deployment.ts";
export type { Rollout, RolloutOutputs } from "./components/rollout.ts";
export type { WorkloadArgs } from "./components/workload-args.ts";
export { RolloutError } from "./errors/errors.ts";
export { rolloutProgram } from "./program/rollout-program.ts";
export type { EnvironmentPolicy } from "./types/policy.ts";
export type { Release } from "./types/release.ts";
