import { describe, expect, it } from "vitest";
import { createTimeline } from "../../../src/cli/render/timeline.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import type { DriverDeps } from "../../../src/driver/session.ts";
import { aSnapshot } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";

const rolling = { strategy: "rolling", increments: [{ exposure: 100, soakSeconds: 300 }] } as const;

/**
 * A driver whose lever knows the sides, and whose requests all reach the service as a whole: none of a candidate.
 * `percent` of them fail while the new version is there.
 */
function inPlace(percent = 0) {
  const driver = aDriver({ policy: rolling });
  const { deps } = driver;
  const under = { lever: deps.lever, metrics: deps.metrics };
  const known: unknown[] = [];
  const leverFor: DriverDeps["leverFor"] = (sides) => {
    known.push(sides);
    return {
      ...under.lever,
      read: async () => {
        const reading = await under.lever.read();
        return { ...reading, progress: reading.hasCandidate ? "6 of 6 updated" : "0 of 6 updated" };
      },
    };
  };
  const metrics: DriverDeps["metrics"] = {
    name: "whole",
    observe: async (query) => {
      const answer = await under.metrics.observe(query);
      if (answer.status !== "value") return answer;
      const bad = driver.world.record()?.candidate === undefined ? 0 : percent;
      const bins = answer.stable.bins.map((bin) => ({
        ...bin,
        n: 10_000,
        errors: bad * 100,
        weightSquared: 1,
      }));
      return { ...answer, candidate: { bins: [] }, stable: { bins } };
    },
  };
  Object.assign(deps, { leverFor, metrics });
  return { ...driver, known };
}

describe("a version in stable's place, through the driver", () => {
  it("gives the lever both identities, rolls, watches and settles", async () => {
    const driver = inPlace();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [100] });
    expect(driver.world.calls).toEqual(["up roll", "up settle"]);
    expect(driver.known).toEqual([
      { stable: aSnapshot("1.2.3").identity, candidate: aSnapshot("1.2.4").identity },
    ]);
    const titles = driver.notify.sent.map(({ title }) => title);
    expect(titles).toEqual([
      "atp-ingestion 1.2.3 → 1.2.4: production deployment starting",
      "atp-ingestion 1.2.3 → 1.2.4: in place, serves everybody",
      "atp-ingestion serves 1.2.4",
    ]);
  });

  it("a breach of the service as a whole pulls the lever, then writes the baseline twice: without a refresh, and with one", async () => {
    const driver = inPlace(3);
    const refreshes: unknown[] = [];
    const { up } = driver.deps.engine;
    const spied: DriverDeps["engine"]["up"] = (options) => {
      if (options.converge) refreshes.push(options.refresh);
      return up(options);
    };
    Object.assign(driver.deps.engine, { up: spied });
    const outcome = await driver.run();
    expect(exitOf(outcome)).toBe(20);
    expect(outcome).toMatchObject({ failedAt: "roll", revert: { stateEqual: true, inPlace: true } });
    expect(outcome.cause?.message).toMatch(/^the service \d+ of \d+ requests failed/);
    expect(driver.world.calls).toEqual(["up roll", "lever 0", "up install converge", "up install converge"]);
    expect(refreshes).toEqual([false, true]);
  });

  it("tells its progress once each time that it changes, and people read it in words of their own", async () => {
    const driver = inPlace(3);
    await driver.run();
    const told = driver.entries().flatMap(({ data }) => data["progress"] ?? []);
    expect(told).toEqual(["6 of 6 updated", "0 of 6 updated"]);
    const timeline = createTimeline({ color: false });
    const text = driver
      .entries()
      .flatMap((entry) => timeline(entry) ?? [])
      .join("\n");
    expect(text).toContain("· roll              6 of 6 updated");
    expect(text).toMatch(/↩ lever +1\.2\.3 is asked back into its place/);
    expect(text).toMatch(/↩ read-back +no pod on 1\.2\.4/);
    expect(text).not.toContain("canary");
  });

  it("an abort undoes it", async () => {
    const driver = inPlace();
    const { requests } = driver.record;
    driver.world.knobs.duringUp = async () => {
      const at = "2026-01-15T10:00:00Z";
      await requests.submit({ kind: "abort", by: "a", reason: "-", at, rolloutId: driver.rolloutId() });
      driver.world.knobs.duringUp = async () => {};
    };
    expect(await driver.run()).toMatchObject({ outcome: "reverted", cause: { reason: "Aborted" } });
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" }, step: "install" });
  });
});
