import { describe, expect, it } from "vitest";
import { cohortAt, evaluateFlag } from "../../../src/plan/flag-evaluation.ts";
import { readFlag } from "../../../src/plan/flag-schema.ts";
import { bucketOf, inRange } from "../../../src/plan/flag-targeting.ts";
import { type SampleCase, sampleSuites, samplesAreHere } from "../../support/flag-samples.ts";

const now = Date.UTC(2026, 0, 15, 10);
const id = "AuditTrail.NewTamperProofAlgorithm";

describe("the bucket of a tenant", () => {
  it.each([
    ["tenant-beta-001", id, 95.013912],
    ["tenant-beta-002", id, 1.237206],
    ["tenant-0001", id, 52.334611],
    ["tenant-0002", id, 98.939201],
    ["tenant-0003", id, 24.471603],
    ["", id, 92.445515],
    [undefined, id, 92.445515],
    ["tenant-0001", `${id}\nbeta-testers`, 28.937835],
    ["tenant-0001", `allocation\n${id}`, 68.575486],
  ])("of %s for %j is %d", (tenant, hint, bucket) => {
    expect(bucketOf(tenant, hint)).toBeCloseTo(bucket, 6);
  });

  it("is in a range from its lower end to below its upper one, and at 100 to the end", () => {
    expect([0, 9.999, 10].map((bucket) => inRange(bucket, 0, 10))).toEqual([true, true, false]);
    expect([10, 100].map((bucket) => inRange(bucket, 10, 100))).toEqual([true, true]);
    expect(inRange(0, 0, 0)).toBe(false);
  });
});

describe.skipIf(!samplesAreHere)(
  "the official samples (skipped where ../shared/data is not beside the checkout)",
  () => {
    const suites = sampleSuites();

    it("are all there", () => {
      expect(suites.map(({ name }) => name).sort()).toEqual([
        "BasicTelemetry",
        "BasicVariant",
        "NoFilters",
        "RequirementType",
        "TargetingFilter",
        "TargetingFilter.modified",
        "TimeWindowFilter",
        "VariantAssignment",
      ]);
      expect(suites.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(58);
    });

    describe.each(suites)("$name", ({ flags, cases }) => {
      it.each(cases.map((one, at) => [`${at} ${one.FriendlyName ?? one.FeatureFlagName}`, one] as const))(
        "%s",
        (_, one) => {
          expect(answer(flags, one)).toMatchObject(expectation(one));
        },
      );
    });
  },
);

function answer(flags: ReadonlyMap<string, unknown>, { FeatureFlagName, Inputs = {} }: SampleCase): unknown {
  const written = flags.get(FeatureFlagName);
  if (written === undefined) return { enabled: false, variant: null };
  const target = {
    ...(Inputs.User === undefined ? {} : { userId: Inputs.User }),
    ...(Inputs.Groups === undefined ? {} : { groups: Inputs.Groups }),
  };
  try {
    const { enabled, variant } = evaluateFlag(readFlag(written), { target, now });
    return {
      enabled,
      variant: variant ? { Name: variant.name, ConfigurationValue: variant.configuration } : null,
    };
  } catch (error) {
    return { refused: Object(error).code };
  }
}

function expectation({ IsEnabled, Variant }: SampleCase): object {
  if (IsEnabled?.Exception) return { refused: "flag-invalid" };
  return { enabled: IsEnabled?.Result === "true", variant: Variant?.Result ?? null };
}

describe("a flag", () => {
  const audience = (Audience: unknown, more: object = {}) =>
    readFlag({
      id,
      enabled: true,
      conditions: { client_filters: [{ name: "Microsoft.Targeting", parameters: { Audience } }], ...more },
    });
  const tenants = ["tenant-beta-001", "tenant-beta-002", "tenant-0001", "tenant-0003"].map((tenant) => ({
    id: tenant,
    groups: tenant.includes("beta") ? ["beta-testers"] : [],
  }));

  it("lets in who is named, then by groups, then by share, and never who is excluded", () => {
    const cohort = (of: unknown) => cohortAt(audience(of), tenants, now);
    expect(cohort({ Users: ["tenant-0001"], DefaultRolloutPercentage: 0 })).toEqual(["tenant-0001"]);
    expect(
      cohort({ Groups: [{ Name: "beta-testers", RolloutPercentage: 100 }], DefaultRolloutPercentage: 0 }),
    ).toEqual(["tenant-beta-001", "tenant-beta-002"]);
    expect(cohort({ DefaultRolloutPercentage: 25 })).toEqual(["tenant-beta-002", "tenant-0003"]);
    const Exclusion = { Users: ["tenant-0003"], Groups: ["beta-testers"] };
    expect(cohort({ Users: ["tenant-0003"], DefaultRolloutPercentage: 100, Exclusion })).toEqual([
      "tenant-0001",
    ]);
  });

  it("with the guide's bare names of groups lets nobody in by them, and with un-prefixed filters nobody at all", () => {
    const asWritten = { Users: ["tenant-0001"], Groups: ["beta-testers"], DefaultRolloutPercentage: 0 };
    expect(cohortAt(audience(asWritten), tenants, now)).toEqual(["tenant-0001"]);
    const unprefixed = readFlag({
      id,
      enabled: true,
      conditions: {
        client_filters: [
          { name: "Percentage", parameters: { Value: 100 } },
          { name: "Targeting", parameters: { Audience: asWritten } },
        ],
      },
    });
    expect(cohortAt(unprefixed, tenants, now)).toEqual([]);
  });

  it("passes over filters that nobody knows under Any, and fails by them under All", () => {
    const own = { name: "Contoso.Own" };
    const open = { name: "Microsoft.Targeting", parameters: { Audience: { DefaultRolloutPercentage: 100 } } };
    const withType = (requirement_type: string) =>
      readFlag({ id, enabled: true, conditions: { requirement_type, client_filters: [own, open] } });
    expect(evaluateFlag(withType("Any"), { now }).enabled).toBe(true);
    expect(evaluateFlag(withType("All"), { now }).enabled).toBe(false);
  });

  it("is read by what it holds: a broken one is an error that names the place and no value", () => {
    const read = (raw: unknown) => () => readFlag(raw);
    expect(read({ id, enabled: "planted-value" })).toThrow(/AuditTrail\..* enabled/);
    expect(read({ id, enabled: "planted-value" })).not.toThrow(/planted-value/);
    expect(read({ enabled: true })).toThrow(/without an id/);
    expect(read(null)).toThrow("flag");
    expect(() => cohortAt(audience({ DefaultRolloutPercentage: 101 }), tenants, now)).toThrow(
      expect.objectContaining({ code: "flag-invalid" }),
    );
    expect(() => cohortAt(audience({ DefaultRolloutPercentage: "10" }), tenants, now)).toThrow(
      /Audience\.DefaultRolloutPercentage/,
    );
  });
});

describe("a window of time", () => {
  const at = (parameters: unknown) =>
    evaluateFlag(
      readFlag({
        id,
        enabled: true,
        conditions: { client_filters: [{ name: "Microsoft.TimeWindow", parameters }] },
      }),
      { now },
    ).enabled;
  const [start, end] = [new Date(now).toUTCString(), new Date(now + 1000).toUTCString()];

  it("is open from its start on, and before its end", () => {
    expect(at({ Start: start, End: end })).toBe(true);
    expect(at({ End: start })).toBe(false);
    expect(at({ Start: end })).toBe(false);
    expect(at({ End: end })).toBe(true);
  });

  it("is never open with neither end, or with one that is no time", () => {
    expect(at({})).toBe(false);
    expect(at({ Start: "soon" })).toBe(false);
    expect(() => at(undefined)).toThrow(expect.objectContaining({ code: "flag-invalid" }));
  });

  it("gives no answer where only a recurrence could open it", () => {
    const Recurrence = { Pattern: { Type: "Daily" }, Range: { Type: "NoEnd" } };
    const past = "Thu, 01 Jan 2026 08:00:00 GMT";
    expect(at({ Start: past, End: end, Recurrence })).toBe(true);
    expect(at({ Start: end, End: "Fri, 01 Jan 2027 08:00:00 GMT", Recurrence })).toBe(false);
    expect(() => at({ Start: past, End: "Thu, 01 Jan 2026 11:00:00 GMT", Recurrence })).toThrow(
      expect.objectContaining({ code: "flag-recurrence" }),
    );
  });
});
