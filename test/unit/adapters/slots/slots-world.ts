import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { openArmSlots } from "../../../../src/adapters/slots/arm-client.ts";
import { createBuildProbe } from "../../../../src/adapters/slots/builds.ts";
import type { SlotsApi } from "../../../../src/adapters/slots/slots-api.ts";
import { type EnsureProduction, ensureProduction } from "../../../../src/adapters/slots/swap.ts";
import type { Runtime } from "../../../../src/lib/runtime.ts";
import type { ModelOptions } from "../../../../src/sandbox/arm/model.ts";
import { type ArmServer, armAddress, armToken, startArmServer } from "../../../../src/sandbox/arm/server.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

/** A clock that is as late as what was last slept for: nothing waits, and all of it is in the right order. */
export function jumpingClock(start = Date.UTC(2026, 0, 15, 10)): Runtime["clock"] {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      if (signal?.aborted) return;
      now += ms;
    },
  };
}

export const credential = {
  getToken: async () => ({ token: armToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

export interface SlotsWorld {
  readonly server: ArmServer;
  readonly api: SlotsApi;
  readonly runtime: Runtime;
  readonly lines: readonly string[];
  /** `ensureProduction` on this world, asking the app for its build too. */
  ensure(buildId: string, more?: Partial<EnsureProduction>): ReturnType<typeof ensureProduction>;
  /** How often a swap was asked for. */
  swapRequests(): number;
}

/** An ARM server with `1.2.3` in production and `1.2.4` on the slot, on a clock that jumps; 4 s to a switch, 8 to its end. */
export async function startSlotsWorld(
  options: Partial<ModelOptions> & { readonly random?: () => number } = {},
): Promise<SlotsWorld> {
  const clock = jumpingClock();
  const server = await startArmServer({
    now: () => clock.now(),
    production: "1.2.3",
    idle: "1.2.4",
    ...options,
  });
  // Of this process alone; both fetch and the Azure SDK take it.
  setDefaultCACertificates([...getCACertificates("default"), server.cert]);
  const memory = createMemoryRuntime();
  const runtime: Runtime = { ...memory.runtime, clock };
  const api = await openArmSlots({ address: armAddress, credential, endpoint: server.endpoint });
  return {
    server,
    api,
    runtime,
    lines: memory.lines,
    ensure: (buildId, more) =>
      ensureProduction({ api, buildId, runtime, probe: createBuildProbe(runtime, "/version"), ...more }),
    swapRequests: () => server.calls.filter((call) => call.endsWith("/slotsswap")).length,
  };
}
