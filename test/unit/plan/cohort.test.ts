import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planHash } from "../../../src/plan/build-plan.ts";
import { tenantsAt } from "../../../src/plan/cohort.ts";
import { aPlan } from "../../support/builders.ts";

const tenants = Array.from({ length: 14 }, (_, index) => `tenant-${index}`);
const header = "X-Tenant-Id";

describe("whole tenants", () => {
  it("an increment keeps everybody of those before it, and adds no more than its share", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 60 });
    const share = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(names, share, share, (all, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const before = tenantsAt({ header, tenants: all }, low);
        const after = tenantsAt({ header, tenants: all }, high);
        expect(after.slice(0, before.length)).toEqual(before);
        expect(after).toHaveLength(high === 0 ? 0 : Math.max(1, Math.ceil((all.length * high) / 100)));
        expect(new Set(after).size).toBe(after.length);
      }),
    );
  });

  it("the order is of the names, not of the list", () => {
    expect(tenantsAt({ header, tenants: tenants.toReversed() }, 50)).toEqual(
      tenantsAt({ header, tenants }, 50),
    );
  });

  it("everybody at 100 %, nobody at 0", () => {
    expect([...tenantsAt({ header, tenants }, 100)].sort()).toEqual([...tenants].sort());
    expect(tenantsAt({ header, tenants }, 0)).toEqual([]);
  });

  it("the plan says how many each increment touches, and its hash is of these very tenants", () => {
    const plan = aPlan({ cohort: { header, tenants } });
    expect(plan.steps.slice(0, 4).map((step) => step.tenants)).toEqual([1, 3, 7, 14]);
    expect(plan.cohort).toMatchObject({ header, tenants: 14 });
    const swapped = aPlan({ cohort: { header, tenants: [...tenants.slice(1), "another"] } });
    expect(planHash(swapped)).not.toBe(planHash(plan));
    expect(planHash(aPlan({ cohort: { header, tenants: tenants.toReversed() } }))).toBe(planHash(plan));
    expect(JSON.stringify(plan)).not.toContain("tenant-3");
  });

  it("only a canary has increments that tenants could enter by", () => {
    const increments = [{ exposure: 100, soakSeconds: 300 }];
    expect(aPlan({ strategy: "rolling", increments, cohort: { header, tenants } })).not.toHaveProperty(
      "cohort",
    );
  });
});
