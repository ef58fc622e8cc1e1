import { ConfigurationObjectFeatureFlagProvider, FeatureManager } from "@microsoft/feature-management";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { previewCohort, type TenantTraffic } from "../../src/plan/flag-cohort.ts";
import { flagSnapshot, nextFlagRelease, offSnapshot } from "../../src/plan/flag-release.ts";
import { flagText } from "../../src/plan/render-flag.ts";
import type { FlagSpec } from "../../src/types/flag-config.ts";
import type { FlagRelease } from "../../src/types/release.ts";
import { aFlagSpec } from "../support/memory-flag-stack.ts";

// What the stack writes at each step, asked of Microsoft's own library, as an application asks it.

const tenants: readonly TenantTraffic[] = Array.from({ length: 10_000 }, (_, at) => ({
  id: `tenant-${String(at).padStart(5, "0")}`,
  groups: [...(at % 50 === 0 ? ["beta-testers"] : []), ...(at % 70 === 0 ? ["regulated"] : [])],
}));
const steps = ["beta", "10", "25", "50", "100", "settle"];
const named: Partial<FlagSpec> = {
  // One of them is in a group that is never in.
  beta: { users: ["tenant-00001", "tenant-00070"], groups: [{ name: "beta-testers", percentage: 100 }] },
  exclude: { users: ["tenant-00003"], groups: ["regulated"] },
};
const variants = { on: { name: "sha512", value: { n: 512 } }, off: { name: "sha256", value: { n: 256 } } };

/** The records that a flag goes through, from off to on for everybody, as the program writes them. */
function recordsOf(spec: FlagSpec, walk: readonly string[]): readonly FlagRelease[] {
  let record: FlagRelease | undefined;
  return [undefined, ...walk].map((step) => {
    const target = { desired: flagSnapshot("1.2.4", spec), steps: walk };
    const next = nextFlagRelease(record, { ...target, ...(step === undefined ? {} : { step }) });
    if (!next.ok) throw new Error(next.message);
    record = next.release;
    return record;
  });
}

/** Ids of those whom the library gives the new side, by what stands in the store. */
async function theirs(spec: FlagSpec, text: string, of: readonly TenantTraffic[]): Promise<string[]> {
  const configuration = { feature_management: { feature_flags: [JSON.parse(text)] } };
  const app = new FeatureManager(new ConfigurationObjectFeatureFlagProvider(configuration));
  const answers = of.map(async ({ id, groups = [] }) => {
    const context = { userId: id, groups: [...groups] };
    if (spec.variants === undefined) return await app.isEnabled(spec.id, context);
    return (await app.getVariant(spec.id, context))?.name === spec.variants.on.name;
  });
  const on = await Promise.all(answers);
  return of.filter((_, at) => on[at]).map(({ id }) => id);
}

/** Where a record is, in the terms of a preview. */
function exposureOf({ step, exposure }: FlagRelease): number {
  return step === "settle" ? 100 : exposure;
}

const kinds: readonly [string, FlagSpec][] = [
  ["targeting", aFlagSpec(named)],
  ["variants", aFlagSpec({ ...named, by: "variant", variants })],
];

describe.each(kinds)("10 000 tenants by %s", (_kind, spec) => {
  const records = recordsOf(spec, steps);
  const previews = records.map((record, at) => {
    const last = records[at - 1];
    const from = last === undefined ? 0 : exposureOf(last);
    return previewCohort(spec, tenants, { from, to: exposureOf(record) });
  });

  it.each(records.map((record, at) => [record.step, record, at] as const))(
    "at %s are in as the preview says",
    async (_step, record, at) => {
      expect(previews[at]?.on).toEqual(await theirs(spec, flagText(record), tenants));
    },
  );

  it("are never out again with a later step, and enter with the step that the preview says", () => {
    for (const [at, { on, enters }] of previews.entries()) {
      const before = previews[at - 1]?.on ?? [];
      const [was, now] = [new Set(before), new Set(on)];
      expect(before.filter((id) => !now.has(id))).toEqual([]);
      expect(enters).toEqual(on.filter((id) => !was.has(id)));
    }
  });

  it("are as many as the steps say, within chance", () => {
    const counts = previews.map(({ on }) => on.length);
    const [off = -1, beta = 0, ten = 0, , half = 0, all = 0, settled = 0] = counts;
    expect(off).toBe(0);
    // One user and 200 of the group, without those of it that are regulated; the other user is.
    expect(beta).toBe(tenants.filter(isNamed).length);
    expect(ten).toBeGreaterThan(1_000);
    expect(ten).toBeLessThan(1_400);
    expect(half).toBeGreaterThan(4_800);
    expect(half).toBeLessThan(5_300);
    expect(all).toBe(tenants.filter(isNeverOut).length);
    expect(settled).toBe(all);
  });

  it("each get the side that belongs to them, never none", async () => {
    if (spec.variants === undefined) return;
    for (const record of records) {
      const configuration = { feature_management: { feature_flags: [JSON.parse(flagText(record))] } };
      const app = new FeatureManager(new ConfigurationObjectFeatureFlagProvider(configuration));
      for (const { id, groups = [] } of tenants.slice(0, 500)) {
        const got = await app.getVariant(spec.id, { userId: id, groups: [...groups] });
        expect([variants.on.value, variants.off.value]).toContainEqual(got?.configuration);
      }
    }
  });
});

function isNeverOut({ id, groups = [] }: TenantTraffic): boolean {
  return id !== "tenant-00003" && !groups.includes("regulated");
}

function isNamed(tenant: TenantTraffic): boolean {
  const isBeta = tenant.id === "tenant-00001" || tenant.groups?.includes("beta-testers") === true;
  return isBeta && isNeverOut(tenant);
}

describe("any flag that config takes", () => {
  const user = fc.constantFrom("ann", "Ann", "böse", "tenant-7", "tenant-8", "tenant-9");
  const ring = fc.constantFrom("beta", "ring-1", "ring-2");
  const some = (of: fc.Arbitrary<string>) => fc.uniqueArray(of, { maxLength: 3 });
  const byVariant = fc.boolean();
  const spec = fc
    .record({ id: fc.constantFrom("F", "Audit/Trail.2"), users: some(user), rings: some(ring), byVariant })
    .chain(({ id, users, rings, byVariant: variant }) =>
      fc
        .record({
          shares: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 3, maxLength: 3 }),
          excludedUsers: some(user),
          excludedRings: some(ring),
        })
        .map(({ shares, excludedUsers, excludedRings }) =>
          aFlagSpec({
            id,
            by: variant ? "variant" : "targeting",
            ...(variant ? { variants } : {}),
            beta: {
              users,
              groups: rings.map((name, at) => ({ name, percentage: variant ? 100 : (shares[at] ?? 100) })),
            },
            exclude: {
              users: excludedUsers.filter((one) => !users.includes(one)),
              groups: excludedRings.filter((one) => !rings.includes(one)),
            },
          }),
        ),
    );
  const ladder = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 4 })
    .map((shares) => [...shares.sort((a, b) => a - b), 100]);
  const crowd = fc.uniqueArray(fc.record({ id: user, groups: some(ring) }), {
    minLength: 1,
    maxLength: 6,
    selector: ({ id }) => id,
  });

  it("never takes a feature from a tenant on its way up, and is previewed as it is answered", async () => {
    await fc.assert(
      fc.asyncProperty(spec, ladder, crowd, async (flag, shares, of) => {
        const records = recordsOf(flag, ["beta", ...shares.map(String), "settle"]);
        let before: readonly string[] = [];
        for (const record of records) {
          const cohort = await theirs(flag, flagText(record), of);
          expect(previewCohort(flag, of, { from: 0, to: exposureOf(record) }).on).toEqual(cohort);
          expect(cohort).toEqual(expect.arrayContaining([...before]));
          before = cohort;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives it to nobody while it is off, and once it has been switched off", async () => {
    await fc.assert(
      fc.asyncProperty(spec, crowd, fc.constantFrom("beta", "10", "100"), async (flag, of, at) => {
        const walk = ["beta", "10", "100", "settle"];
        const open = recordsOf(flag, walk)[walk.indexOf(at) + 1];
        const off = nextFlagRelease(open, { desired: flagSnapshot("1", flag), steps: walk, step: "off" });
        if (!off.ok) throw new Error(off.message);
        expect(off.release.stable).toEqual(offSnapshot(flag));
        expect(await theirs(flag, flagText(off.release), of)).toEqual([]);
        expect(previewCohort(flag, of, { from: 0, to: 0 }).on).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
