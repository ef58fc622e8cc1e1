import { describe, expect, test } from "vitest";
import { flagSnapshot, offSnapshot } from "../../../src/plan/flag-release.ts";
import { exposuresOfPhases } from "../../../src/plan/flag-steps.ts";
import { recordSteps, stepsOf } from "../../../src/plan/steps.ts";
import { createRollout } from "../../../src/program/rollout.ts";
import type { Resolved, Target, Way } from "../../../src/types/engine.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import type { FlagRelease, Release } from "../../../src/types/release.ts";
import { aPolicy, aRelease, aWorkload } from "../../support/builders.ts";
import { aFlag, aFlagSpec } from "../../support/memory-flag-stack.ts";

const beside = aPolicy({ strategy: "feature-flag", flag: aFlag() });
const alone = aPolicy({
  strategy: "feature-flag",
  platform: "app-configuration",
  lever: { kind: "app-configuration" },
  increments: exposuresOfPhases(aFlag()),
  flag: aFlag(),
});
const off: FlagRelease = {
  schemaVersion: 1,
  stable: offSnapshot(aFlagSpec()),
  exposure: 0,
  previousExposure: 0,
  step: "install",
};

/** What one run of a program with a flag claims, the service's first where there is one. */
function claimed(policy: EnvironmentPolicy, target: Target, record?: Release) {
  const reports: Resolved[] = [];
  const rollout = createRollout({
    policy,
    environment: "prod",
    record,
    target,
    report: (resolved) => reports.push(resolved),
  });
  const { version } = target;
  const service =
    policy.platform === "app-configuration"
      ? undefined
      : rollout.claim({
          component: "atp-ingestion",
          workload: aWorkload({ tag: version }),
          replicas: 6,
          strategies: ["canary", "feature-flag", "combined"],
        });
  const flag = rollout.claimFlag(service === undefined ? "atp-ingestion" : "atp-ingestion-flag");
  return { service, flag, reports };
}

function step(id?: string, way?: Way): Target {
  return {
    kind: "step",
    version: "1.2.4",
    ...(id === undefined ? {} : { step: id }),
    ...(way === undefined ? {} : { way }),
  };
}

/** The record after the named steps, each by a run of its own. */
function recordAfter(policy: EnvironmentPolicy, from: Release, ...steps: readonly string[]): Release {
  return steps.reduce((record, id) => {
    const [resolved] = claimed(policy, step(id), record).reports;
    if (resolved === undefined) throw new Error("nothing was reported");
    return resolved.release;
  }, from);
}

describe("a flag alone", () => {
  test("is what the stack rolls out, and is reported as that, once", () => {
    const { flag, reports } = claimed(alone, step("beta"), off);
    const desired = flagSnapshot("1.2.4", aFlagSpec());
    expect(reports).toEqual([{ record: off, release: flag.release, desired, notes: [] }]);
    expect(flag.release).toMatchObject({ candidate: desired, exposure: 0.5, step: "beta" });
    expect(flag.flag).toEqual(aFlag());
  });

  test("an exact record is rendered as it is given", () => {
    const target: Target = { kind: "release", version: "1.2.5", release: off };
    expect(claimed(alone, target, recordAfter(alone, off, "beta")).flag.release).toEqual(off);
  });

  test("goes the way that the driver has planned: a first phase that a budget has made smaller", () => {
    const way: Way = {
      strategy: "feature-flag",
      steps: ["beta", "5", "100", "settle"],
      increments: [5, 100],
    };
    const record = claimed(alone, step("beta", way), off).flag.release;
    expect(claimed(alone, step("5", way), record).flag).toMatchObject({
      release: { exposure: 5 },
      intent: { from: 0.5, to: 5, increments: [5, 100] },
    });
    expect(() => claimed(alone, step("5"), record)).toThrow(
      expect.objectContaining({ code: "step-refused" }),
    );
  });
});

describe("a flag beside a service", () => {
  const phases = ["flag-beta", "flag-10", "flag-25", "flag-50", "flag-100", "flag-settle"];
  const served = aRelease("1.2.4", { flag: off });

  test("has an intent of its own, and leaves the service's", () => {
    const { service, flag } = claimed(beside, step("flag-beta"), served);
    expect(flag.intent).toEqual({
      strategy: "feature-flag",
      environment: "prod",
      step: "flag-beta",
      from: 0,
      to: 0.5,
      increments: [10, 25, 50, 100],
    });
    expect(service?.intent).toMatchObject({ step: "install", from: 0, to: 0, increments: [5, 20, 50, 100] });
  });

  test("a code's step moves the service alone", () => {
    const { service, flag, reports } = claimed(beside, step("5"), aRelease("1.2.3", { flag: off }));
    expect(service).toMatchObject({ release: { exposure: 5 }, intent: { strategy: "feature-flag", to: 5 } });
    expect(flag).toMatchObject({ release: off, intent: { from: 0, to: 0 } });
    expect(reports).toHaveLength(1);
  });

  test.each(phases)("at %s the same again has the same intent", (last) => {
    const record = recordAfter(beside, served, ...phases.slice(0, phases.indexOf(last)));
    const first = claimed(beside, step(last), record);
    const [resolved] = first.reports;
    const second = claimed(beside, step(last), resolved?.release);
    const third = claimed(beside, step(), resolved?.release);
    expect([second.flag, second.service]).toEqual([first.flag, first.service]);
    expect([third.flag, third.service]).toEqual([first.flag, first.service]);
  });

  test("after a revert it is the baseline's again", () => {
    const before = claimed(beside, step(), served);
    const open = recordAfter(beside, served, "flag-beta", "flag-10");
    const back = claimed(beside, step("revert"), open);
    expect([back.flag, back.service]).toEqual([before.flag, before.service]);
  });

  test("a jump shows, whatever the release says of itself", () => {
    const open = recordAfter(beside, served, "flag-beta");
    const release = { ...open, flag: { ...(open.flag ?? off), exposure: 100, previousExposure: 50 } };
    const target: Target = { kind: "release", version: "1.2.4", release };
    expect(claimed(beside, target, open).flag.intent).toMatchObject({ from: 0.5, to: 100 });
  });

  test("a driver's plan of a change opens it in a stack of canaries", () => {
    const canary = aPolicy({ flag: aFlag() });
    const steps = recordSteps(stepsOf(beside, { installed: true }));
    const way: Way = { strategy: "feature-flag", steps, increments: [5, 20, 50, 100] };
    const first = claimed(canary, step("5", way), aRelease("1.2.3", { flag: off }));
    expect(first.service?.intent.strategy).toBe("feature-flag");
    expect(claimed(canary, step("flag-beta", way), served).flag.release.exposure).toBe(0.5);
  });

  test("by hand it opens in a stack of canaries too, by its own steps", () => {
    const canary = aPolicy({ flag: aFlag() });
    expect(claimed(canary, step("flag-beta"), served).flag).toMatchObject({
      release: { exposure: 0.5 },
      intent: { strategy: "feature-flag", increments: [10, 25, 50, 100] },
    });
  });
});
