import type { FaultBoard } from "./fault-board.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Traffic } from "./traffic.ts";

/** What monitoring can see: of a whole sandbox, or of one part of what a stack rolls out. */
export interface Observed {
  readonly clock: { now(): number };
  /** What was to happen by now, has, once it is settled. */
  readonly cloud: { settle(): void };
  readonly traffic: Pick<Traffic, "between">;
  readonly telemetry: Telemetry;
  readonly faults: Pick<FaultBoard, "now" | "onBin" | "hits">;
}

/** A service and its flag as one: its telemetry with the faults of both, for what knows no cohorts. */
export function together(service: Observed, flag: Observed): Observed {
  return {
    clock: service.clock,
    telemetry: service.telemetry,
    cloud: {
      settle: () => {
        service.cloud.settle();
        flag.cloud.settle();
      },
    },
    traffic: {
      between: (startMs, endMs) => [
        ...service.traffic.between(startMs, endMs),
        ...flag.traffic.between(startMs, endMs),
      ],
    },
    faults: {
      now: (kind) => [...service.faults.now(kind), ...flag.faults.now(kind)],
      onBin: (kind, startMs) => [...service.faults.onBin(kind, startMs), ...flag.faults.onBin(kind, startMs)],
      hits: (fault, build) => service.faults.hits(fault, build) || flag.faults.hits(fault, build),
    },
  };
}
