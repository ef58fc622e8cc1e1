import type { FaultSpec } from "./faults.ts";
import type { Sandbox } from "./sandbox.ts";

/**
 * Whether a version that the fault hits answered requests in a span of time that is over: what it does to levels and
 * data ends when it is out of service. ms since the epoch.
 */
export function answeredIn(
  { traffic, faults }: Sandbox,
  fault: FaultSpec,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  return traffic.between(fromMs, toMs).some(({ flow }) => faults.hits(fault, flow.build));
}
