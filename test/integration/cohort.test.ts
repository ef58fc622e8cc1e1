import { describe, expect, it } from "vitest";
import { rehearseOnce } from "../support/rehearse.ts";

// Whole tenants on the real engine, program and driver: each increment adds tenants to those before it.
const tenants = Array.from({ length: 14 }, (_, index) => `tenant-${index}`);
const change = (rollout: Record<string, unknown>) =>
  void Object.assign(rollout, { cohort: { by: "tenant", header: "X-Tenant-Id", tenants } });

describe.concurrent("a canary of whole tenants", () => {
  it("is promoted by the same increments", async () => {
    const run = await rehearseOnce({ change });
    expect(run.outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    expect(run.weights).toEqual([0, 5, 20, 50, 100, 0]);
  });

  it("is taken back by one call of the lever, and the stack equals its baseline", async () => {
    const run = await rehearseOnce({ change, faults: ["errors=3%@20"] });
    expect(run.outcome).toMatchObject({ outcome: "reverted", failedAt: "20", revert: { stateEqual: true } });
    expect(run.weights).toEqual([0, 5, 20, 0]);
  });
});
