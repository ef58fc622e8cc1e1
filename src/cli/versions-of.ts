import { RolloutError } from "../errors/errors.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Versions } from "../types/versions.ts";
import type { CommandContext } from "./command.ts";
import { type OpenStack, openStack, servedVersion } from "./record-view.ts";

/** Counts of a stack, as a driver opens them. */
interface Counts {
  readonly metrics: Metrics;
  readonly metricsFor?: (versions: Versions) => Metrics;
}

/**
 * The counts of the rollout in flight, or of the version in config beside the one in service. Only where sides are
 * told apart by their versions is the record asked. Throws `versions-unknown` (exit 2) where it doesn't tell them.
 */
export async function metricsOf({ metrics, metricsFor }: Counts, context: CommandContext): Promise<Metrics> {
  if (metricsFor === undefined) return metrics;
  return metricsFor(versionsOf(await openStack(context)));
}

/** Both versions by journal and config. */
export function versionsOf({ inFlight, entries, at }: OpenStack): Versions {
  if (inFlight !== undefined) return inFlight.plan;
  const served = servedVersion(entries);
  const to = at.config.version;
  if (served === undefined || to === undefined) throw unknown(at.stack);
  const identity = served.identity === undefined ? {} : { stable: served.identity };
  return { from: served.version, to, identity };
}

function unknown(stack: string): RolloutError {
  return new RolloutError(`Nothing tells which versions of ${stack} to compare.`, {
    code: "versions-unknown",
    exit: "config",
    path: "rollout.metrics.cohort",
    hint: "A journal tells the version in service, `pulumi config set version` the new one; or name sides that stay.",
  });
}
