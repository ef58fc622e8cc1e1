import { describe, expect, it } from "vitest";
import { openCluster } from "../../../src/cli/compose/rehearsed-cluster.ts";
import { renderPlan } from "../../../src/cli/render/plan.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { unwatched } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const written = {
  preset: "production",
  service: "atp",
  metrics: {
    kind: "prometheus",
    url: "http://127.0.0.1:9",
    cohort: { stable: "stable", candidate: "canary" },
  },
  health: { kind: "http", candidate: ["http://127.0.0.1:9/canary"], stable: ["http://127.0.0.1:9/stable"] },
  lever: { kind: "replica-ratio", namespace: "n" },
  watch: unwatched,
};
const policyOf = (more: object) => normalizeOrThrow({ written: { ...written, ...more }, stack: "prod" });

/** The plan's rows on pods, as people read them. */
function podRows(more: object): readonly string[] {
  const policy = policyOf(more);
  const plan = {
    ...buildPlan(policy, undefined, { version: "1.2.4" }),
    planHash: "0",
    origins: policy.origins,
  };
  const lines = renderPlan(plan, { stack: "prod", color: false, notes: [] }).split("\n");
  const at = lines.findIndex((line) => /^ {2}pods /.test(line));
  return at === -1 ? [] : lines.slice(at, at + 2).map((line) => line.trim().replace(/ {2,}/g, " "));
}

describe("a plan without a router says what its increments come out to", () => {
  const rule = /^pods without a router they are the share: .* at least it config$/;

  it("of the guide's steps", () => {
    expect(podRows({})).toEqual([
      expect.stringMatching(rule),
      "beside 6 of stable: 5 % is 1 of 7 (14.3 %), 20 % is 2 of 8 (25 %), 50 % is 6 of 12 (50 %)",
    ]);
  });

  it("also where they are more than stable has", () => {
    expect(podRows({ increments: [75, 100] })[1]).toBe("beside 6 of stable: 75 % is 18 of 24 (75 %)");
  });

  it.each([
    { why: "a router has weights", more: { lever: { kind: "http-route", namespace: "n" } } },
    { why: "everybody at once", more: { increments: [100] } },
    { why: "blue-green has no share", more: { strategy: "blue-green", strategyReason: "whole" } },
  ])("and nothing where there is nothing to say: $why", ({ more }) => {
    expect(podRows(more)).toEqual([]);
  });
});

describe("a rehearsal", () => {
  it("has the lever on the Service that the program made, and says where there is none", async () => {
    const { runtime } = createMemoryRuntime();
    const sandbox = createSandbox({ seed: 1, startMs: 0, faults: [], sharedService: "atp" });
    const cloud = await openCluster({ sandbox, policy: policyOf({}), faults: [], runtime, folder: "." });
    await expect(cloud.ports.lever.read()).rejects.toMatchObject({
      code: "route-missing",
      path: "rollout.lever.service",
      message: "The program made no Service atp.",
    });
    const metadata = { name: "atp", namespace: "n" };
    const spec = { selector: { app: "atp", version: "stable" } };
    sandbox.cloud.create({ apiVersion: "v1", kind: "Service", metadata, spec });
    await sandbox.clock.advance(1_000);
    expect(await cloud.ports.lever.read()).toMatchObject({
      exposure: 0,
      accepted: true,
      hasCandidate: false,
    });
    await cloud.ports.lever.setExposure(0);
    await cloud.ports.lever.release?.();
    await cloud.close();
  });
});
