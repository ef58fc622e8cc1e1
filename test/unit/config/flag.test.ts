import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";
import { validFlag, validVariants } from "./valid-flag.ts";

const lever = { kind: "app-configuration" };

function policyOf(flag: object, more: object = {}) {
  return normalizeOrThrow({
    written: { ...sandboxConfig, ...more, flag: { ...validFlag, ...flag } },
    stack: "prod",
  });
}

function flagOf(flag: object = {}, more: object = {}) {
  const { flag: found } = policyOf(flag, more);
  if (found === undefined) throw new Error("config has a flag, the policy has none");
  return found;
}

const phases = (shares: readonly number[], soakSeconds: number) =>
  shares.map((percentage) => ({ percentage, soakSeconds }));

describe("the guide's flag", () => {
  it("has its phases, watched as the stack watches, by tenants and named ones first", () => {
    expect(flagOf()).toEqual({
      spec: {
        schemaVersion: 1,
        kind: "flag",
        id: validFlag.id,
        description: validFlag.description,
        by: "targeting",
        beta: { users: validFlag.beta.users, groups: [{ name: "beta-testers", percentage: 100 }] },
        exclude: { users: [], groups: [] },
        telemetry: false,
      },
      endpoint: validFlag.endpoint,
      phases: phases([10, 25, 50, 100], 900),
      betaSoakSeconds: 900,
      darkSeconds: 0,
      refreshSeconds: 5,
      cohort: { label: "feature", on: "on", off: "off" },
    });
  });

  it("is read anew every 30 s, where nobody says how often", () => {
    expect(flagOf({ refresh: undefined }).refreshSeconds).toBe(30);
  });

  it("is one endpoint, however it is written", () => {
    expect(flagOf({ endpoint: "https://atp.azconfig.io/" }).endpoint).toBe("https://atp.azconfig.io");
  });

  it("holds an A/B test, whose old side may have no value", () => {
    const { variants } = flagOf({ by: "variant", variants: validVariants }).spec;
    expect(variants).toEqual({ on: validVariants.on, off: { name: "sha256", value: null } });
  });
});

describe("how long each phase is watched", () => {
  it.each([
    ["as the stack says", {}, { soak: "5m" }, [300, 300]],
    ["as the flag says", { soak: "2h" }, { soak: "5m" }, [7200, 7200]],
    ["as the phase says", { soak: "2h", phases: [10, { percentage: 100, soak: "1h" }] }, {}, [7200, 3600]],
  ])("%s", (_why, flag, more, [first, last]) => {
    const found = flagOf(flag, more);
    expect([found.phases[0]?.soakSeconds, found.phases.at(-1)?.soakSeconds]).toEqual([first, last]);
  });

  it("named tenants have one of their own, else that of the phases", () => {
    expect(flagOf({ beta: { ...validFlag.beta, soak: "30m" } }).betaSoakSeconds).toBe(1800);
    expect(flagOf({ soak: "2h" }).betaSoakSeconds).toBe(7200);
  });

  it("combined: the guide's weeks, whatever the stack's own soak is", () => {
    const week = 7 * 86_400;
    const found = flagOf({}, { strategy: "combined", soak: "5m" });
    expect(found).toMatchObject({
      phases: phases([10, 50, 100], week),
      betaSoakSeconds: week,
      darkSeconds: week,
    });
    expect(flagOf({ dark: "1h", soak: "1h" }, { strategy: "combined" })).toMatchObject({
      phases: phases([10, 50, 100], 3600),
      darkSeconds: 3600,
    });
  });
});

describe("a flag alone", () => {
  const { metrics, watch } = validConfig;
  const health = { kind: "http", stable: ["http://atp-ingestion/health"] };
  const alone = (flag: object = {}) =>
    policyOf(flag, { strategy: "feature-flag", lever, metrics, watch, health });

  it("is what the stack rolls out: its phases are the increments", () => {
    const { platform, lever: found, increments } = alone({ phases: [20, { percentage: 100, soak: "1h" }] });
    expect([platform, found]).toEqual(["app-configuration", lever]);
    expect(increments).toEqual([
      { exposure: 20, soakSeconds: 900 },
      { exposure: 100, soakSeconds: 3600 },
    ]);
  });

  it("says where each increment comes from, and of no other", () => {
    const { origins } = alone({ phases: [20, 100], soak: "1h" });
    const own = Object.entries(origins).filter(([path]) => path.startsWith("increments["));
    expect(Object.fromEntries(own)).toEqual({
      "increments[0].exposure": "config",
      "increments[0].soakSeconds": "config",
      "increments[1].exposure": "config",
      "increments[1].soakSeconds": "config",
    });
    expect(alone().origins["increments[3].exposure"]).toBe("default");
    expect(alone().origins["increments[3].soakSeconds"]).toBe("preset");
  });

  it("asks the health of the service as a whole: no candidate stands beside it", () => {
    expect(alone().health).toMatchObject({ candidate: [] });
  });
});

describe("beside a service", () => {
  it("the code keeps its own increments, and the flag its phases", () => {
    const { increments, flag, strategy } = policyOf({}, { strategy: "feature-flag" });
    expect(strategy).toBe("feature-flag");
    expect(increments.map(({ exposure }) => exposure)).toEqual([5, 20, 50, 100]);
    expect(flag?.phases.map(({ percentage }) => percentage)).toEqual([10, 25, 50, 100]);
  });

  it("a stack of canaries may have one too, for changes that need it", () => {
    expect(policyOf({})).toMatchObject({ strategy: "canary", flag: { endpoint: validFlag.endpoint } });
  });
});
