import { describe, expect, it } from "vitest";
import { routeExposure } from "../../../src/adapters/lever/route-exposure.ts";
import { httpRoute, rolloutRules } from "../../../src/adapters/lever/route-shape.ts";
import { renderRoutes } from "../../../src/components/render/route.ts";
import { tenantsAt } from "../../../src/plan/cohort.ts";

const names = { stable: "atp", candidate: "atp-canary" };

function rendered(exposure: number | undefined, count = 14) {
  const cohort = { header: "X-Tenant-Id", tenants: Array.from({ length: count }, (_, index) => `t${index}`) };
  const { route } = renderRoutes({
    service: names.stable,
    namespace: "atp-prod",
    route: { gateway: "gateway", hostnames: [], pathPrefix: "/api" },
    exposure,
    cohort,
  });
  const plain = JSON.parse(JSON.stringify(route));
  const read = httpRoute.parse({ ...plain, metadata: { ...plain.metadata, generation: 1 } });
  return { cohort, plain, read: routeExposure(rolloutRules(read, names), read, names) };
}

const backends = (rule: { backendRefs: { name: string; weight: number }[] }) =>
  rule.backendRefs.map(({ name, weight }) => `${name} ${weight}`);

describe("an HTTPRoute of whole tenants", () => {
  it("sends those inside to the candidate and everybody else to stable, and is read back at its exposure", () => {
    const { cohort, plain, read } = rendered(20);
    const [inside, others] = plain.spec.rules;
    expect(plain.spec.rules).toHaveLength(2);
    expect(inside.matches).toEqual(
      tenantsAt(cohort, 20).map((value) => ({
        path: { type: "PathPrefix", value: "/api" },
        headers: [{ type: "Exact", name: "X-Tenant-Id", value }],
      })),
    );
    expect(backends(inside)).toEqual(["atp 0", "atp-canary 100"]);
    expect(others.matches).toEqual([{ path: { type: "PathPrefix", value: "/api" } }]);
    expect(backends(others)).toEqual(["atp 100", "atp-canary 0"]);
    expect(read).toBe(20);
  });

  it.each([
    [0, "weight 0 while the candidate is still there", ["atp 100", "atp-canary 0"], 0],
    [100, "everybody, listed or not", ["atp 0", "atp-canary 100"], 100],
    [undefined, "no candidate: the same route as without tenants", ["atp 100"], 0],
  ])("%s: %s", (exposure, _what, expected, read) => {
    const found = rendered(exposure);
    expect(found.plain.spec.rules.map(backends)).toEqual([expected]);
    expect(found.plain.metadata).not.toHaveProperty("annotations");
    expect(found.read).toBe(read);
  });

  it("takes as many rules as their matches need: 64 in one (Gateway API v1)", () => {
    const { plain, read } = rendered(50, 300);
    const sizes = plain.spec.rules.map(({ matches }: { matches: unknown[] }) => matches.length);
    expect(sizes).toEqual([64, 64, 22, 1]);
    expect(read).toBe(50);
  });

  it("is refused where its rules disagree in any other way", () => {
    const { plain } = rendered(20);
    plain.spec.rules[1].backendRefs[1].weight = 7;
    const read = httpRoute.parse({ ...plain, metadata: { ...plain.metadata, generation: 1 } });
    expect(() => routeExposure(rolloutRules(read, names), read, names)).toThrow(/its rules disagree/);
  });
});
