import type { Health } from "../ports/metrics.ts";
import type { HealthStatus } from "../types/observation.ts";
import type { Pod } from "./deployments.ts";
import { type Cohort, cohortOf } from "./flows.ts";
import { labelsAt } from "./labels.ts";
import type { Sandbox } from "./sandbox.ts";

const PATH = "/health/ready";

/** Health as the pods' endpoints answer it. All tries of a probe see the same instant. */
export function createSandboxHealth(sandbox: Sandbox): Health {
  return {
    name: "sandbox",
    probe: () =>
      Promise.resolve({ candidate: healthOf(sandbox, "candidate"), stable: healthOf(sandbox, "stable") }),
  };
}

function healthOf({ cloud, faults }: Sandbox, cohort: Cohort): HealthStatus {
  cloud.settle();
  const ready = podsOf(cloud, cohort).filter((pod) => pod.state === "ready");
  for (const fault of faults.now("health")) {
    const { answer } = fault;
    if (answer === "cluster-down")
      return { status: "no-answer", message: "connect ETIMEDOUT: the cluster does not answer" };
    if (!ready.some((pod) => faults.hits(fault, pod.build))) continue;
    if (answer === "no-answer")
      return { status: "no-answer", message: `${PATH}: no answer within the time-out` };
    return { status: "unhealthy", httpStatus: answer, path: PATH };
  }
  return ready.length > 0
    ? { status: "ok" }
    : { status: "no-answer", message: "connect ECONNREFUSED: no pod is ready" };
}

function podsOf(cloud: Sandbox["cloud"], cohort: Cohort): readonly Pod[] {
  return cloud
    .list("Deployment")
    .flatMap(({ ref, manifest }) =>
      cloud.pods(ref.namespace, labelsAt(manifest, "spec", "selector", "matchLabels")),
    )
    .filter((pod) => cohortOf(pod.labels) === cohort);
}
