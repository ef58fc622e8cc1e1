import {
  ConfigurationObjectFeatureFlagProvider,
  FeatureManager,
  type ITargetingContext,
} from "@microsoft/feature-management";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cohortAt, evaluateFlag } from "../../src/plan/flag-evaluation.ts";
import { readFlag } from "../../src/plan/flag-schema.ts";
import { newFlag, withPhase } from "../../src/plan/flag-value.ts";
import type { FlagTarget } from "../../src/types/flag.ts";

const id = "AuditTrail.NewTamperProofAlgorithm";
const tenants = Array.from({ length: 10_000 }, (_, at) => ({
  id: `tenant-${String(at).padStart(5, "0")}`,
  groups: at % 50 === 0 ? ["beta-testers"] : [],
}));
const now = Date.UTC(2026, 0, 15, 10);

// The library says on the console what we say in warnings.
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

/** The flag as the library's own application asks for it. */
function application(flag: unknown): FeatureManager {
  const configuration = { feature_management: { feature_flags: [flag] } };
  return new FeatureManager(new ConfigurationObjectFeatureFlagProvider(configuration));
}

describe("10 000 tenants", () => {
  const phases = [0, 1, 10, 10.5, 25, 50, 99.99, 100].map((percentage) =>
    withPhase(newFlag({ id }), {
      users: ["tenant-00001"],
      groups: [{ name: "beta-testers", percentage: 50 }],
      percentage,
    }),
  );
  const cohorts = phases.map((flag) => cohortAt(readFlag(flag), tenants, now));

  it("never lose one by a higher percentage", () => {
    for (const [at, cohort] of cohorts.slice(1).entries()) {
      const larger = new Set(cohort);
      expect(cohorts[at]?.filter((tenant) => !larger.has(tenant))).toEqual([]);
    }
  });

  it("are in as many as the percentage says, within chance", () => {
    const [none = [], , ten = [], , , half = [], , all = []] = cohorts;
    // One by name and about half of the 200 of the group.
    expect(none.length).toBeGreaterThan(60);
    expect(none.length).toBeLessThan(140);
    expect(ten.length).toBeGreaterThan(950);
    expect(ten.length).toBeLessThan(1_250);
    expect(half.length).toBeGreaterThan(4_800);
    expect(half.length).toBeLessThan(5_250);
    expect(all).toHaveLength(10_000);
  });

  it("get the answer that the application gives", async () => {
    const [, , ten] = phases;
    const app = application(ten);
    const theirs: string[] = [];
    for (const tenant of tenants) {
      if (await app.isEnabled(id, { userId: tenant.id, groups: tenant.groups })) theirs.push(tenant.id);
    }
    expect(cohorts[2]).toEqual(theirs);
  });
});

describe("any flag", () => {
  const percentage = fc.oneof(
    fc.constantFrom(0, 1, 50, 99.99, 100),
    fc.double({ min: 0, max: 100, noNaN: true }),
  );
  const user = fc.constantFrom("ann", "Ann", "böse", "tenant-7", "");
  const group = fc.constantFrom("beta", "ring-1", "ring-2");
  const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 3 });
  const maybe = <T extends object>(of: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
    fc.record(of, { requiredKeys: [] });
  const audience = maybe({
    Users: few(user),
    Groups: few(fc.oneof(fc.record({ Name: group, RolloutPercentage: percentage }), group)),
    DefaultRolloutPercentage: percentage,
    Exclusion: maybe({ Users: few(user), Groups: few(group) }),
  });
  const time = fc.constantFrom("Thu, 29 Jun 2023 07:00:00 GMT", "Sat, 28 Jun 3023 06:05:00 GMT", "soon");
  const filter = fc.oneof(
    {
      weight: 4,
      arbitrary: audience.map((Audience) => ({ name: "Microsoft.Targeting", parameters: { Audience } })),
    },
    maybe({ Start: time, End: time }).map((parameters) => ({ name: "Microsoft.TimeWindow", parameters })),
    fc.constantFrom(
      { name: "Targeting", parameters: {} },
      { name: "Microsoft.Percentage", parameters: { Value: 50 } },
    ),
  );
  const variant = fc.constantFrom("on", "off", "nowhere");
  const flag = maybe({
    enabled: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    conditions: maybe({ requirement_type: fc.constantFrom("Any", "All"), client_filters: few(filter) }),
    variants: fc.constantFrom(
      [],
      [{ name: "on", configuration_value: { a: 1 } }, { name: "off" }],
      [
        { name: "on", status_override: "Enabled" },
        { name: "off", status_override: "Disabled", configuration_value: 2 },
      ],
    ),
    allocation: maybe({
      default_when_disabled: variant,
      default_when_enabled: variant,
      user: few(fc.record({ variant, users: few(user) })),
      group: few(fc.record({ variant, groups: few(group) })),
      percentile: few(
        fc.tuple(variant, percentage, percentage).map(([name, a, b]) => ({
          variant: name,
          from: Math.min(a, b),
          to: Math.max(a, b),
        })),
      ),
      seed: fc.constantFrom("", "1234"),
    }),
  }).map((members) => ({ id: "F", ...members }));
  const target: fc.Arbitrary<FlagTarget> = fc.record(
    { userId: user, groups: few(group) },
    { requiredKeys: [] },
  );

  it("answers anybody as the library does", async () => {
    await fc.assert(
      fc.asyncProperty(flag, fc.array(target, { minLength: 1, maxLength: 4 }), async (raw, targets) => {
        const app = application(raw);
        for (const one of targets) {
          const ours = evaluateFlag(readFlag(raw), { target: one, now: Date.now() });
          expect(ours.enabled).toBe(await app.isEnabled("F", one));
          const theirs = await app.getVariant("F", one as ITargetingContext);
          expect(ours.variant).toEqual(theirs && { name: theirs.name, configuration: theirs.configuration });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("answers nobody in particular as the library does", async () => {
    await fc.assert(
      fc.asyncProperty(flag, async (raw) => {
        const app = application(raw);
        const ours = evaluateFlag(readFlag(raw), { now: Date.now() });
        expect(ours.enabled).toBe(await app.isEnabled("F"));
        expect(ours.variant?.name).toBe((await app.getVariant("F"))?.name);
      }),
      { numRuns: 300 },
    );
  });
});
