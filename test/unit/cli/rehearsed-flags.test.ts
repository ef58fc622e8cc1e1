import { describe, expect, it } from "vitest";
import { faultsOfParts } from "../../../src/cli/compose/rehearsed-flags.ts";
import { binsOf, healthyUnder } from "../../../src/cli/compose/rehearsed-policy.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { unwatched } from "../../support/builders.ts";

const flag = { id: "AuditTrail.NewAlgorithm", endpoint: "https://atp-prod.azconfig.io" };

function policyOf(more: Record<string, unknown>): EnvironmentPolicy {
  const metrics = { kind: "prometheus", url: "http://prometheus:9090" };
  const written = {
    preset: "production",
    service: "atp-ingestion",
    metrics: { ...metrics, cohort: { label: "version", stable: "stable", candidate: "canary" } },
    health: { kind: "http", candidate: ["http://c/ready"], stable: ["http://s/ready"] },
    watch: unwatched,
    lever: { kind: "http-route", namespace: "atp-prod" },
    ...more,
  };
  return normalizeOrThrow({ written, stack: "prod" });
}

const alone = policyOf({ flag, strategy: "feature-flag", lever: { kind: "app-configuration" } });
const beside = policyOf({ flag, strategy: "feature-flag" });
const canary = policyOf({ flag });
const weeks = policyOf({ flag, strategy: "combined" });
const texts = (faults: readonly { readonly text: string }[]) => faults.map(({ text }) => text);

describe("faults of a service and its flag", () => {
  const faults = ["errors=5%@flag-25", "latency=2s@25", "slo-miss@beta"].map(parseFault);

  it("go by what they name, and of a flag alone all to the flag", () => {
    const parts = faultsOfParts(faults, beside);
    expect(texts(parts.flag)).toEqual(["errors=5%@flag-25", "slo-miss@beta"]);
    expect(texts(parts.service)).toEqual(["latency=2s@25"]);
    expect(faultsOfParts(faults, alone)).toEqual({ flag: faults, service: [] });
  });

  it.each<readonly [string, EnvironmentPolicy, string]>([
    ["errors=5%@flag-25", canary, "this rollout opens no flag: its strategy is canary"],
    ["flag-edit", policyOf({}), "this rollout opens no flag"],
    ["crashloop@flag-25", beside, "move no pods"],
    ["slow-router@25", alone, "move no pods"],
    ["validation=ready", alone, "move no pods"],
  ])("%s that would never act is refused", (text, policy, said) => {
    const run = () => faultsOfParts([parseFault(text)], policy);
    expect(run).toThrow(RolloutError);
    expect(run).toThrow(said);
    try {
      run();
    } catch (error) {
      expect(error).toMatchObject({ code: "fault-unknown", exit: "config", path: "fault" });
    }
  });
});

describe("a rollout of weeks", () => {
  it("is counted by the minute, by a service that keeps within its budget for all of it", () => {
    expect(binsOf(weeks)).toEqual({ binMs: 60_000 });
    expect(healthyUnder(weeks).errorsPpm).toBe(250);
    expect(binsOf(canary)).toEqual({});
    expect(healthyUnder(canary).errorsPpm).toBe(1000);
    // A flag that nothing opens takes no time.
    expect(binsOf(policyOf({ flag: { ...flag, soak: "168h" } }))).toEqual({});
  });
});
