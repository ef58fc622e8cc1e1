import type { RouteReading } from "../types/observation.ts";

/**
 * The fast way to move traffic: one API call on the router, past the engine. Writing the same exposure
 * twice is a no-op. It refuses (RolloutError) a route whose shape it does not know, and never adds a
 * backend. Exposure: 0-100 %.
 */
export interface Lever {
  readonly name: string;
  /** Writes the weights; resolves when the API has taken them. Without a candidate in the route, exposure 0 is a no-op. */
  setExposure(exposure: number, signal?: AbortSignal): Promise<void>;
  /**
   * Gives back what the lever owns of the object, once the engine has written it again. For levers whose writes the
   * engine can only share: applying an equal value by force takes no ownership away. Not owning is a no-op.
   */
  release?(signal?: AbortSignal): Promise<void>;
  /** The route and readiness as they are now. Throws when the API does not answer. */
  read(signal?: AbortSignal): Promise<RouteReading>;
}
