import { RolloutError } from "../errors/errors.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { NodeSpec } from "../types/node-pools.ts";
import type { WorkloadSnapshot, WorkloadSpec } from "../types/workload.ts";

type Workload = WorkloadSnapshot["workload"];

/** What a version of a service runs as. Throws `record-other-kind` where the snapshot is of something else. */
export function serviceSpec(snapshot: WorkloadSnapshot): WorkloadSpec {
  const { workload } = snapshot;
  if (isService(workload)) return workload;
  throw otherKind(snapshot, "a service");
}

/** What the nodes of a version run as. Throws as `serviceSpec` does. */
export function nodeSpec(snapshot: WorkloadSnapshot): NodeSpec {
  const { workload } = snapshot;
  if (isNodes(workload)) return workload;
  throw otherKind(snapshot, "node pools");
}

/** What a flag is in a version. Throws as `serviceSpec` does. */
export function flagSpec(snapshot: WorkloadSnapshot): FlagSpec {
  const { workload } = snapshot;
  if (isFlag(workload)) return workload;
  throw otherKind(snapshot, "a flag");
}

/** Whether a spec is one of a service. */
export function isService(workload: Workload): workload is WorkloadSpec {
  return !("kind" in workload);
}

/** Whether a spec is one of nodes. */
export function isNodes(workload: Workload): workload is NodeSpec {
  return "kind" in workload && workload.kind === "nodes";
}

/** Whether a spec is one of a flag. */
export function isFlag(workload: Workload): workload is FlagSpec {
  return "kind" in workload && workload.kind === "flag";
}

function otherKind({ version, workload }: WorkloadSnapshot, wanted: string): RolloutError {
  const found = isService(workload) ? "a service" : isNodes(workload) ? "node pools" : "a flag";
  return new RolloutError(`The stack's record has ${version} as a version of ${found}, not of ${wanted}.`, {
    code: "record-other-kind",
    exit: "config",
    hint: "Roll out services, node pools and flags alone by stacks of their own.",
  });
}
