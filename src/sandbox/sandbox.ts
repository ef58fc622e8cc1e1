import { createVirtualClock, type VirtualClock } from "./clock.ts";
import { type Cloud, createCloud } from "./cloud.ts";
import { createFaultBoard, type FaultBoard } from "./fault-board.ts";
import type { FaultSpec } from "./faults.ts";
import type { RouteInForce } from "./router.ts";
import { createTelemetry, type Healthy, type Telemetry, usual } from "./telemetry.ts";
import { createTraffic, type Traffic } from "./traffic.ts";

/** A world of its own for one rehearsal: time, cloud, requests, telemetry, faults. */
export interface Sandbox {
  readonly clock: VirtualClock;
  readonly cloud: Cloud;
  readonly traffic: Traffic;
  readonly telemetry: Telemetry;
  readonly faults: FaultBoard;
  /** What a rehearsal does to the engine while that works. */
  readonly hooks: {
    /** Before a write takes force. */
    beforeWrite?: () => Promise<void>;
  };
  /** Every weight that was ever in force, with its virtual time, in order. */
  readonly routeHistory: readonly RouteInForce[];
  /** Adds faults while it runs. */
  inject(faults: readonly FaultSpec[]): void;
  /** Says which exposure the next update goes to, where no preview has shown it. 0-100 %. */
  announce(exposure: number): void;
  /** Says which version comes in stable's place, by its identity: faults hit its pods. Undefined: none does. */
  replacing(identity: string | undefined): void;
}

export interface SandboxOptions {
  /** Decides the jitter of the volume, nothing else. A whole number. */
  readonly seed: number;
  /** Start of its time, ms since the epoch. */
  readonly startMs: number;
  readonly faults: readonly FaultSpec[];
  /** Requests a second over all backends; default 10,000. */
  readonly rps?: number;
  /** Where there is no router: name of the Service that users call. Default: requests come in by the routes. */
  readonly sharedService?: string;
  /** Length of the telemetry's bins, ms; default 10 s. */
  readonly binMs?: number;
  /** What a healthy service does: errors per million requests, exceptions in 15 minutes. Default 1,000 and 10. */
  readonly healthy?: Healthy;
}

/** A new sandbox. Same options and same calls: same world, request for request. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const clock = createVirtualClock({ startMs: options.startMs });
  // Set below: the board asks for the time of the event that is being played, not of the clock.
  let now = (): number => clock.now();
  const faults = createFaultBoard(() => now(), options.binMs);
  const traffic = createTraffic();
  const { sharedService } = options;
  const cloud = createCloud({
    clock,
    faults,
    traffic,
    ...(sharedService === undefined ? {} : { sharedService }),
  });
  now = () => cloud.now();
  faults.add(options.faults);
  const telemetry = createTelemetry({
    startMs: options.startMs,
    seed: options.seed,
    rps: options.rps ?? 10_000,
    now: () => clock.now(),
    settle: () => cloud.settle(),
    traffic,
    faults,
    healthy: options.healthy ?? usual,
    ...(options.binMs === undefined ? {} : { binMs: options.binMs }),
  });
  return {
    clock,
    cloud,
    traffic,
    telemetry,
    faults,
    hooks: {},
    get routeHistory() {
      return cloud.router.history;
    },
    inject: (added) => {
      cloud.settle();
      faults.add(added);
      cloud.touch();
    },
    announce: (exposure) => faults.heading(exposure),
    replacing: (identity) => faults.replacing(identity),
  };
}
