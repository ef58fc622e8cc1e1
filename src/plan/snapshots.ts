import { RolloutError } from "../errors/errors.ts";
import type { NodeSpec } from "../types/node-pools.ts";
import type { WorkloadSnapshot, WorkloadSpec } from "../types/workload.ts";

/** What a version of a service runs as. Throws `record-other-kind` where the snapshot is one of nodes. */
export function serviceSpec(snapshot: WorkloadSnapshot): WorkloadSpec {
  const { workload } = snapshot;
  if (isNodes(workload)) throw otherKind(snapshot, "node pools, not of a service");
  return workload;
}

/** What the nodes of a version run as. Throws `record-other-kind` where the snapshot is one of a service. */
export function nodeSpec(snapshot: WorkloadSnapshot): NodeSpec {
  const { workload } = snapshot;
  if (!isNodes(workload)) throw otherKind(snapshot, "a service, not of node pools");
  return workload;
}

/** Whether a spec is one of nodes. */
export function isNodes(workload: WorkloadSnapshot["workload"]): workload is NodeSpec {
  return "kind" in workload;
}

function otherKind({ version }: WorkloadSnapshot, what: string): RolloutError {
  return new RolloutError(`The stack's record has ${version} as a version of ${what}.`, {
    code: "record-other-kind",
    exit: "config",
    hint: "Roll out services and node pools by stacks of their own.",
  });
}
