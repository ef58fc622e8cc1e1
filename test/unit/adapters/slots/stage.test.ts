import { afterEach, describe, expect, it } from "vitest";
import { stageBuild } from "../../../../src/adapters/slots/stage.ts";
import { type SlotsWorld, startSlotsWorld } from "./slots-world.ts";

let world: SlotsWorld;
afterEach(() => world.server.close());

const content = {
  buildId: "1.2.5",
  linuxFxVersion: "DOCKER|atp.azurecr.io/ingestion:1.2.5",
  settings: { WEBSITES_PORT: "8080" },
};

describe("stageBuild", () => {
  it("puts image and settings on the idle slot, keeps what else is there, and leaves production alone", async () => {
    world = await startSlotsWorld();
    const { api, server } = world;
    server.model.idle.settings["OWN"] = "kept";
    expect(await stageBuild({ api, content })).toEqual({ staged: true });
    expect(server.model.idle).toMatchObject({
      linuxFxVersion: content.linuxFxVersion,
      settings: { OWN: "kept", WEBSITES_PORT: "8080", ROLLOUTS_BUILD_ID: "1.2.5" },
    });
    expect(server.model.production.settings).toEqual({ ROLLOUTS_BUILD_ID: "1.2.3" });
  });

  it("removes what the version before had brought, and only that", async () => {
    world = await startSlotsWorld();
    const { api, server } = world;
    server.model.idle.settings["OWN"] = "kept";
    await stageBuild({ api, content: { ...content, settings: { DROPPED: "1", KEPT: "1" } } });
    await stageBuild({ api, content: { buildId: "1.2.6", settings: { KEPT: "2" } } });
    expect(server.model.idle.settings).toEqual({
      OWN: "kept",
      KEPT: "2",
      ROLLOUTS_BUILD_SETTINGS: "KEPT",
      ROLLOUTS_BUILD_ID: "1.2.6",
    });
  });

  it.each([
    ["the slot holds it already", "1.2.4"],
    ["production serves it already", "1.2.3"],
  ])("writes nothing where %s", async (_what, buildId) => {
    world = await startSlotsWorld();
    const { api, server } = world;
    expect(await stageBuild({ api, content: { ...content, buildId } })).toEqual({ staged: false });
    expect(server.calls.filter((call) => /^(PUT|PATCH)/.test(call))).toEqual([]);
  });

  it("names no build while it is not whole: a crash in between starts over", async () => {
    world = await startSlotsWorld();
    const { api, server } = world;
    const broken = { ...api, setImage: () => Promise.reject(new Error("crash")) };
    await expect(stageBuild({ api: broken, content: { ...content, buildId: "1.2.5" } })).rejects.toThrow(
      "crash",
    );
    expect(server.model.idle.settings["ROLLOUTS_BUILD_ID"]).toBe("");
    expect(await stageBuild({ api, content })).toEqual({ staged: true });
    expect(server.model.idle.settings["ROLLOUTS_BUILD_ID"]).toBe("1.2.5");
  });

  it.each([
    ["a setting of the version is sticky", "WEBSITES_PORT", "slot-sticky-settings"],
    ["the build id is sticky", "ROLLOUTS_BUILD_ID", "slot-sticky-build"],
  ])("refuses where %s: it would not travel with the version", async (_what, sticky, code) => {
    world = await startSlotsWorld();
    const { api, server } = world;
    server.model.sticky = [sticky];
    await expect(stageBuild({ api, content })).rejects.toMatchObject({ code });
    expect(server.model.idle.settings).toEqual({ ROLLOUTS_BUILD_ID: "1.2.4" });
  });
});
