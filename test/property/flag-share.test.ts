import { ConfigurationObjectFeatureFlagProvider, FeatureManager } from "@microsoft/feature-management";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaExposure } from "../../src/lib/strategies.ts";
import type { TenantTraffic } from "../../src/plan/flag-cohort.ts";
import { printFlag } from "../../src/plan/flag-json.ts";
import { flagContentType } from "../../src/plan/flag-value.ts";
import { flagAt } from "../../src/plan/render-flag.ts";
import { effectOf } from "../../src/sandbox/flags/share.ts";
import { createFlagStore } from "../../src/sandbox/flags/store.ts";
import type { FlagSpec } from "../../src/types/flag-config.ts";

const exposures = [0, betaExposure, 1, 10, 25, 50, 99, 100];
const name = fc.constantFrom("beta-testers", "internal", "early");

const tenants = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 400 }).map((at) => `tenant-${at}`),
      groups: fc.uniqueArray(name, { maxLength: 2 }),
      requests: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 25, selector: ({ id }) => id },
  )
  .chain((all) => fc.record({ all: fc.constant(all), users: fc.subarray(all.map(({ id }) => id)) }));

const specOf = (users: readonly string[], by: FlagSpec["by"], excluded: readonly string[]): FlagSpec => ({
  schemaVersion: 1,
  kind: "flag",
  id: "AuditTrail.NewTamperProofAlgorithm",
  description: "",
  by,
  beta: { users, groups: [{ name: "beta-testers", percentage: by === "variant" ? 100 : 50 }] },
  exclude: { users: [], groups: excluded },
  ...(by === "variant"
    ? { variants: { on: { name: "sha512", value: 512 }, off: { name: "sha256", value: 256 } } }
    : {}),
  telemetry: false,
});

function keyValueOf(value: string) {
  return createFlagStore(() => 0).put({ key: "x" }, { value, content_type: flagContentType });
}

/** What Microsoft's own library answers, tenant by tenant, weighed by their requests. */
async function shareByLibrary(flag: unknown, spec: FlagSpec, all: readonly TenantTraffic[]): Promise<number> {
  const provider = new ConfigurationObjectFeatureFlagProvider({
    feature_management: { feature_flags: [flag] },
  });
  const manager = new FeatureManager(provider);
  const total = all.reduce((sum, { requests = 0 }) => sum + requests, 0);
  let on = 0;
  for (const { id, groups = [], requests = 0 } of all) {
    const context = { userId: id, groups: [...groups] };
    const isOn =
      spec.variants === undefined
        ? await manager.isEnabled(spec.id, context)
        : (await manager.getVariant(spec.id, context))?.name === spec.variants.on.name;
    if (isOn) on += total === 0 ? 1 / all.length : requests / total;
  }
  return on;
}

describe("the share of the requests that have the feature", () => {
  it.each(["targeting", "variant"] as const)("is what applications answer, by %s", async (by) => {
    await fc.assert(
      fc.asyncProperty(
        tenants,
        fc.constantFrom(...exposures),
        fc.subarray(["internal"]),
        async ({ all, users }, exposure, excluded) => {
          const spec = specOf(users, by, excluded);
          const flag = flagAt(spec, exposure);
          const effect = effectOf(keyValueOf(printFlag(flag)), spec, all);
          expect(effect?.share).toBeCloseTo(await shareByLibrary(flag, spec, all), 9);
          expect(effect?.exposure).toBe(exposure);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("by percentage is the share itself, beside who is named", () => {
    const all = ["a", "b", "c", "d"].map((id) => ({ id, requests: 25 }));
    const spec = { ...specOf(["a"], "percentage", []), beta: { users: ["a"], groups: [] } };
    const at = (exposure: number) => effectOf(keyValueOf(printFlag(flagAt(spec, exposure))), spec, all);
    expect(at(0)).toEqual({ share: 0, exposure: 0 });
    expect(at(betaExposure)).toEqual({ share: 0.25, exposure: betaExposure });
    expect(at(40)?.share).toBeCloseTo(0.25 + 0.75 * 0.4, 9);
    expect(at(100)?.share).toBeCloseTo(1, 9);
  });

  it("counts tenants alike where not everybody's requests are known", () => {
    const spec = specOf(["a"], "targeting", []);
    const flag = keyValueOf(printFlag(flagAt(spec, betaExposure)));
    expect(effectOf(flag, spec, [{ id: "a", requests: 1 }, { id: "b" }])?.share).toBe(0.5);
    expect(
      effectOf(flag, spec, [
        { id: "a", requests: 0 },
        { id: "b", requests: 0 },
      ])?.share,
    ).toBe(0.5);
  });

  it("is nobody's where an application finds no flag, and undefined where it can't read it", () => {
    const spec = specOf(["a"], "targeting", []);
    const all = [{ id: "a" }];
    const open = printFlag(flagAt(spec, 100));
    expect(effectOf(undefined, spec, all)).toEqual({ share: 0, exposure: 0 });
    const plain = createFlagStore(() => 0).put({ key: "x" }, { value: open });
    expect(effectOf(plain, spec, all)).toEqual({ share: 0, exposure: 0 });
    expect(effectOf(keyValueOf("{ not json"), spec, all)).toBeUndefined();
    expect(effectOf(keyValueOf('{"id": 3}'), spec, all)).toBeUndefined();
  });
});
