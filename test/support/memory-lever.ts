import { RolloutError } from "../../src/errors/errors.ts";
import type { Lever } from "../../src/ports/lever.ts";
import type { RouteReading } from "../../src/types/observation.ts";

export interface MemoryLever extends Lever {
  /** The route as it is now. */
  readonly route: RouteReading;
  /** Changes the route past the lever, as an update or a person does. */
  apply(change: Partial<RouteReading>): void;
  /** Every exposure that was ever in force, in order, without repetition. */
  readonly weights: readonly number[];
  /** From now on reading, or writing, or both fail with this error; undefined: they work again. */
  failWith(error: Error | undefined, where?: "read" | "write"): void;
  /** Decides at each read whether the controller has accepted; default: at once. A slow router is a function of time. */
  acceptBy(accepted: () => boolean): void;
}

/** A route in memory that serves stable alone, with one ready replica a side. */
export function createMemoryLever(initial: Partial<RouteReading> = {}): MemoryLever {
  let route: RouteReading = {
    exposure: 0,
    accepted: true,
    hasCandidate: false,
    ready: { stable: 1, candidate: 0 },
    ...initial,
  };
  const failures: { read?: Error | undefined; write?: Error | undefined } = {};
  const weights = [route.exposure];
  let accepted: (() => boolean) | undefined;
  const apply = (change: Partial<RouteReading>) => {
    route = { ...route, ...change };
    if (weights.at(-1) !== route.exposure) weights.push(route.exposure);
  };
  return {
    name: "memory",
    get route() {
      return route;
    },
    weights,
    apply,
    acceptBy: (decide) => {
      accepted = decide;
    },
    failWith: (error, where) => {
      if (where !== "write") failures.read = error;
      if (where !== "read") failures.write = error;
    },
    setExposure: async (exposure, signal) => {
      if (!Number.isInteger(exposure) || exposure < 0 || exposure > 100) {
        throw new RolloutError(`an exposure of ${exposure} %`, { code: "exposure-invalid", exit: "config" });
      }
      signal?.throwIfAborted();
      if (failures.write) throw failures.write;
      if (route.hasCandidate) apply({ exposure });
      else if (exposure > 0)
        throw new RolloutError("no candidate in the route", { code: "route-shape", exit: "resource" });
    },
    read: async (signal) => {
      signal?.throwIfAborted();
      if (failures.read) throw failures.read;
      return { ...route, accepted: accepted ? accepted() : route.accepted };
    },
  };
}
