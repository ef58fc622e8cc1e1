import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { exposureOfFlag } from "../../../src/plan/flag-exposure.ts";
import { parseFlag, type RawFlag } from "../../../src/plan/flag-json.ts";
import { keyOfName, keyValueName } from "../../../src/plan/flag-key.ts";
import { flagSnapshot, offSnapshot } from "../../../src/plan/flag-release.ts";
import { readAudience, readFlag } from "../../../src/plan/flag-schema.ts";
import { filtersOf, flagContentType, flagKey } from "../../../src/plan/flag-value.ts";
import { flagWarnings } from "../../../src/plan/flag-warnings.ts";
import { flagAt, flagText, shownExposure, shownSpec } from "../../../src/plan/render-flag.ts";
import type { FlagSpec } from "../../../src/types/flag-config.ts";
import type { FlagRelease } from "../../../src/types/release.ts";
import { aFlagSpec } from "../../support/memory-flag-stack.ts";

const everything = aFlagSpec({
  beta: { users: ["tenant-beta-001", "tenant-beta-002"], groups: [{ name: "ring-0", percentage: 50 }] },
  exclude: { users: ["tenant-bank"], groups: ["regulated"] },
});
const variants = {
  on: { name: "sha512", value: { algorithm: "SHA-512", tree: true } },
  off: { name: "sha256", value: null },
};
const ab = aFlagSpec({ ...everything, by: "variant", variants, beta: { users: ["t-1"], groups: [group()] } });
const chance = aFlagSpec({ by: "percentage" });

function group(percentage = 100) {
  return { name: "ring-0", percentage };
}

function audienceOf(flag: RawFlag) {
  const [filter] = readFlag(flag).conditions?.client_filters ?? [];
  expect(filter?.name).toBe("Microsoft.Targeting");
  return readAudience("f", filter?.parameters);
}

function released(spec: FlagSpec, more: Partial<FlagRelease> = {}): FlagRelease {
  const settled = { schemaVersion: 1, exposure: 0, previousExposure: 0, step: "install" } as const;
  return { ...settled, stable: offSnapshot(spec), ...more };
}

describe("the flag at a phase", () => {
  const exclusion = { Users: ["tenant-bank"], Groups: ["regulated"] };

  it("off: for nobody, also should a hand switch it on, and without who is never in", () => {
    expect(flagAt(everything, 0)).toMatchObject({ id: everything.id, enabled: false });
    expect(audienceOf(flagAt(everything, 0))).toEqual({ DefaultRolloutPercentage: 0, Exclusion: exclusion });
    expect(flagAt(aFlagSpec(), 0)).toEqual({
      id: aFlagSpec().id,
      description: aFlagSpec().description,
      enabled: false,
      conditions: {
        client_filters: [
          { name: "Microsoft.Targeting", parameters: { Audience: { DefaultRolloutPercentage: 0 } } },
        ],
      },
    });
  });

  it.each([
    [betaExposure, 0],
    [10, 10],
    [100, 100],
  ])("%s: the named tenants, their groups by their shares, and %s %% of the others", (exposure, share) => {
    const flag = flagAt(everything, exposure);
    expect(flag["enabled"]).toBe(true);
    expect(audienceOf(flag)).toEqual({
      Users: everything.beta.users,
      Groups: [{ Name: "ring-0", RolloutPercentage: 50 }],
      DefaultRolloutPercentage: share,
      Exclusion: exclusion,
    });
  });

  it("by chance, beside the named tenants, and with its warnings", () => {
    const filters = readFlag(flagAt(chance, 25)).conditions?.client_filters;
    expect(filters?.map(({ name }) => name)).toEqual(["Microsoft.Targeting", "Microsoft.Percentage"]);
    expect(filters?.[1]?.parameters).toEqual({ Value: 25 });
    const value = JSON.stringify(flagAt(chance, 25));
    expect(flagWarnings({ value, contentType: flagContentType }).join()).toMatch(/draws anew/);
  });

  it("variants: one for each side, and a range that grows from 0", () => {
    const ranges = (exposure: number) => readFlag(flagAt(ab, exposure)).allocation?.percentile;
    expect(ranges(0)).toEqual([{ variant: "sha256", from: 0, to: 100 }]);
    expect(ranges(betaExposure)).toEqual([{ variant: "sha256", from: 0, to: 100 }]);
    expect(ranges(25)).toEqual([
      { variant: "sha512", from: 0, to: 25 },
      { variant: "sha256", from: 25, to: 100 },
    ]);
    expect(ranges(100)).toEqual([{ variant: "sha512", from: 0, to: 100 }]);
    expect(flagAt(ab, 25)).toMatchObject({
      enabled: true,
      variants: [
        { name: "sha256", configuration_value: null },
        { name: "sha512", configuration_value: variants.on.value },
      ],
      allocation: {
        default_when_disabled: "sha256",
        default_when_enabled: "sha256",
        user: [{ variant: "sha512", users: ["t-1"] }],
        group: [{ variant: "sha512", groups: ["ring-0"] }],
      },
    });
    expect(audienceOf(flagAt(ab, 25))).toEqual({ DefaultRolloutPercentage: 100, Exclusion: exclusion });
  });

  it("nobody is named off, by no way", () => {
    const off = readFlag(flagAt(ab, 0));
    expect(off).toMatchObject({ enabled: false });
    expect([off.allocation?.user, off.allocation?.group]).toEqual([undefined, undefined]);
  });

  it("reports its evaluations where it is asked to, and else says nothing of it", () => {
    expect(flagAt(aFlagSpec({ telemetry: true }), 10)).toMatchObject({ telemetry: { enabled: true } });
    expect(flagAt(aFlagSpec(), 10)).not.toHaveProperty("telemetry");
  });

  it.each([0, betaExposure, 25, 100])("has nothing to warn of at %s", (exposure) => {
    for (const spec of [everything, ab]) {
      const value = JSON.stringify(flagAt(spec, exposure));
      expect(flagWarnings({ value, contentType: flagContentType })).toEqual([]);
    }
  });
});

describe("the text of a release", () => {
  const next = aFlagSpec({ description: "the next one" });
  const rows = [
    ["off", released(everything), everything, 0],
    ["a phase", released(everything, { candidate: flagSnapshot("2", next), exposure: 25 }), next, 25],
    ["weight taken off", released(everything, { candidate: flagSnapshot("2", next) }), everything, 0],
    ["on for everybody", released(everything, { stable: flagSnapshot("1", everything) }), everything, 100],
  ] as const;
  it.each(rows)("%s", (_name, release, spec, exposure) => {
    expect([shownSpec(release), shownExposure(release)]).toEqual([spec, exposure]);
    expect(parseFlag(flagText(release))).toEqual(flagAt(spec, exposure));
  });

  it("settling changes nothing of it", () => {
    const candidate = flagSnapshot("2", everything);
    const open = released(everything, { candidate, exposure: 100 });
    expect(flagText(released(everything, { stable: candidate }))).toBe(flagText(open));
  });

  it("is the same after the record has been in the stack's outputs, which sort members and drop nulls", () => {
    const value = { z: 1, a: { y: [2], b: 3 } };
    const turned = { a: { b: 3, y: [2] }, z: 1 };
    const ofValue = (on: unknown, off: object) =>
      flagText(
        released(ab, {
          exposure: 10,
          candidate: flagSnapshot("2", {
            ...ab,
            variants: { on: { name: "n", value: on }, off: { name: "o", ...off } as never },
          }),
        }),
      );
    expect(ofValue(turned, {})).toBe(ofValue(value, { value: null }));
  });
});

describe("how far a flag in its store is open", () => {
  const specs: readonly [string, FlagSpec][] = [
    ["targeting", everything],
    ["variant", ab],
    ["percentage", chance],
  ];
  it.each(specs)("by %s: as far as it was rendered", (_by, spec) => {
    for (const exposure of [0, betaExposure, 1, 10, 50, 99, 100])
      expect(exposureOfFlag(flagAt(spec, exposure), spec)).toBe(exposure);
  });

  it("nobody is named and no share is given: to nobody", () => {
    const spec = aFlagSpec({ beta: { users: [], groups: [] } });
    expect(exposureOfFlag(flagAt(spec, betaExposure), spec)).toBe(0);
  });

  const open = flagAt(everything, 10);
  const filters = filtersOf(open);
  const conditions = (client_filters: readonly object[], more: object = {}) => ({
    ...open,
    conditions: { client_filters, ...more },
  });
  const own = { name: "Contoso.Ring", parameters: {} };
  it.each([
    ["without a filter", { ...open, conditions: {} }, 100],
    ["with another filter alone", conditions([own]), 100],
    ["with another filter, of which any is enough", conditions([...filters, own]), 100],
    [
      "with another filter, of which all must pass",
      conditions([...filters, own], { requirement_type: "All" }),
      10,
    ],
    ["by chance beside its share", conditions([...filters, { name: "Percentage", parameters: {} }]), 100],
    ["off whatever it says else", { ...open, conditions: {}, enabled: false }, 0],
    [
      "by the name that .NET alone takes",
      conditions(filters.map((one) => ({ ...one, name: "targeting" }))),
      10,
    ],
  ])("%s", (_why, flag, exposure) => {
    expect(exposureOfFlag(flag, everything)).toBe(exposure);
  });

  it.each([
    ["no range, and the new side by default", { default_when_enabled: "sha512" }, 100],
    [
      "a gap in the ranges, and the new side by default",
      { default_when_enabled: "sha512", percentile: [{ variant: "sha256", from: 0, to: 60 }] },
      40,
    ],
    ["no range, and the old side by default", { default_when_enabled: "sha256" }, 0],
    ["no allocation", {}, 0],
  ])("variants: %s", (_why, allocation, exposure) => {
    expect(exposureOfFlag({ ...flagAt(ab, 25), allocation }, ab)).toBe(exposure);
  });
});

describe("the name of a flag as a resource of Azure", () => {
  it("is the key, and after a dollar the label", () => {
    expect(keyValueName({ id: "AuditTrail.X" })).toBe(".appconfig.featureflag~2FAuditTrail.X");
    expect(keyValueName({ id: "AuditTrail.X", label: "prod" })).toBe(
      ".appconfig.featureflag~2FAuditTrail.X$prod",
    );
  });

  const awkward = fc.string({ unit: fc.constantFrom(..."aZ9/~$%.:!*'() ü\\#?&=+"), maxLength: 20 });
  // What App Configuration takes for an id.
  const anId = awkward.map((text) => text.replace(/[:%]/g, "") || "f");

  it("holds any id and label, and gives them back (pulumi-azure-native#988, #1377)", () => {
    fc.assert(
      fc.property(anId, fc.option(awkward, { nil: undefined }), (id, label) => {
        const name = keyValueName({ id, ...(label === undefined ? {} : { label }) });
        expect(name).not.toMatch(/[/%: ]/);
        expect(name.split("$")).toHaveLength(label === undefined ? 1 : 2);
        expect(keyOfName(name)).toEqual({ key: flagKey(id), ...(label === undefined ? {} : { label }) });
      }),
      { numRuns: 1_000 },
    );
  });

  it("is another one for another flag", () => {
    const pair = fc.record({ id: anId, label: awkward });
    fc.assert(
      fc.property(pair, pair, (one, two) => {
        fc.pre(one.id !== two.id || one.label !== two.label);
        expect(keyValueName(one)).not.toBe(keyValueName(two));
      }),
    );
  });
});
