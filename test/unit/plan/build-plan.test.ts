import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stableJson } from "../../../src/lib/stable-json.ts";
import { buildPlan, planHash } from "../../../src/plan/build-plan.ts";
import { snapshotOf } from "../../../src/plan/identity.ts";
import { nextRelease } from "../../../src/plan/next-release.ts";
import { aPlan, aPolicy, aRelease, aSnapshot, aWorkload } from "../../support/builders.ts";

function golden(name: string): string {
  return readFileSync(new URL(`../../golden/${name}`, import.meta.url), "utf8").trimEnd();
}

describe("the contracts, frozen (design 4a): a change here breaks records and plans in the field", () => {
  it("the plan of the guide's production rollout", () => {
    expect(stableJson(aPlan(), 2)).toBe(golden("plan-production.json"));
  });

  it("its hash", () => {
    expect(planHash(aPlan())).toBe(golden("plan-production.hash.txt"));
  });

  it("the release record at 20 %", () => {
    const steps = aPlan().steps.map((step) => step.id);
    let record = aRelease("1.2.3");
    for (const step of ["5", "20"]) {
      const next = nextRelease(record, { desired: aSnapshot("1.2.4"), step, steps, stableReplicas: 6 });
      if (!next.ok) throw new Error(next.message);
      record = next.release;
    }
    expect(stableJson(record, 2)).toBe(golden("release-20.json"));
  });
});

describe("plan hash", () => {
  it("changes with what was agreed to, not with an estimate", () => {
    const plan = aPlan();
    expect(planHash({ ...plan, duration: { minSeconds: 1, maxSeconds: 2 } })).toBe(planHash(plan));
    expect(planHash(aPlan({ lookSeconds: 20 }))).not.toBe(planHash(plan));
    expect(planHash({ ...plan, to: "1.2.5" })).not.toBe(planHash(plan));
  });
});

describe("duration", () => {
  it("is four soaks and a drain at least; at most every soak extended four times and every time-out used", () => {
    expect(aPlan().duration).toEqual({ minSeconds: 4 * 900 + 30, maxSeconds: 4 * 900 * 4 + 30 + 7 * 720 });
  });
});

describe("from", () => {
  const cases = {
    Unknown: { release: undefined, from: "unknown", first: "5" },
    FirstInstall: { release: null, from: "none", first: "install" },
    Known: { release: aRelease("1.2.3"), from: "1.2.3", first: "5" },
  };
  it.each(Object.entries(cases))("%s", (_name, { release, from, first }) => {
    const plan = buildPlan(aPolicy(), release, { version: "1.2.4" });
    expect([plan.from, plan.steps[0]?.id]).toEqual([from, first]);
  });
});

describe("identity = digest or tag + hash of the plain spec", () => {
  const id = (image: string) => snapshotOf({ version: "x", workload: { ...aWorkload(), image } }).identity;
  it("is frozen", () => {
    expect(aSnapshot("1.2.4").identity).toBe(golden("identity-1.2.4.txt"));
  });
  it.each([
    ["atp.azurecr.io/ingestion:1.2.4", "1.2.4"],
    ["localhost:5000/ingestion:1.2.4", "1.2.4"],
    ["localhost:5000/ingestion", "localhost:5000/ingestion"],
    ["atp.azurecr.io/ingestion@sha256:abc", "sha256:abc"],
  ])("%s", (image, artefact) => {
    expect(id(image).split("+")[0]).toBe(artefact);
  });
  it("does not depend on the order of keys", () => {
    const one = { ...aWorkload(), config: { A: "1", B: "2" } };
    const two = { ...aWorkload(), config: { B: "2", A: "1" } };
    expect(snapshotOf({ version: "1", workload: one }).identity).toBe(
      snapshotOf({ version: "1", workload: two }).identity,
    );
  });
  it("changes with a secret's version, never with its content", () => {
    const ref = (version: string) => ({
      ...aWorkload(),
      env: [{ name: "DB", secretRef: { name: "db", key: "url", version } }],
    });
    expect(snapshotOf({ version: "1", workload: ref("1") }).identity).not.toBe(
      snapshotOf({ version: "1", workload: ref("2") }).identity,
    );
  });
});
