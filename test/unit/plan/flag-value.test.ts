import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flagDifferences } from "../../../src/plan/flag-differences.ts";
import { cohortAt } from "../../../src/plan/flag-evaluation.ts";
import { parseFlag, printFlag, type RawFlag } from "../../../src/plan/flag-json.ts";
import { readFlag } from "../../../src/plan/flag-schema.ts";
import { flagContentType, flagKey, newFlag, withEnabled, withPhase } from "../../../src/plan/flag-value.ts";
import { flagWarnings } from "../../../src/plan/flag-warnings.ts";

const id = "AuditTrail.NewTamperProofAlgorithm";
const tenants = [{ id: "tenant-beta-001" }, { id: "tenant-beta-002" }, { id: "tenant-0003" }];
const now = Date.UTC(2026, 0, 15);
const who = (flag: RawFlag) => cohortAt(readFlag(flag), tenants, now);

/** The guide's flag, without its comment. */
const guide: RawFlag = {
  id,
  description: "Enable SHA-512 with merkle tree for tamper evidence",
  enabled: true,
  conditions: {
    client_filters: [
      { name: "Percentage", parameters: { Value: 10 } },
      {
        name: "Targeting",
        parameters: {
          Audience: {
            Users: ["tenant-beta-001", "tenant-beta-002"],
            Groups: ["beta-testers"],
            DefaultRolloutPercentage: 10,
          },
        },
      },
    ],
  },
};

/** A flag with everything that schema v2 has, and with members that no schema has. */
const rich: RawFlag = {
  id,
  display_name: "Tamper proof",
  enabled: true,
  x_team: { owner: "audit", pages: [1, 2] },
  conditions: {
    x_note: "kept",
    client_filters: [
      {
        name: "Microsoft.Targeting",
        x_filter: 1,
        parameters: {
          x_parameters: true,
          Audience: {
            Users: ["tenant-0001"],
            Groups: [{ Name: "beta-testers", RolloutPercentage: 50, x_group: "kept" }],
            DefaultRolloutPercentage: 10,
            Exclusion: { Users: ["tenant-0009"] },
          },
        },
      },
    ],
  },
  variants: [{ name: "sha512", configuration_value: { rounds: 3 } }],
  allocation: { default_when_enabled: "sha512", seed: "1" },
  telemetry: { enabled: true, metadata: { team: "audit" } },
};

describe("the key of a flag", () => {
  it("has its prefix, and refuses an id that the store doesn't take", () => {
    expect(flagKey("A/b c~d")).toBe(".appconfig.featureflag/A/b c~d");
    for (const bad of ["", "a:b", "a%b", "a\nb", "a\rb"]) {
      expect(() => flagKey(bad)).toThrow(expect.objectContaining({ code: "flag-id", exit: "config" }));
    }
  });
});

describe("the JSON of a flag", () => {
  it("comes back as it was, numbers too long for a double with it", () => {
    const text =
      '{"id":"a","n":12345678901234567890,"d":0.1234567890123456789,"e":1e999,"k":1.50,"__proto__":{"x":1}}';
    expect(printFlag(parseFlag(text))).toBe(text.replace("1.50", "1.5"));
    expect(printFlag(withEnabled(parseFlag(text), true))).toContain("12345678901234567890");
  });

  it("has percentages with any number of digits", () => {
    for (const share of ["33.333333333333336", "10.00000000000000000001", "1e-400"]) {
      const text = JSON.stringify(withPhase(newFlag({ id }), { percentage: 5 })).replace(":5}", `:${share}}`);
      expect(printFlag(parseFlag(text))).toBe(text);
      expect(who(parseFlag(text))).toEqual(cohortAt(readFlag(JSON.parse(text)), tenants, now));
    }
  });

  it("keeps its indentation, or none", () => {
    const flag = newFlag({ id });
    expect(printFlag(flag, JSON.stringify(flag, undefined, 4))).toContain('\n  "id"');
    expect(printFlag(flag, JSON.stringify(flag))).not.toContain("\n");
  });

  it("is refused with a comment, as the guide has one, and where it is no object; no value is told", () => {
    const commented = '{ "id": "a", "description": "planted", "Value": 10 // 10% of requests\n}';
    expect(() => parseFlag(commented)).toThrow(/it has a comment/);
    expect(() => parseFlag(commented)).not.toThrow(/planted/);
    expect(() => parseFlag('{"url": "https://a"')).toThrow(/is no JSON\./);
    for (const text of ["", "[]", "null", '"a"', "1"]) {
      expect(() => parseFlag(text)).toThrow(expect.objectContaining({ code: "flag-json" }));
    }
  });
});

describe("a phase of a flag", () => {
  it("opens it for the beta tenants, then by share; each keeps who was in", () => {
    const beta = withPhase(newFlag({ id }), { users: ["tenant-beta-001"], percentage: 0 });
    expect(who(newFlag({ id }))).toEqual([]);
    expect(who({ ...newFlag({ id }), enabled: true })).toEqual([]);
    expect(who(beta)).toEqual(["tenant-beta-001"]);
    expect(who(withPhase(beta, { percentage: 10 }))).toEqual(["tenant-beta-001", "tenant-beta-002"]);
    expect(who(withPhase(beta, { percentage: 100 }))).toHaveLength(3);
    expect(who(withPhase(withPhase(beta, { percentage: 100 }), { percentage: 0 }))).toEqual([
      "tenant-beta-001",
    ]);
  });

  it("writes what JavaScript reads: full names, groups with their shares", () => {
    const flag = withPhase(newFlag({ id }), {
      groups: [{ name: "beta-testers", percentage: 100 }],
      percentage: 0,
    });
    expect(flag["conditions"]).toEqual({
      client_filters: [
        {
          name: "Microsoft.Targeting",
          parameters: {
            Audience: {
              Groups: [{ Name: "beta-testers", RolloutPercentage: 100 }],
              DefaultRolloutPercentage: 0,
            },
          },
        },
      ],
    });
    expect(flagWarnings({ value: printFlag(flag), contentType: flagContentType })).toEqual([]);
  });

  it("changes what it names and nothing else", () => {
    const before = structuredClone(rich);
    const flag = withPhase(rich, {
      groups: [{ name: "beta-testers", percentage: 100 }],
      percentage: 25,
    });
    expect(flagDifferences(rich, flag)).toEqual([
      'Microsoft.Targeting Audience Groups is [{"Name":"beta-testers","RolloutPercentage":50,"x_group":"kept"}], meant [{"Name":"beta-testers","RolloutPercentage":100,"x_group":"kept"}]',
      "Microsoft.Targeting Audience DefaultRolloutPercentage is 10, meant 25",
    ]);
    expect(rich).toEqual(before);
    expect(printFlag(withPhase(rich, { percentage: 10 }))).toBe(printFlag(rich));
  });

  it("keeps other filters under All, and takes over an un-prefixed one under its full name", () => {
    const window = { name: "Microsoft.TimeWindow", parameters: { Start: "Thu, 29 Jun 2023 07:00:00 GMT" } };
    const old = { name: "targeting", parameters: { Audience: { DefaultRolloutPercentage: 1 } } };
    const flag = withPhase(
      { id, conditions: { requirement_type: "All", client_filters: [window, old] } },
      { percentage: 100 },
    );
    expect(who(flag)).toHaveLength(3);
    expect(JSON.stringify(flag)).toContain('"name":"Microsoft.TimeWindow"');
    expect(JSON.stringify(flag)).not.toContain('"targeting"');
  });

  it("is refused where other filters would let more tenants in: the guide's flag", () => {
    expect(() => withPhase(guide, { percentage: 25 })).toThrow(
      expect.objectContaining({ code: "flag-shape", message: expect.stringContaining("it has Percentage") }),
    );
    const twice = {
      id,
      conditions: { client_filters: [{ name: "Targeting" }, { name: "Microsoft.Targeting" }] },
    };
    expect(() => withPhase(twice, { percentage: 25 })).toThrow(/2 filters Microsoft.Targeting/);
    expect(() => withPhase({ id, conditions: { client_filters: {} } }, { percentage: 25 })).toThrow(
      /no list/,
    );
  });

  it("is Percentage only where it is asked for, with the beta tenants beside it and nobody by chance twice", () => {
    const flag = withPhase(newFlag({ id }), { users: ["tenant-0003"], percentage: 10, by: "percentage" });
    expect(who(flag)).toEqual(["tenant-0003"]);
    expect(JSON.stringify(flag)).toContain('{"name":"Microsoft.Percentage","parameters":{"Value":10}}');
    expect(JSON.stringify(flag)).toContain('"DefaultRolloutPercentage":0');
    const again = withPhase(flag, { percentage: 25, by: "percentage" });
    expect(flagDifferences(flag, again)).toEqual(["Microsoft.Percentage Value is 10, meant 25"]);
    expect(() => withPhase(flag, { percentage: 25 })).toThrow(/Microsoft.Percentage/);
  });

  it.each([-1, 100.5, Number.NaN])("refuses %d %%", (percentage) => {
    const refused = expect.objectContaining({ code: "flag-phase", exit: "config" });
    expect(() => withPhase(rich, { percentage })).toThrow(refused);
    expect(() => withPhase(rich, { percentage: 1, groups: [{ name: "a", percentage }] })).toThrow(refused);
  });
});

describe("off", () => {
  it("is the one member, in whatever flag", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        const flag = parseFlag(JSON.stringify({ ...members, id }));
        const off = withEnabled(flag, false);
        expect({ ...off, enabled: flag["enabled"] }).toEqual({ ...flag, enabled: flag["enabled"] });
        expect(readFlagEnabled(off)).toBe(false);
      }),
    );
    expect(who(withEnabled(rich, false))).toEqual([]);
    expect(withEnabled(rich, true)).toBe(rich);
    expect(flagDifferences(rich, withEnabled(rich, false))).toEqual(["enabled is true, meant false"]);
  });
});

function readFlagEnabled(flag: RawFlag): unknown {
  return parseFlag(printFlag(flag))["enabled"];
}

describe("differences", () => {
  it("tell of tenants one by one, up to five", () => {
    const meant = withPhase(rich, { users: ["a", "b", "c", "d", "e", "f", "g"], percentage: 10 });
    expect(flagDifferences(rich, meant)).toEqual([
      "Microsoft.Targeting Audience Users lacks a, b, c, d, e and 2 more",
      "Microsoft.Targeting Audience Users has tenant-0001, not meant",
    ]);
  });

  it("tell of filters and members that are there or not, and no configuration", () => {
    const { variants: _, ...without } = rich;
    const meant = { ...without, variants: [{ name: "planted" }], description: "new" };
    expect(flagDifferences(rich, meant)).toEqual(["variants differs", "description is missing"]);
    const other = { ...rich, conditions: { client_filters: [{ name: "Contoso.Own" }] } };
    expect(flagDifferences(rich, other)).toEqual([
      'x_note is "kept", meant absent',
      "the filter Contoso.Own is missing",
      "the filter Microsoft.Targeting is not meant",
    ]);
    expect(flagDifferences(rich, structuredClone(rich))).toEqual([]);
  });
});

describe("warnings", () => {
  const warn = (flag: unknown, contentType = flagContentType) =>
    flagWarnings({ value: typeof flag === "string" ? flag : JSON.stringify(flag), contentType });

  it("name each trap of the guide's flag", () => {
    expect(warn(guide)).toEqual([
      "the filter Percentage has no effect in JavaScript, which knows only Microsoft.Percentage",
      "Percentage draws anew at each evaluation, and only .NET knows it: a tenant is in and out by turns",
      "the filter Targeting has no effect in JavaScript, which knows only Microsoft.Targeting",
      "Groups are bare names, which never match: each is {Name, RolloutPercentage}",
      "Percentage beside Targeting under Any: either lets a tenant in, so the shares add up",
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a comment", '{ "id": "a" // off\n}', /comment/],
    ["a flag that is on for everybody", { id, enabled: true }, /without a filter: it is on for everybody/],
    [
      "an audience without a share",
      { id, conditions: { client_filters: [{ name: "Microsoft.Targeting" }] } },
      /no DefaultRolloutPercentage/,
    ],
    [
      "an application's own filter",
      { id, conditions: { client_filters: [{ name: "Contoso.Own" }] } },
      /Contoso.Own is an application's own/,
    ],
    [
      "a variant that overrides",
      { id, variants: [{ name: "v", status_override: "Enabled" }] },
      /variant v makes the flag Enabled/,
    ],
    ["10 KB", { id, description: "ä".repeat(5_200) }, /10\d{3} bytes of the 10240/],
    ["filters that are no list", { id, conditions: { client_filters: 1 } }, /no list/],
  ])("tell of %s", (_, flag, said) => {
    expect(warn(flag)).toEqual([expect.stringMatching(said)]);
  });

  it("tell of a content type that is another by one space, and of none", () => {
    const flag = newFlag({ id });
    expect(warn(flag, "application/vnd.microsoft.appconfig.ff+json; charset=utf-8")).toHaveLength(1);
    expect(flagWarnings({ value: printFlag(flag) })).toEqual([expect.stringContaining("is absent")]);
    expect(warn(flag)).toEqual([]);
  });
});
