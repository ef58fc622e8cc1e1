import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { aDriver } from "../../support/drive.ts";
import { aWorld, cli } from "./harness.ts";

const argv = ["status", "--stack", "prod"];

async function view(driver: ReturnType<typeof aDriver>): Promise<Record<string, unknown>> {
  const { json, code } = await cli([...argv, "--json"], { world: aWorld(driver) });
  expect(code).toBe(0);
  return json["data"] as Record<string, unknown>;
}

describe("status", () => {
  it("before any rollout", async () => {
    expect(await view(aDriver())).toEqual({
      stack: "prod",
      service: "atp-ingestion",
      served: "unknown",
      journal: "memory:journal",
    });
  });

  it("held: which step, since when, why, what was measured, who goes on", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    await driver.run();
    const data = await view(driver);
    expect(data).toMatchObject({
      served: "1.2.3",
      rollout: {
        from: "1.2.3",
        to: "1.2.4",
        state: "held",
        step: "20",
        exposures: [5, 20],
        outcome: "held",
        waitsFor: "a person: HTTP 503; the soak was extended to its limit",
      },
      driver: { alive: false, holder: "test" },
    });
    const { stdout } = await cli(argv, { world: aWorld(driver) });
    expect(stdout).toContain("nobody: `rollouts run` takes it up (last: test)");
    expect(stdout).toMatch(/error-rate +error/);
  });

  it("over: the version in service is the promoted one", async () => {
    const driver = aDriver();
    await driver.run();
    expect(await view(driver)).toMatchObject({
      served: "1.2.4",
      rollout: { state: "completed", outcome: "promoted", waitsFor: "nothing: it is over" },
    });
  });

  it("reverted: cause and step", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 50 ? 5 : 0);
    await driver.run();
    expect(await view(driver)).toMatchObject({
      served: "1.2.3",
      rollout: {
        state: "reverted",
        failedAt: "50",
        cause: { reason: "HardLimitBreached", gate: "error-rate" },
      },
    });
  });

  it("soaking: until when it watches, with value and limit of each gate, and who drives", async () => {
    const driver = aDriver();
    const stop = driver.clock.now() + 16 * 60_000;
    // The process is told to stop in the watch of 20 %, as SIGTERM does.
    const { observe } = driver.deps.metrics;
    const metrics = {
      ...driver.deps.metrics,
      observe: async (query: Parameters<typeof observe>[0]) => {
        if (driver.clock.now() >= stop) driver.stop.abort();
        return await observe(query);
      },
    };
    const { runRollout } = await import("../../../src/driver/run.ts");
    const holder = `dana@${hostname()} pid ${process.pid}`;
    const outcome = await runRollout({ ...driver.deps, metrics }, { version: "1.2.4", holder });
    expect(outcome.outcome).toBe("interrupted");
    const { rollout, driver: who } = await view(driver);
    expect(rollout).toMatchObject({
      state: "soaking",
      step: "20",
      waitsFor: "15 min of watching, until 2026-01-15T10:30:00.000Z",
      readings: expect.arrayContaining([
        expect.objectContaining({ gate: "error-rate", limit: 1, value: expect.any(Number) }),
      ]),
    });
    expect(who).toEqual({ alive: false, holder });
    await driver.record.lease.acquire({ holder, termMs: 30_000 });
    const entries = driver.record.state.entries;
    const last = entries.at(-1);
    if (last) entries.push({ ...last, seq: last.seq + 1, leaseToken: 2 });
    expect((await view(driver))["driver"]).toEqual({ alive: true, holder });
  });

  it("never opens a driver", async () => {
    const world = aWorld(aDriver());
    await cli(argv, { world });
    expect(world.opened).toEqual([]);
  });
});
