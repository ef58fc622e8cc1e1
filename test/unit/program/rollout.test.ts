import { describe, expect, test } from "vitest";
import type { RolloutClaim } from "../../../src/components/rollout.ts";
import { createRollout } from "../../../src/program/rollout.ts";
import type { Resolved, Target } from "../../../src/types/engine.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import type { Release } from "../../../src/types/release.ts";
import { aPolicy, aRelease, aWorkload } from "../../support/builders.ts";

function start(input: {
  readonly target: Target;
  readonly record?: Release;
  readonly policy?: Partial<EnvironmentPolicy>;
}) {
  const reports: Resolved[] = [];
  const rollout = createRollout({
    policy: aPolicy(input.policy),
    environment: "prod",
    record: input.record,
    target: input.target,
    report: (resolved) => reports.push(resolved),
  });
  const claim = (overrides: Partial<RolloutClaim> = {}) =>
    rollout.claim({
      component: "atp-ingestion",
      workload: aWorkload({ tag: input.target.version }),
      replicas: 6,
      strategies: ["canary", "direct"],
      ...overrides,
    });
  return { rollout, reports, claim };
}

function step(id?: string, version = "1.2.4"): Target {
  return { kind: "step", version, ...(id === undefined ? {} : { step: id }) };
}

/** What the program rendered last, as the record of the next run. */
function rendered(record: Release | undefined, target: Target): Release {
  return start({ target, ...(record ? { record } : {}) }).claim().release;
}

describe("a claim", () => {
  test("reports what the target came to, and says the intent in plain values", () => {
    const record = aRelease("1.2.3");
    const { claim, reports } = start({ target: step("5"), record });
    expect(claim()).toMatchObject({
      release: { step: "5", exposure: 5, candidate: { version: "1.2.4" }, rollout: { stableReplicas: 6 } },
      intent: {
        strategy: "canary",
        environment: "prod",
        step: "5",
        from: 0,
        to: 5,
        increments: [5, 20, 50, 100],
      },
    });
    expect(reports).toEqual([expect.objectContaining({ record, notes: [] })]);
  });

  test("takes the replicas that the driver observed over the program's own", () => {
    const target: Target = { kind: "step", version: "1.2.4", step: "5", stableReplicas: 9 };
    expect(start({ target, record: aRelease() }).claim().release.rollout?.stableReplicas).toBe(9);
  });

  test("renders an exact record as it is given", () => {
    const release = aRelease("1.2.3", { step: "promote-clean" });
    const target: Target = { kind: "release", version: "1.2.5", release };
    expect(start({ target, record: aRelease("1.2.0") }).claim().release).toEqual(release);
  });

  test("under a direct policy the version comes at once", () => {
    const direct = { strategy: "direct" as const, increments: [] };
    const { claim } = start({ target: step("direct"), record: aRelease(), policy: direct });
    expect(claim()).toMatchObject({
      release: { stable: { version: "1.2.4" }, exposure: 0 },
      intent: { to: 0 },
    });
  });

  const refused = [
    { target: step("50"), claim: {}, code: "step-refused", why: "not the next step" },
    {
      target: step("5"),
      claim: { component: "other" },
      code: "service-mismatch",
      why: "the lever moves another route",
    },
    {
      target: step("5"),
      claim: { strategies: ["direct"] as const },
      code: "strategy-not-rendered",
      why: "no candidate there",
    },
  ];
  test.each(refused)("$code: $why", ({ target, claim: overrides, code }) => {
    const { claim, reports } = start({ target, record: aRelease() });
    expect(() => claim(overrides)).toThrow(expect.objectContaining({ code, hint: expect.any(String) }));
    expect(reports).toEqual([]);
  });

  test("a second one is an error that names both", () => {
    const { claim } = start({ target: step() });
    claim();
    expect(() => claim({ component: "billing" })).toThrow(/atp-ingestion.*billing/);
  });

  test("without one there are no outputs", () => {
    expect(() => start({ target: step() }).rollout.outputs()).toThrow(
      expect.objectContaining({ code: "rollout-not-used" }),
    );
  });
});

describe("a driver's plan of a change says how it goes, over stack config", () => {
  const way = { strategy: "direct", steps: ["direct", "settle"], increments: [100] } as const;

  test("its strategy, steps and increments", () => {
    const record = aRelease("1.2.3");
    const target: Target = { kind: "step", version: "1.2.4", step: "direct", way };
    expect(start({ target, record }).claim()).toMatchObject({
      release: { step: "direct", exposure: 100, candidate: { version: "1.2.4" } },
      intent: { strategy: "direct", increments: [100] },
    });
  });

  test("also where it writes one exact record: a revert in place", () => {
    const record = rendered(aRelease("1.2.3"), { kind: "step", version: "1.2.4", step: "direct", way });
    const target: Target = { kind: "release", version: "1.2.4", release: aRelease("1.2.3"), way };
    expect(start({ target, record }).claim().intent.strategy).toBe("direct");
  });

  test("a component that can't render it refuses, before a resource is registered", () => {
    const rolling = { ...way, strategy: "rolling" } as const;
    const target: Target = { kind: "step", version: "1.2.4", way: rolling };
    expect(() => start({ target, record: aRelease("1.2.3") }).claim()).toThrow(
      expect.objectContaining({ code: "strategy-not-rendered" }),
    );
  });
});

describe("the intent is the same in the update that writes a release and in every later one", () => {
  const path = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
  test.each(path)("at %s", (id) => {
    let record: Release = aRelease("1.2.3");
    for (const before of path.slice(0, path.indexOf(id))) record = rendered(record, step(before));
    const first = start({ target: step(id), record }).claim();
    const second = start({ target: step(id), record: first.release }).claim();
    const third = start({ target: step(), record: first.release }).claim();
    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test("after a revert from 20 % it is the baseline's again", () => {
    const baseline = rendered(undefined, step(undefined, "1.2.3"));
    const before = start({ target: step(undefined, "1.2.3"), record: baseline }).claim();
    const up = rendered(rendered(baseline, step("5")), step("20"));
    const back = start({ target: step("revert"), record: up }).claim();
    expect(back).toEqual(before);
  });

  test("a jump shows, whatever the release says of itself", () => {
    const record = rendered(aRelease("1.2.3"), step("5"));
    const release: Release = { ...record, exposure: 100, previousExposure: 50, step: "100" };
    const target: Target = { kind: "release", version: "1.2.4", release };
    expect(start({ target, record }).claim().intent).toMatchObject({ from: 5, to: 100 });
  });
});
