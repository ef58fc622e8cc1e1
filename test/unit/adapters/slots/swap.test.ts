import { afterEach, describe, expect, it } from "vitest";
import type { EnsureProduction } from "../../../../src/adapters/slots/swap.ts";
import type { ArmFaults, ArmModel } from "../../../../src/sandbox/arm/model.ts";
import { type SlotsWorld, startSlotsWorld } from "./slots-world.ts";

const worlds = new Set<SlotsWorld>();
afterEach(async () => {
  for (const { server } of worlds) await server.close();
  worlds.clear();
});

async function world(options?: Parameters<typeof startSlotsWorld>[0]): Promise<SlotsWorld> {
  const made = await startSlotsWorld(options);
  worlds.add(made);
  return made;
}

function builds({ production, idle }: ArmModel): string {
  return `${production.settings["ROLLOUTS_BUILD_ID"]} | ${idle.settings["ROLLOUTS_BUILD_ID"]}`;
}

/** Answers with the error that `promise` has to fail with. */
async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}

const swapped = "1.2.4 | 1.2.3";
const unswapped = "1.2.3 | 1.2.4";

describe("ensureProduction", () => {
  it("swaps the idle slot into production, once, and waits for its end", async () => {
    const { server, ensure, swapRequests, runtime } = await world();
    const startedMs = runtime.clock.now();
    expect(await ensure("1.2.4")).toMatchObject({ swapped: true, requests: 1 });
    expect(builds(server.model)).toBe(swapped);
    expect(swapRequests()).toBe(1);
    expect(server.model.settle(), "the operation is over").toBeUndefined();
    // 4 s to the switch, 4 s more until the other side is prepared.
    expect(runtime.clock.now() - startedMs).toBeGreaterThanOrEqual(8000);
    expect(runtime.clock.now() - startedMs).toBeLessThan(30_000);
  });

  it("does nothing where production serves the build, and swaps back by build id", async () => {
    const { server, ensure, swapRequests } = await world();
    expect(await ensure("1.2.3")).toMatchObject({ swapped: false, requests: 0 });
    expect(swapRequests()).toBe(0);
    await ensure("1.2.4");
    expect(await ensure("1.2.4")).toMatchObject({ swapped: false });
    expect(await ensure("1.2.3", { direction: "back" })).toMatchObject({ swapped: true });
    expect(builds(server.model)).toBe(unswapped);
    expect(server.model.swaps).toBe(2);
  });

  it("names what both serve where neither has the build", async () => {
    const { ensure, swapRequests } = await world();
    const { code, message } = await failure(ensure("1.2.9"));
    expect(code).toBe("slot-build-missing");
    expect(message).toContain("production serves 1.2.3, the slot staging holds 1.2.4");
    expect(swapRequests()).toBe(0);
  });

  it("leaves sticky settings where they are", async () => {
    const { server, ensure } = await world();
    server.model.sticky = ["SLOT"];
    server.model.production.settings["SLOT"] = "production";
    server.model.idle.settings["SLOT"] = "staging";
    await ensure("1.2.4");
    expect(server.model.production.settings).toEqual({ ROLLOUTS_BUILD_ID: "1.2.4", SLOT: "production" });
  });

  const target: Partial<EnsureProduction> = { target: "green" };
  it.each<[string, Partial<EnsureProduction>, (model: ArmModel) => void, string, string]>([
    ["another target than production", target, () => {}, "slot-target", "can only be production"],
    [
      "a sticky build id, which would not travel",
      {},
      (model) => void Object.assign(model, { sticky: ["ROLLOUTS_BUILD_ID"] }),
      "slot-sticky-build",
      "ROLLOUTS_BUILD_ID",
    ],
    [
      "a production that somebody else has changed",
      { from: "1.2.2" },
      () => {},
      "slot-foreign",
      "Production was to serve 1.2.2",
    ],
    [
      "a swap with preview of somebody else's",
      {},
      (model) => void Object.assign(model, { preparedWith: "green" }),
      "slot-prepared",
      "prepared with green",
    ],
    [
      "differences that ARM calls errors",
      {},
      (model) => void Object.assign(model, { obstacles: [{ level: "Error", settingName: "auth" }] }),
      "slot-obstacles",
      "General auth",
    ],
  ])("refuses %s before it asks for a swap", async (_what, more, arrange, code, message) => {
    const { server, ensure, swapRequests } = await world();
    arrange(server.model);
    const error = await failure(ensure("1.2.4", more));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("a-secret-value");
    expect(swapRequests()).toBe(0);
    expect(builds(server.model)).toBe(unswapped);
  });

  it("passes over differences that are none of errors", async () => {
    const { server, ensure } = await world();
    server.model.obstacles = [{ level: "Warning", settingName: "FLAG" }];
    expect(await ensure("1.2.4")).toMatchObject({ swapped: true });
  });

  it("takes back a swap with preview only on the way back", async () => {
    const { server, ensure, lines } = await world();
    await ensure("1.2.4");
    server.model.preparedWith = "green";
    expect(await ensure("1.2.3", { direction: "back" })).toMatchObject({ swapped: true });
    expect(server.calls.filter((call) => call.endsWith("resetSlotConfig")).length).toBeGreaterThan(0);
    expect(lines.join()).toContain("swap with preview");
  });
});

describe("a swap that ARM makes hard", () => {
  it.each<[string, Partial<ArmFaults>, number]>([
    ["lost its answer", { lostResponses: 1 }, 1],
    ["lost its answer, and the site doesn't show the operation", { lostResponses: 1, hidden: true }, 1],
    ["was answered 500 and began all the same", { serverErrors: 1 }, 1],
    ["was lost on the way and never began", { lostRequests: 1 }, 2],
    ["is refused by 409 twice", { conflicts: 2 }, 3],
    ["is refused by a changed VM allocation", { vmAllocation: 1 }, 2],
    ["fails late by a changed VM allocation", { lateVmAllocation: 1 }, 2],
    ["is throttled", { throttles: 1 }, 2],
    ["ends with a 204", { noContent: true }, 1],
    ["has no Location", { noLocation: true }, 1],
    ["has no Location, and the site doesn't show it", { noLocation: true, hidden: true }, 1],
    ["has an operation that answers 500", { pollErrors: 2 }, 1],
  ])("%s: it swaps once", async (_what, faults, requests) => {
    const { server, ensure, swapRequests } = await world();
    Object.assign(server.model.faults, faults);
    await expect(ensure("1.2.4")).resolves.toMatchObject({ swapped: true });
    expect(builds(server.model)).toBe(swapped);
    expect(server.model.swaps).toBe(1);
    expect(swapRequests()).toBe(requests);
  });

  it.each<[string, Partial<ArmFaults>, string, string]>([
    ["says Failed in a 200", { failedBody: true }, "swap-failed", "The swap failed."],
    ["can't start the worker", { workerFails: true }, "swap-failed", "could not be started"],
    ["is refused by 409 for ever", { conflicts: 99 }, "swap-busy", "put off 6 times"],
    ["is stuck, and the reset ends it", { stuck: true }, "swap-stuck", "nothing runs any more"],
    ["is stuck, and no reset ends it", { stuck: "hard" }, "swap-stuck", "production may still change"],
    ["is stuck without a Location", { stuck: true, noLocation: true }, "swap-stuck", "within 300 s"],
  ])("%s: it ends with the old build in production", async (_what, faults, code, message) => {
    const { server, ensure } = await world();
    Object.assign(server.model.faults, faults);
    const error = await failure(ensure("1.2.4"));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain("production serves 1.2.3, the slot staging holds 1.2.4");
    expect(error.hint).not.toBe("");
    expect(server.model.swaps).toBe(0);
  });

  it("fails where the warm-up does, but for any answer without a list of statuses", async () => {
    const { server, ensure } = await world();
    server.model.builds["1.2.4"] = { warmUp: 500 };
    server.model.idle.settings["WEBSITE_SWAP_WARMUP_PING_STATUSES"] = "200,202";
    expect((await failure(ensure("1.2.4"))).message).toContain("application initialization");
    delete server.model.idle.settings["WEBSITE_SWAP_WARMUP_PING_STATUSES"];
    await ensure("1.2.4");
    expect(builds(server.model)).toBe(swapped);
  });

  it("gives a stuck swap 5 minutes, and is reset on both sides", async () => {
    const { server, ensure, runtime } = await world();
    server.model.faults.stuck = true;
    const startedMs = runtime.clock.now();
    await failure(ensure("1.2.4"));
    const waited = runtime.clock.now() - startedMs;
    expect(waited).toBeGreaterThanOrEqual(300_000);
    expect(waited).toBeLessThan(330_000);
    expect(server.calls).toContain("POST slot/resetSlotConfig");
    expect(server.calls).toContain("POST site/resetSlotConfig");
  });

  it("does not believe an app that doesn't answer as its settings say", async () => {
    const { ensure } = await world();
    const error = await failure(ensure("1.2.4", { probe: async () => "1.2.3" }));
    expect(error.code).toBe("swap-failed");
    expect(error.message).toContain("its app answers 1.2.3");
  });

  it("does not begin where it was cancelled", async () => {
    const { ensure, swapRequests } = await world();
    await expect(ensure("1.2.4", { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(swapRequests()).toBe(0);
  });
});

describe("a crash", () => {
  // At every moment of a swap another process takes over, knowing nothing.
  it.each([0, 2000, 4000, 6000, 8000, 60_000])(
    "%i ms after the swap was asked for: one swap in all",
    async (ms) => {
      const { server, ensure, api, runtime } = await world();
      await api.startSwap();
      await runtime.clock.sleep(ms);
      await ensure("1.2.4");
      expect(builds(server.model)).toBe(swapped);
      expect(server.model.swaps).toBe(1);
    },
  );

  it("the same where the site doesn't show that an operation is running", async () => {
    const { server, ensure, api } = await world();
    server.model.faults.hidden = true;
    await api.startSwap();
    await ensure("1.2.4");
    expect(builds(server.model)).toBe(swapped);
    expect(server.model.swaps).toBe(1);
  });

  it.each([false, true])(
    "on the way back: the swap forward is waited for, then undone (hidden: %s)",
    async (hidden) => {
      const { server, ensure, api } = await world();
      server.model.faults.hidden = hidden;
      await api.startSwap();
      await ensure("1.2.3", { direction: "back" });
      expect(builds(server.model), "the crashed swap came through after all, or never").toBe(unswapped);
      expect(server.model.swaps).toBe(2);
    },
  );
});

describe("a swap that is stuck when the way back begins", () => {
  it("is taken back at once", async () => {
    const { server, ensure, api, runtime } = await world();
    server.model.faults.stuck = true;
    await api.startSwap();
    const startedMs = runtime.clock.now();
    expect(await ensure("1.2.3", { direction: "back" })).toMatchObject({ swapped: false });
    expect(runtime.clock.now() - startedMs).toBeLessThan(10_000);
    expect(server.model.settle()).toBeUndefined();
  });
});

describe("percentage rules", () => {
  const toSlot = (idle: string) => ({ name: "staging", actionHostName: idle, reroutePercentage: 10 });
  const foreign = { name: "green", actionHostName: "green.azurewebsites.net", reroutePercentage: 5 };

  it("removes those to the idle slot, keeps the others, and pinned clients come back", async () => {
    const { server, ensure, runtime } = await world();
    server.model.rules = [toSlot(server.hosts.idle), foreign];
    const get = async () => {
      const headers = { cookie: "x-ms-routing-name=staging" };
      const response = await runtime.fetch(`https://${server.hosts.production}/`, { headers });
      return (await response.text()).trim();
    };
    expect(await get()).toBe("1.2.4");
    server.model.rules = [{ ...toSlot(server.hosts.idle), reroutePercentage: 0 }, foreign];
    expect(await get(), "0 % still honours the cookie").toBe("1.2.4");
    await ensure("1.2.3");
    expect(server.model.rules).toEqual([foreign]);
    expect(await get()).toBe("1.2.3");
  });

  it("users first: a swap back does not wait for rules that can't be removed, but the call does not hide it", async () => {
    const { server, ensure, lines } = await world();
    await ensure("1.2.4");
    server.model.rules = [toSlot(server.hosts.idle)];
    server.model.faults.rulesFail = 1;
    await ensure("1.2.3", { direction: "back" });
    expect(builds(server.model)).toBe(unswapped);
    expect(server.model.rules).toEqual([]);
    expect(lines.join()).toContain("percentage rules could not be removed");
    server.model.rules = [toSlot(server.hosts.idle)];
    server.model.faults.rulesFail = 2;
    await expect(ensure("1.2.3", { direction: "back" })).rejects.toThrow(/no right/);
  });
});
