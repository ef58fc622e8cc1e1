import type { FaultSpec } from "./faults.ts";
import type { Observed } from "./observed.ts";

/**
 * Whether a version that the fault hits answered requests in a span of time that is over: what it does to levels and
 * data ends when it is out of service. ms since the epoch.
 */
export function answeredIn(
  { traffic, faults }: Observed,
  fault: FaultSpec,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  return traffic.between(fromMs, toMs).some(({ flow }) => faults.hits(fault, flow.build));
}
