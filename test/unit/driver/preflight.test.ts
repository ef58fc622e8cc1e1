import { describe, expect, it } from "vitest";
import type { Preflight } from "../../../src/ports/preflight.ts";
import { aStrategy } from "../../support/strategies.ts";

function withPreflight(run: Preflight["run"]) {
  const driver = aStrategy("node pools");
  Object.assign(driver.deps, { preflight: { name: "nodes of system, work", run } satisfies Preflight });
  return driver;
}

describe("a preflight", () => {
  it("is asked about the version before anything is touched", async () => {
    const asked: string[] = [];
    const driver = withPreflight(async ({ version }) => {
      expect(driver.world.calls).toEqual([]);
      asked.push(version);
      return [];
    });
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(asked).toEqual(["1.2.4"]);
  });

  it("blocks with everything that stands in the way, and touches nothing", async () => {
    const problems = [
      "PodDisruptionBudget atp/ingestion allows no eviction",
      "the control plane runs 1.33.5",
    ];
    const driver = withPreflight(async () => problems);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "blocked" });
    expect(JSON.stringify(outcome)).toContain(problems.join("; "));
    expect(driver.world.calls).toEqual([]);
    const said = driver.entries().find(({ data }) => data["preflight"] !== undefined);
    expect(said?.data["preflight"]).toEqual({ name: "nodes of system, work", problems });
  });

  it("that can't be asked is no leave to go on", async () => {
    const driver = withPreflight(async () => {
      throw new Error("Could not list nodes: HTTP 503.");
    });
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "blocked" });
    expect(JSON.stringify(outcome)).toContain("could not be asked: Could not list nodes: HTTP 503.");
    expect(driver.world.calls).toEqual([]);
  });
});
