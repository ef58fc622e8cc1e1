import { assertNever } from "../lib/assert-never.ts";
import type { Candidate } from "../ports/candidate.ts";
import type { LeverConfig } from "../types/policy.ts";

/**
 * What reads a candidate where its router is. Undefined: its platform has no pods of its own that could be read. The
 * client is loaded when it is asked.
 */
export async function openCandidate(
  config: LeverConfig,
  labels: Readonly<Record<string, string>>,
): Promise<Candidate | undefined> {
  switch (config.kind) {
    case "http-route":
    case "istio":
    case "ingress-nginx":
    case "replica-ratio": {
      const { createKubeCandidate } = await import("./candidate/kube-candidate.ts");
      return createKubeCandidate({ place: config, labels });
    }
    case "app-service-slot":
    case "node-pools":
    case "app-configuration":
    case "sandbox":
      return undefined;
    default:
      return assertNever(config, "lever kind");
  }
}
