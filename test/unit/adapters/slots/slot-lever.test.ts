import { afterEach, describe, expect, it } from "vitest";
import { createBuildProbe } from "../../../../src/adapters/slots/builds.ts";
import { createSlotLever } from "../../../../src/adapters/slots/slot-lever.ts";
import type { Lever } from "../../../../src/ports/lever.ts";
import { type SlotsWorld, startSlotsWorld } from "./slots-world.ts";

let world: SlotsWorld;
afterEach(() => world.server.close());

function leverOf(
  of: SlotsWorld,
  builds = { stable: "1.2.3", candidate: "1.2.4" } as { stable: string; candidate?: string },
): Lever {
  const probe = createBuildProbe(of.runtime, "/version");
  return createSlotLever({ api: of.api, runtime: of.runtime, builds, probe });
}

describe("slots as a lever", () => {
  it("swaps at 100, swaps back at 0, and each only once", async () => {
    world = await startSlotsWorld();
    const lever = leverOf(world);
    expect(await lever.read()).toEqual({ exposure: 0, accepted: true, hasCandidate: false });
    await lever.setExposure(100);
    await lever.setExposure(100);
    expect(await lever.read()).toEqual({ exposure: 100, accepted: true, hasCandidate: true });
    await lever.setExposure(0);
    await lever.setExposure(0);
    expect(await lever.read()).toEqual({ exposure: 0, accepted: true, hasCandidate: false });
    expect(world.server.model.swaps).toBe(2);
    expect(lever.name).toContain("atp");
  });

  it("is not accepted before the swap has ended", async () => {
    world = await startSlotsWorld();
    const { api, runtime } = world;
    const lever = leverOf(world);
    await api.startSwap();
    expect(await lever.read()).toMatchObject({ exposure: 0, accepted: false });
    await runtime.clock.sleep(4000);
    expect(await lever.read(), "the routing has switched").toMatchObject({ exposure: 100, accepted: false });
    await runtime.clock.sleep(4000);
    expect(await lever.read()).toMatchObject({ exposure: 100, accepted: true });
  });

  it("counts a percentage rule to the slot, and removes it first on the way back", async () => {
    world = await startSlotsWorld();
    const { server } = world;
    const lever = leverOf(world);
    server.model.rules = [{ name: "staging", actionHostName: server.hosts.idle, reroutePercentage: 10 }];
    expect(await lever.read()).toEqual({ exposure: 10, accepted: true, hasCandidate: true });
    await lever.setExposure(0);
    expect(await lever.read()).toEqual({ exposure: 0, accepted: true, hasCandidate: false });
    expect(server.model.swaps).toBe(0);
    await lever.setExposure(100);
    server.model.rules = [{ name: "staging", actionHostName: server.hosts.idle, reroutePercentage: 10 }];
    expect(await lever.read(), "a tenth goes to the old build").toMatchObject({ exposure: 90 });
    const before = server.calls.length;
    await lever.setExposure(0);
    const calls = server.calls.slice(before);
    expect(calls.indexOf("PATCH site/config/web")).toBeGreaterThanOrEqual(0);
    expect(calls.indexOf("PATCH site/config/web")).toBeLessThan(calls.indexOf("POST slot/slotsswap"));
  });

  it.each([5, 50, 101, -1, Number.NaN])("refuses an exposure of %d", async (exposure) => {
    world = await startSlotsWorld();
    await expect(leverOf(world).setExposure(exposure)).rejects.toMatchObject({ code: "exposure-invalid" });
    expect(world.swapRequests()).toBe(0);
  });

  it("without a candidate 0 is a no-op and 100 is refused", async () => {
    world = await startSlotsWorld();
    const lever = leverOf(world, { stable: "1.2.3" });
    await lever.setExposure(0);
    await expect(lever.setExposure(100)).rejects.toMatchObject({ code: "route-shape" });
    expect(world.swapRequests()).toBe(0);
    expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
  });

  it("says so where production serves neither build, and swaps nothing away", async () => {
    world = await startSlotsWorld({ production: "1.2.9" });
    const lever = leverOf(world);
    await expect(lever.read()).rejects.toMatchObject({ code: "slot-foreign" });
    await expect(lever.setExposure(100)).rejects.toMatchObject({ code: "slot-foreign" });
    await expect(lever.setExposure(0)).rejects.toMatchObject({ code: "slot-build-missing" });
    expect(world.swapRequests()).toBe(0);
  });

  it("throws where ARM does not answer, and when it is cancelled", async () => {
    world = await startSlotsWorld();
    const lever = leverOf(world);
    await expect(lever.setExposure(100, AbortSignal.abort())).rejects.toThrow();
    expect(world.swapRequests()).toBe(0);
    await world.server.close();
    // The SDK tries a read for some seconds before it gives up.
    await expect(lever.read()).rejects.toThrow();
  });
});

describe("users, while slots are swapped", () => {
  it("lose no request, and see the old build, the new one, the old one, without a step back", async () => {
    world = await startSlotsWorld();
    const { server, runtime } = world;
    const lever = leverOf(world);
    const seen: string[] = [];
    const failed: string[] = [];
    let on = true;
    const user = async () => {
      while (on) {
        const response = await runtime.fetch(`https://${server.hosts.production}/`);
        const build = (await response.text()).trim();
        if (response.status !== 200) failed.push(`${response.status}`);
        if (seen.at(-1) !== build) seen.push(build);
      }
    };
    // One user: the order of what several see at once would prove nothing.
    const traffic = user();
    await lever.setExposure(100);
    await lever.setExposure(0);
    on = false;
    await traffic;
    expect(failed).toEqual([]);
    expect(seen).toEqual(["1.2.3", "1.2.4", "1.2.3"]);
  });
});
