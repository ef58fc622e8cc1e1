import { describe, expect, it } from "vitest";
import { createTimeline } from "../../../src/cli/render/timeline.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import { aStrategy, passed } from "../../support/strategies.ts";

const named = {
  "app-service": "blue-green on App Service",
  kubernetes: "blue-green on Kubernetes",
} as const;
type Platform = keyof typeof named;

function blueGreen(platform: Platform, percent?: number) {
  return aStrategy(named[platform], percent === undefined ? {} : { percent });
}

const promotions = {
  "app-service": ["up stage", "up swap", "up settle"],
  kubernetes: ["up stage", "up swap", "up promote-stable", "up promote-switch", "up promote-clean"],
} as const;

describe.each<Platform>(["app-service", "kubernetes"])("blue-green on %s, through the driver", (platform) => {
  it("stages, validates, swaps, watches and makes the version the baseline", async () => {
    const driver = blueGreen(platform);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "promoted" });
    expect(outcome.exposures[0]).toBe(100);
    expect(driver.world.calls).toEqual(promotions[platform]);
    expect(driver.world.weights).toEqual([0, 100, 0]);
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.4" }, exposure: 0 });
    expect(driver.world.record()?.candidate).toBeUndefined();
    expect(driver.validation.runs).toBe(1);
  });

  it("never swaps what doesn't validate; the report shows each check", async () => {
    const driver = blueGreen(platform);
    const before = await driver.world.engine.deployed();
    const bad = { name: "postgres", ok: false, ms: 10_000, message: "no result within 10 s" };
    driver.validation.report = { ok: false, results: [...passed.results, bad] };
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "validate",
      exposures: [],
      cause: { reason: "ValidationFailed", message: "postgres: no result within 10 s" },
      revert: { stateEqual: true },
    });
    expect(exitOf(outcome)).toBe(20);
    expect(driver.world.weights).toEqual([0]);
    expect((await driver.world.engine.deployed()).hash).toBe(before.hash);
    const timeline = createTimeline({ color: false });
    const text = driver
      .entries()
      .flatMap((entry) => timeline(entry) ?? [])
      .join("\n");
    for (const line of ["health: GET /health/live answered 200 (3 ms)", "smoke: exit 0 (900 ms)"]) {
      expect(text).toContain(`✓ validate          ${line}`);
    }
    expect(text).toContain("✗ validate          postgres: no result within 10 s (10.0 s)");
  });

  it("goes back after the swap where the service fails, with one lever call before the stack", async () => {
    const driver = blueGreen(platform, 3);
    const before = await driver.world.engine.deployed();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "swap",
      exposures: [100],
      cause: { reason: "HardLimitBreached", gate: "error-rate" },
      revert: { stateEqual: true },
    });
    expect(driver.world.calls).toEqual([
      "up stage",
      "up swap",
      "lever 0",
      "up revert converge",
      "up install converge",
    ]);
    expect(driver.world.weights).toEqual([0, 100, 0]);
    expect((await driver.world.engine.deployed()).hash).toBe(before.hash);
  });

  it("stops a validation that is under way when it is aborted, and takes the staged version away", async () => {
    const driver = blueGreen(platform);
    let stopped = false;
    driver.validation.during = async (signal) => {
      const request = {
        kind: "abort",
        by: "alice",
        reason: "wrong build",
        at: "2026-01-15T10:00:00Z",
      } as const;
      await driver.deps.record.requests.submit({ ...request, rolloutId: driver.rolloutId() });
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      stopped = true;
    };
    const outcome = await driver.run();
    expect(stopped).toBe(true);
    expect(outcome).toMatchObject({
      outcome: "reverted",
      failedAt: "validate",
      cause: { reason: "Aborted" },
    });
    expect(driver.world.weights).toEqual([0]);
  });

  it("validates again when it is taken up there, and swaps once", async () => {
    const driver = blueGreen(platform);
    expect(await driver.run({ stopAfter: "stage" })).toMatchObject({ outcome: "held", heldAt: "stage" });
    expect(driver.world.weights).toEqual([0]);
    expect(await driver.run({ stopAfter: "validate" })).toMatchObject({
      outcome: "held",
      heldAt: "validate",
    });
    expect(driver.world.weights).toEqual([0]);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(driver.world.calls).toEqual(promotions[platform]);
  });

  it("is taken back where nothing is there that could validate", async () => {
    const driver = blueGreen(platform);
    Object.assign(driver.deps, { validation: undefined });
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", cause: { reason: "ValidationFailed" } });
    expect(driver.world.weights).toEqual([0]);
  });
});
