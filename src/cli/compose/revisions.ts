import { opensFlag } from "../../lib/strategies.ts";
import { isInPlace, stepsOf } from "../../plan/steps.ts";
import type { Revisions } from "../../ports/revisions.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** The revisions of a stack's Deployment; undefined where the policy's lever moves something else. */
export async function openRevisions(policy: EnvironmentPolicy): Promise<Revisions | undefined> {
  const { lever: config, service: deployment, strategy } = policy;
  if (opensFlag(strategy)) return undefined;
  const { kind } = config;
  if (
    kind === "sandbox" ||
    kind === "app-service-slot" ||
    kind === "node-pools" ||
    kind === "app-configuration"
  )
    return undefined;
  if (!isInPlace(stepsOf(policy, { installed: true }))) return undefined;
  const { createDeploymentRevisions } = await import("../../adapters/lever/revisions.ts");
  return createDeploymentRevisions({ config, deployment });
}
