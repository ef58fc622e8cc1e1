import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flagPercentage } from "../../../policy-packs/rollout-guardrails/policies/flag-percentage.ts";
import { flagSchema } from "../../../policy-packs/rollout-guardrails/policies/flag-schema.ts";
import { flagContentType } from "../../../src/plan/flag-value.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

const type = "azure-native:appconfiguration:KeyValue";
const parent = "rollouts:index:FeatureFlagRollout";
const planted = "hunter2-hunter2";
const list = "conditions.client_filters";

const targeting = (audience: object, name = "Microsoft.Targeting") => ({
  name,
  parameters: { Audience: audience },
});
const tenants = targeting({
  Users: [planted],
  Groups: [{ Name: planted, RolloutPercentage: 100 }],
  DefaultRolloutPercentage: 10,
});
const named = targeting({ Users: [planted], DefaultRolloutPercentage: 0 });
const percentage = (Value: unknown = 10) => ({ name: "Microsoft.Percentage", parameters: { Value } });
const window = { name: "Microsoft.TimeWindow", parameters: { Start: planted } };

const flag = (client_filters: unknown, more: object = {}) => ({
  id: "Audit.New",
  enabled: true,
  conditions: { client_filters },
  ...more,
});
const key = (value: unknown, more: object = {}) => ({
  configStoreName: planted,
  keyValueName: ".appconfig.featureflag~2FAudit.New",
  contentType: flagContentType,
  value: typeof value === "string" ? value : JSON.stringify(value),
  ...more,
});

let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

async function check(props: Record<string, unknown>, config: object = {}): Promise<readonly string[]> {
  const found = await checkResource(flagSchema, { type, props, parent }, config);
  expect(found.join()).not.toContain(planted);
  return found;
}

describe("flag-schema", () => {
  it.each([
    ["targeting", flag([tenants])],
    ["an open flag", { id: "Audit.New", enabled: true }],
    ["a window of its own", flag([window])],
    ["an application's own filter", flag([{ name: planted }])],
    ["both, where both have to let in", flag([tenants, window], all())],
    [
      "variants by ranges",
      flag([targeting({ DefaultRolloutPercentage: 100 })], {
        variants: [{ name: "on", configuration_value: planted }],
        allocation: { percentile: [{ variant: "on", from: 0, to: 100 }] },
      }),
    ],
    ["shares at both ends", flag([targeting({ DefaultRolloutPercentage: 0 })])],
    ["a share of everybody", flag([targeting({ DefaultRolloutPercentage: 100 })])],
  ])("lets pass: %s", async (_, value) => {
    expect(await check(key(value))).toEqual([]);
  });

  it.each([
    [flagContentType.replace(";", "; ")],
    [flagContentType.toUpperCase()],
    ["application/vnd.microsoft.appconfig.ff+json"],
    ["application/json"],
    [planted],
    [undefined],
  ])("refuses the content type %j", async (contentType) => {
    expect(await check(key(flag([tenants]), { contentType }))).toEqual([
      `the content type is not a flag's to the letter, so applications find no flag. Write contentType: "${flagContentType}".`,
    ]);
  });

  it.each([
    ["{", "the flag's value is no JSON."],
    ['{ "id": "Audit.New" } // hunter2-hunter2', "the flag's value is no JSON: it has a comment."],
    ['"hunter2-hunter2"', "the flag's value is no JSON object."],
    [planted, "the flag's value is no JSON."],
  ])("refuses the text %#", async (value, said) => {
    expect(await check(key(value))).toEqual([expect.stringContaining(said)]);
  });

  it("refuses a key without a value", async () => {
    expect(await check(key("", { value: undefined }))).toEqual([
      expect.stringContaining("the flag has no value"),
    ]);
  });

  it.each([
    ["no id", { enabled: true }, "id: Invalid input"],
    ["enabled by a word", { id: "Audit.New", enabled: planted }, "enabled: Invalid input"],
    ["filters that are no list", flag({ a: planted }), `${list}: Invalid input`],
    ["a filter without a name", flag([{ parameters: {} }]), `${list}.0.name: Invalid input`],
    ["a strange requirement", flag([tenants], conditions(planted)), "conditions.requirement_type: Invalid"],
    ["a range beyond 100", flag([], percentile(0, 101)), "allocation.percentile.0.to: Too big"],
    ["a range below 0", flag([], percentile(-1, 100)), "allocation.percentile.0.from: Too small"],
  ])("refuses %s", async (_, value, said) => {
    expect(await check(key(value))).toEqual([expect.stringContaining(said)]);
  });

  it.each(["a:b", "50%", "a\nb", "a\rb", ""])("refuses the id %j", async (id) => {
    expect(await check(key({ id }))).toEqual([
      expect.stringContaining("id is not one that App Configuration takes"),
    ]);
  });

  it.each([
    [".appconfig.featureflag/Audit.New"],
    [".appconfig.featureflag%2FAudit.New"],
    [".appconfig.featureflag~2fAudit.New"],
    [".appconfig.featureflag~2FAudit.Old"],
    [".appconfig.featureflag~2FAudit.New$pr od"],
    [".appconfig.featureflag~2FAudit.New$a/b"],
    [".appconfig.featureflag~2FAudit.New$prod$eu"],
    [planted],
  ])("refuses the name %s", async (keyValueName) => {
    expect(await check(key(flag([tenants]), { keyValueName }))).toEqual([
      expect.stringContaining("keyValueName is not key and label of the flag's id"),
    ]);
  });

  it.each([
    ["Audit.New", ".appconfig.featureflag~2FAudit.New$prod"],
    ["Audit.New", ".appconfig.featureflag~2FAudit.New$a~2Fb"],
    ["a/b~c", ".appconfig.featureflag~2Fa~2Fb~7Ec"],
  ])("takes the id %s by the name %s", async (id, keyValueName) => {
    expect(await check(key(flag([tenants], { id }), { keyValueName }))).toEqual([]);
  });

  it.each([
    ["Targeting", "Microsoft.Targeting"],
    ["microsoft.targeting", "Microsoft.Targeting"],
  ])("refuses the filter %s, and says its full name", async (name, full) => {
    expect(await check(key(flag([targeting({ DefaultRolloutPercentage: 5 }, name)])))).toEqual([
      `${list}[0].name is not the full ${full}: JavaScript takes no other, and lets nobody in. Write name: "${full}".`,
    ]);
  });

  it.each([
    [101, "Too big"],
    [-1, "Too small"],
    [planted, "Invalid input"],
  ])("refuses %j as everybody's share", async (share, said) => {
    const path = `${list}[0].parameters.Audience.DefaultRolloutPercentage: ${said}`;
    expect(await check(key(flag([targeting({ DefaultRolloutPercentage: share })])))).toEqual([
      expect.stringContaining(path),
    ]);
  });

  it.each([
    [planted, "is a bare name, which never matches"],
    [{ Name: planted }, "is no whole group, which never matches"],
    [{ RolloutPercentage: 5 }, "is no whole group, which never matches"],
  ])("refuses the group %#", async (group, said) => {
    const Groups = [{ Name: "a", RolloutPercentage: 100 }, group];
    const found = await check(key(flag([targeting({ DefaultRolloutPercentage: 0, Groups })])));
    expect(found).toEqual([
      `${list}[0].parameters.Audience.Groups[1] ${said}. Write { Name, RolloutPercentage }.`,
    ]);
  });

  it("refuses targeting without an audience", async () => {
    expect(await check(key(flag([{ name: "Microsoft.Targeting" }])))).toEqual([
      expect.stringContaining(`${list}[0].parameters: Invalid input`),
    ]);
  });

  it.each([
    ["two shares", [tenants, percentage()]],
    ["a window beside tenants", [named, window]],
    ["an application's own beside tenants", [named, { name: planted }]],
    ["two kinds of tenants", [tenants, tenants]],
  ])("refuses %s under Any", async (_, filters) => {
    expect(await check(key(flag(filters)), { percentageInProduction: true })).toEqual([
      `${list} has 2 filters under Any, and each lets in whom it likes: their shares add up. Leave one of them, or write requirement_type: "All".`,
    ]);
  });

  it("lets named tenants stand beside chance: they are not more than named", async () => {
    expect(await check(key(flag([named, percentage()])), { percentageInProduction: true })).toEqual([]);
  });

  it.each([[101], [-1], ["10"], [undefined]])("refuses %j by chance", async (share) => {
    expect(await check(key(flag([percentage(share ?? null)])), { percentageInProduction: true })).toEqual([
      expect.stringContaining(`${list}[0].parameters.Value is`),
    ]);
  });

  it.each(["production", "hotfix"])("refuses chance in a stack of the preset %s", async (preset) => {
    folder.write({ ...validConfig, preset });
    expect(await check(key(flag([percentage()])))).toEqual([
      expect.stringContaining(
        `${list}[0] is Microsoft.Percentage, which draws anew at each evaluation, in production.`,
      ),
    ]);
  });

  it("refuses chance where nobody can tell what the stack is", async () => {
    folder.write({ ...validConfig, soak: planted });
    expect(await check(key(flag([percentage()])))).toEqual([
      expect.stringContaining("whether this is production can't be told: Pulumi.prod.yaml is not valid"),
    ]);
    expect(await check(key(flag([tenants])))).toEqual([]);
  });

  it.each([
    ["value", { value: unknown.string }],
    ["contentType", { contentType: unknown.string }],
    ["keyValueName", { keyValueName: unknown.string }],
  ])("refuses what a preview doesn't know: %s", async (path, more) => {
    expect(await check(key(flag([tenants]), more))).toEqual([
      expect.stringContaining(`${path} is not known in a preview`),
    ]);
  });

  it("judges flags of a rollout; with everywhere all flags, and never a plain key", async () => {
    const stray = { type, props: key("{"), parent: null };
    expect(await checkResource(flagSchema, stray)).toEqual([]);
    expect(await checkResource(flagSchema, stray, { everywhere: true })).toHaveLength(1);
    const plain = { keyValueName: "Db~3AConn", contentType: "application/json", value: "{" };
    expect(await check(plain, { everywhere: true })).toEqual([]);
  });
});

describe("flag-percentage", () => {
  const advice = (value: unknown, preset: string, more: object = {}) => {
    folder.write({ ...validConfig, preset });
    return checkResource(flagPercentage, { type, props: key(value), parent, ...more });
  };

  it.each(["development", "test", "staging"])(
    "says in %s what chance is, where flag-schema lets it",
    async (preset) => {
      expect(await advice(flag([named, percentage()]), preset)).toEqual([
        expect.stringContaining(`${list}[1] is Microsoft.Percentage: a tenant is in and out by turns`),
      ]);
      expect(await check(key(flag([named, percentage()])))).toEqual([]);
    },
  );

  it("is silent in production, on other filters, and on what is no flag", async () => {
    expect(await advice(flag([percentage()]), "production")).toEqual([]);
    expect(await advice(flag([tenants]), "test")).toEqual([]);
    expect(await advice("{", "test")).toEqual([]);
    expect(await advice(flag([percentage()]), "test", { parent: null })).toEqual([]);
  });
});

function all() {
  return conditions("All", [tenants, window]);
}

function conditions(requirement_type: string, client_filters: readonly unknown[] = [tenants]) {
  return { conditions: { requirement_type, client_filters } };
}

function percentile(from: number, to: number) {
  return { allocation: { percentile: [{ variant: "on", from, to }] } };
}
