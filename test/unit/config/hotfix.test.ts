import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";

const sources = { metrics: { kind: "sandbox" }, health: { kind: "sandbox" }, lever: { kind: "sandbox" } };
const policyOf = (rollout: Record<string, unknown>) =>
  normalizeOrThrow({ written: { service: "atp-ingestion", ...sources, ...rollout }, stack: "prod" });

describe("the guide's hotfix row: back on any error", () => {
  it("one failed request or exception is enough, in one window", () => {
    const { gates, origins } = policyOf({ preset: "hotfix" });
    expect(gates).toMatchObject({
      errorRate: { limitPercent: 0, windows: 1 },
      exceptions: { limit: 0, windowSeconds: 900 },
      minRequests: 1,
    });
    expect(gates.p95).toEqual({ limitMs: 1000, windows: 5 });
    expect(origins["gates.errorRate.limitPercent"]).toBe("preset");
  });

  it("config has the last word", () => {
    const { gates } = policyOf({
      preset: "hotfix",
      gates: { errorRate: { limit: "0.5%", for: "2m" }, exceptions: 3, minRequests: 50 },
    });
    expect(gates).toMatchObject({
      errorRate: { limitPercent: 0.5, windows: 2 },
      exceptions: { limit: 3 },
      minRequests: 50,
    });
  });

  it("every other preset keeps the guide's triggers", () => {
    for (const preset of ["test", "staging", "production"]) {
      expect(policyOf({ preset }).gates).toMatchObject({
        errorRate: { limitPercent: 1, windows: 2 },
        exceptions: { limit: 10 },
        minRequests: 100,
      });
    }
  });
});
