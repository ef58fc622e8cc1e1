import { describe, expect, it } from "vitest";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { isOn, previewCohort, type TenantTraffic } from "../../../src/plan/flag-cohort.ts";
import { bucketOf } from "../../../src/plan/flag-targeting.ts";
import { aFlagSpec } from "../../support/memory-flag-stack.ts";

const spec = aFlagSpec({
  beta: { users: ["tenant-0001"], groups: [{ name: "beta-testers", percentage: 100 }] },
  exclude: { users: ["tenant-0003"], groups: [] },
});
const tenants: readonly TenantTraffic[] = [
  { id: "tenant-0001", requests: 600 },
  { id: "tenant-0002", requests: 200 },
  { id: "tenant-0003", requests: 100 },
  { id: "tenant-beta-002", requests: 70 },
  { id: "tenant-0004", groups: ["beta-testers"], requests: 30 },
];

/** Its bucket, by the golden vectors of the facts: 52.3, 98.9, 24.5 and 1.2 %. */
const bucket = (id: string) => bucketOf(id, spec.id);

describe("the cohort of a phase", () => {
  it("stands where Microsoft's hash puts each tenant", () => {
    expect(["tenant-0001", "tenant-0002", "tenant-0003", "tenant-beta-002"].map(bucket)).toEqual([
      expect.closeTo(52.334611, 5),
      expect.closeTo(98.939201, 5),
      expect.closeTo(24.471603, 5),
      expect.closeTo(1.237206, 5),
    ]);
  });

  it("is nobody while the flag is off", () => {
    expect(previewCohort(spec, tenants, { from: 0, to: 0 })).toEqual({
      exposure: 0,
      tenants: 5,
      on: [],
      enters: [],
      onTraffic: 0,
      entersTraffic: 0,
    });
  });

  it("is the named tenants first, with their share of the traffic", () => {
    expect(previewCohort(spec, tenants, { from: 0, to: betaExposure })).toEqual({
      exposure: betaExposure,
      tenants: 5,
      on: ["tenant-0001", "tenant-0004"],
      enters: ["tenant-0001", "tenant-0004"],
      onTraffic: 63,
      entersTraffic: 63,
    });
  });

  it("says who enters with it: the rest were in before; who is excluded never is", () => {
    expect(previewCohort(spec, tenants, { from: betaExposure, to: 10 })).toMatchObject({
      on: ["tenant-0001", "tenant-beta-002", "tenant-0004"],
      enters: ["tenant-beta-002"],
      entersTraffic: 7,
    });
    expect(previewCohort(spec, tenants, { from: 50, to: 100 })).toMatchObject({
      on: ["tenant-0001", "tenant-0002", "tenant-beta-002", "tenant-0004"],
      enters: ["tenant-0002"],
      onTraffic: 90,
    });
  });

  it("tells no traffic where one tenant's isn't counted, or nobody asks for anything", () => {
    const uncounted = [...tenants, { id: "tenant-0005" }];
    expect(previewCohort(spec, uncounted, { from: 0, to: 100 })).not.toHaveProperty("onTraffic");
    const idle = tenants.map((tenant) => ({ ...tenant, requests: 0 }));
    expect(previewCohort(spec, idle, { from: 0, to: 100 })).not.toHaveProperty("entersTraffic");
  });

  it("of variants: who gets the new side", () => {
    const variants = { on: { name: "sha512", value: 1 }, off: { name: "sha256", value: 0 } };
    const ab = aFlagSpec({ ...spec, by: "variant", variants });
    const on = (exposure: number) => previewCohort(ab, tenants, { from: 0, to: exposure }).on;
    expect(on(0)).toEqual([]);
    expect(on(betaExposure)).toEqual(["tenant-0001", "tenant-0004"]);
    expect(on(100)).toEqual(["tenant-0001", "tenant-0002", "tenant-beta-002", "tenant-0004"]);
  });

  it("of chance: the named tenants alone, as nobody else can be told", () => {
    const chance = aFlagSpec({ by: "percentage", beta: spec.beta });
    expect(previewCohort(chance, tenants, { from: 0, to: 100 }).on).toEqual(["tenant-0001", "tenant-0004"]);
  });

  it("answers for one tenant as for all", () => {
    const { on } = previewCohort(spec, tenants, { from: 0, to: 50 });
    for (const tenant of tenants) expect(isOn(spec, 50, tenant)).toBe(on.includes(tenant.id));
  });
});
