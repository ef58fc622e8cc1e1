import { describe, expect, it } from "vitest";
import type { World } from "../../../src/cli/world.ts";
import type { ServiceReading } from "../../../src/types/observation.ts";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const prod = ["--stack", "prod"];
const escalation = { leadAfterSeconds: 300, vpAfterSeconds: 1800, ctoAfterSeconds: 3600 };
const minute = 60_000;
type Driver = ReturnType<typeof aDriver>;

/** Its driver ended as held; `agoMs` ago, by the command line's own clock. */
async function held(agoMs: number): Promise<Driver> {
  const startMs = Date.now();
  const driver = aDriver({ policy: { escalation }, startMs });
  // A promotion that fails waits for a person at once.
  driver.world.knobs.upFails = (step) =>
    step === "promote-stable" ? { kind: "resource", message: "no pod comes up" } : undefined;
  expect(await driver.run()).toMatchObject({ outcome: "held" });
  const end = driver.entries().find(({ data }) => Object(data["decision"]).kind === "escalate");
  const shiftMs = startMs - agoMs - Date.parse(end?.at ?? "");
  for (const entry of driver.entries())
    Object.assign(entry, { at: new Date(Date.parse(entry.at) + shiftMs).toISOString() });
  return driver;
}

function worldOf(driver: Driver, service?: () => Promise<ServiceReading>): World {
  return {
    ...aWorld(driver, aStackConfig({ escalation })),
    openTeller: async () => ({ notify: [driver.notify], secrets: [] }),
    ...(service === undefined ? {} : { openService: async () => service }),
  };
}

const called = (driver: Driver) =>
  driver.notify.sent.flatMap(({ to }) => (to === undefined ? [] : [to.rung]));

describe("escalate, where no driver is alive", () => {
  it("calls the lead once 5 min are over, once, and says how it stands", async () => {
    const driver = await held(6 * minute);
    const world = worldOf(driver);
    const first = await cli(["escalate", ...prod, "--json"], { world });
    expect(first).toMatchObject({ code: 0, json: { data: { now: ["lead"], told: ["lead"] } } });
    expect(called(driver)).toEqual(["lead"]);
    const again = await cli(["escalate", ...prod], { world });
    expect(again.stdout).toContain("An alarm is open for 6 min");
    expect(again.stdout).toContain("Called so far: lead.");
    expect(called(driver)).toEqual(["lead"]);
  });

  it("calls nobody before, writes nothing, and says when", async () => {
    const driver = await held(2 * minute);
    const before = driver.entries().length;
    const { stdout, code } = await cli(["escalate", ...prod], { world: worldOf(driver) });
    expect(code).toBe(0);
    expect(stdout).toMatch(/The next one is called in (?:3 min|2 min \d+ s)\./);
    expect(driver.entries()).toHaveLength(before);
  });

  it("calls nobody once somebody has acknowledged; those who were called hear of that", async () => {
    const driver = await held(6 * minute);
    const world = worldOf(driver);
    const mine = await cli(["acknowledge", ...prod, "--by", "@alice", "--reason", "looking"], { world });
    expect(mine.stdout).toContain("@alice has the alarm of 1.2.4");
    expect(mine.stdout).toContain("`rollouts escalate --stack prod` tells the others");
    const { json } = await cli(["escalate", ...prod, "--json"], { world });
    expect(json["data"]).toMatchObject({ acknowledged: { by: "@alice" }, now: [], told: [] });
    expect(called(driver)).toEqual([]);
    expect(driver.notify.sent.at(-1)?.title).toBe("atp-ingestion 1.2.3 → 1.2.4: @alice has the alarm");
  });

  it("--watch begins the time of a service that is down, and ends when it is over", async () => {
    const driver = await held(minute);
    let looks = 0;
    const world = worldOf(driver, async () => {
      looks += 1;
      if (looks === 1) return { service: "down", why: "stable's /health answers 503" };
      await cli(["acknowledge", ...prod, "--by", "@alice", "--all-clear"], { world });
      return { service: "up", why: "stable is healthy" };
    });
    // Somebody's word wakes the watch: no time has to go by.
    const watching = cli(["escalate", ...prod, "--watch", "--json"], { world });
    await expect.poll(() => looks).toBeGreaterThan(0);
    await cli(["acknowledge", ...prod, "--by", "@bob"], { world });
    const { json, code } = await watching;
    expect(code).toBe(0);
    expect(json["data"]).not.toHaveProperty("down");
    expect(json["data"]).not.toHaveProperty("openSince");
    const seen = driver.entries().flatMap(({ data }) => (data["service"] ? [data["service"]] : []));
    expect(seen[0]).toEqual({ service: "down", why: "stable's /health answers 503" });
  });

  it("leaves it to a driver that is alive: exit 24", async () => {
    const driver = await held(6 * minute);
    await driver.record.lease.acquire({ holder: "dana@ci pid 7", termMs: 30_000 });
    const { code, stderr } = await cli(["escalate", ...prod], { world: worldOf(driver) });
    expect(code).toBe(24);
    expect(stderr).toContain("A driver is alive");
    expect(called(driver)).toEqual([]);
  });

  it("--sev 1 needs somebody, and a reason", async () => {
    const driver = await held(minute);
    const world = worldOf(driver);
    expect((await cli(["escalate", ...prod, "--sev", "1"], { world })).code).toBe(2);
    expect((await cli(["escalate", ...prod, "--sev", "1", "--by", "@alice"], { world })).code).toBe(2);
    const said = ["--sev", "1", "--by", "@alice", "--reason", "events are lost"];
    const { json } = await cli(["escalate", ...prod, ...said, "--json"], { world });
    expect(json["data"]).toMatchObject({ sev1: { why: "events are lost (@alice)" } });
  });

  it.each(["escalate", "acknowledge"])("%s with no rollout at all is exit 7", async (verb) => {
    const driver = aDriver({ policy: { escalation } });
    const by = verb === "acknowledge" ? ["--by", "@alice"] : [];
    const { code, stderr } = await cli([verb, ...prod, ...by], { world: worldOf(driver) });
    expect(code).toBe(7);
    expect(stderr).toContain("no rollout");
  });
});
