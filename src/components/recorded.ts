import type { Release } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";

/** Both sides of a release as a component records them, in plain values: policies read them in a preview. */
export function recordedSides({ stable, candidate }: Release): Record<string, unknown> {
  const named = ({ version, identity }: WorkloadSnapshot) => ({ version, identity });
  return { stable: named(stable), ...(candidate === undefined ? {} : { candidate: named(candidate) }) };
}
