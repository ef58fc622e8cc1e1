import { RolloutError } from "../errors/errors.ts";
import type { GaugeLimits } from "../types/gates.ts";
import type { GaugeConfig, GaugeName } from "../types/gauge.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { NotWatched, WatchConfig } from "../types/watch.ts";
import type { FaultSpec } from "./faults.ts";

const sandbox = { kind: "sandbox" } as const;

/** The policy's levels with the sandbox as their source, whatever they name; what nothing watches stays so. */
export function watchedBySandbox({
  watch,
  gates,
}: Pick<EnvironmentPolicy, "watch" | "gates">): Pick<EnvironmentPolicy, "watch" | "gates"> {
  const here = (source: GaugeConfig | NotWatched) => (source.kind === "none" ? source : sandbox);
  const gauges = mapped(watch.gauges, here);
  const reviews = watch.reviews.map((review) => ({ ...review, source: sandbox }));
  const limits = (of: GaugeLimits) =>
    mapped(of, (limit) => ({ ...limit, source: limit.source === "none" ? "none" : "sandbox" }));
  return {
    watch: {
      ...watch,
      gauges,
      reviews,
      ...(watch.queueLag === undefined ? {} : { queueLag: sandbox }),
    },
    gates: gates.gauges === undefined ? gates : { ...gates, gauges: limits(gates.gauges) },
  };
}

function mapped<A, B>(
  of: Readonly<Record<GaugeName, A>>,
  to: (value: A) => B,
): Readonly<Record<GaugeName, B>> {
  return { "db-pool": to(of["db-pool"]), "queue-depth": to(of["queue-depth"]), memory: to(of.memory) };
}

/**
 * A fault of something that nothing watches would be a rehearsal of nothing.
 *
 * @throws RolloutError `fault-unknown` (exit 2) with what the stack watches
 */
export function assertFaultsWatched(faults: readonly FaultSpec[], watch: WatchConfig): void {
  const levels = Object.entries(watch.gauges).flatMap(([name, { kind }]) => (kind === "none" ? [] : [name]));
  const gauges = watch.queueLag === undefined ? levels : [...levels, "queue-lag"];
  const reviews = watch.reviews.map(({ name }) => name);
  for (const fault of faults) {
    switch (fault.kind) {
      case "level":
        if (!gauges.includes(fault.gauge)) throw notWatched(fault, "the triggers on levels", gauges);
        break;
      case "business-metric":
        if (!reviews.includes(fault.name)) throw notWatched(fault, "the business metrics", reviews);
        break;
      case "gauge-outage":
        if (![...gauges, ...reviews].includes(fault.name))
          throw notWatched(fault, "what is measured", [...gauges, ...reviews]);
        break;
      case "integrity":
        if (watch.integrity === undefined) throw notWatched(fault, "what checks the data", []);
        break;
      default:
    }
  }
}

function notWatched({ text }: FaultSpec, what: string, known: readonly string[]): RolloutError {
  return new RolloutError(`The fault ${text} is of something that this stack doesn't watch.`, {
    code: "fault-unknown",
    exit: "config",
    path: "fault",
    hint: `Of ${what} rollout.watch names ${known.length === 0 ? "none" : known.join(", ")}.`,
  });
}
