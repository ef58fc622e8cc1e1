import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { policyOfPlan, termsOf } from "../../../src/driver/for-change.ts";
import { engineOfPlan } from "../../../src/driver/way.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import type { Engine } from "../../../src/ports/engine.ts";
import type { ChangeKind } from "../../../src/types/change.ts";
import { aPlan, aPolicy, aRelease } from "../../support/builders.ts";
import { validConfig } from "../config/valid-config.ts";

function terms(kind: ChangeKind | undefined, more: Record<string, unknown> = {}) {
  const written = { ...validConfig, ...more };
  const policy = normalizeOrThrow({ written, stack: "prod" });
  return termsOf({ written, policy, stack: "prod", ...(kind === undefined ? {} : { kind }) });
}

function thrown(run: () => unknown): RolloutError {
  try {
    run();
  } catch (error) {
    if (error instanceof RolloutError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const soaks = (policy: ReturnType<typeof terms>["policy"]) =>
  policy.increments.map(({ exposure, soakSeconds }) => [exposure, soakSeconds]);

describe("a change of prod: its strategy, prod's terms", () => {
  it.each([
    { kind: "new-feature", strategy: "canary", increments: [5, 20, 50, 100].map((one) => [one, 900]) },
    { kind: "bug-fix", strategy: "rolling", increments: [[100, 900]] },
    { kind: "infrastructure", strategy: "rolling", increments: [[100, 900]] },
    { kind: "major-version", strategy: "blue-green", increments: [[100, 900]] },
  ] as const)("$kind: $strategy", ({ kind, strategy, increments }) => {
    const { policy, change } = terms(kind);
    expect(change).toEqual({ kind });
    expect(policy.strategy).toBe(strategy);
    expect(soaks(policy)).toEqual(increments);
    expect(policy.approvals).toEqual({ required: 2, cab: true, expedited: false });
    expect(policy.windows).toBeDefined();
    expect(policy.promotedIn.stacks).toEqual(["test", "staging"]);
  });

  it("no change: the stack's own policy, untouched", () => {
    const written = { ...validConfig, strategy: "rolling" } as const;
    const policy = normalizeOrThrow({ written, stack: "prod" });
    expect(termsOf({ written, policy, stack: "prod" })).toEqual({ policy });
  });

  it("the stack's soak holds for the picked strategy, its increments don't", () => {
    const { policy } = terms("bug-fix", { increments: [10, 100], soak: "20m" });
    expect(soaks(policy)).toEqual([[100, 1200]]);
    expect(policy.origins["strategy"]).toBe("change");
  });

  it("what the picked strategy needs and config lacks: exit 2, every problem", () => {
    const written = { preset: "development", service: "atp-ingestion" };
    const policy = normalizeOrThrow({ written, stack: "dev" });
    const error = thrown(() => termsOf({ written, policy, stack: "dev", kind: "new-feature" }));
    expect(error).toMatchObject({ code: "config-invalid", exit: "config" });
    expect(error.message).toContain("A new-feature goes out as canary");
    expect(error.issues.map(({ path }) => path)).toContain("rollout.lever");
  });
});

describe("a hotfix of prod", () => {
  const loud = {
    soak: "20m",
    gates: { errorRate: "2%", exceptions: 50, health: { tries: 2 } },
    approvals: {
      cab: true,
      expires: "8h",
      sources: [{ kind: "signed-files", dir: "approvals" }],
      keys: [{ person: "dana@atp.example", key: "ssh-ed25519 AAAA" }],
    },
  };

  it("is direct, watched for 30 minutes, turned back by one error, by two approvers now, without the CAB", () => {
    const { policy } = terms("hotfix", loud);
    expect([policy.strategy, policy.preset]).toEqual(["direct", "production"]);
    expect(soaks(policy)).toEqual([[100, 1800]]);
    expect(policy.approvals).toEqual({ required: 2, cab: false, expedited: true });
    expect(policy.gates).toMatchObject({
      errorRate: { limitPercent: 0 },
      exceptions: { limit: 0 },
      minRequests: 1,
      health: { tries: 2 },
    });
  });

  it("keeps the stack's sources and keys; an approval holds for an hour at most", () => {
    const { approvers } = terms("hotfix", loud).policy;
    expect(approvers.sources).toEqual([{ kind: "signed-files", dir: "approvals" }]);
    expect(approvers.keys).toHaveLength(1);
    expect(approvers.expiresSeconds).toBe(3600);
    expect(terms("hotfix", { approvals: { expires: "30m" } }).policy.approvers.expiresSeconds).toBe(1800);
  });

  it("keeps the number of approvers that config names", () => {
    expect(terms("hotfix", { approvals: 3 }).policy.approvals.required).toBe(3);
  });

  it("knows the windows and promotions that it is exempt from: its plan says so", () => {
    const { policy, change } = terms("hotfix");
    expect(policy.windows?.rules).toHaveLength(1);
    const plan = buildPlan(policy, aRelease(), { version: "1.2.4", ...change });
    expect(plan.start).toEqual({ window: "exempt", promotedIn: [] });
    expect(plan).toMatchObject({ change: "hotfix", approvals: { expedited: true } });
  });

  it("elsewhere goes out directly, under that environment's terms", () => {
    const { policy } = terms("hotfix", { preset: "test" });
    expect(policy.strategy).toBe("direct");
    expect(soaks(policy)).toEqual([[100, 300]]);
    expect(policy.approvals.required).toBe(0);
  });

  it("is what a stack of preset hotfix takes, named or not, and nothing else", () => {
    expect(terms(undefined, { preset: "hotfix" }).change).toEqual({ kind: "hotfix" });
    expect(terms("hotfix", { preset: "hotfix" }).policy.strategy).toBe("direct");
    const error = thrown(() => terms("bug-fix", { preset: "hotfix" }));
    expect(error).toMatchObject({ code: "change-refused", exit: "config", path: "--change" });
  });
});

describe("a strategy of config beside a change", () => {
  it("stands with its reason, and the plan says what the matrix would have picked", () => {
    const more = { strategy: "canary", strategyReason: "the schema is unchanged" };
    const { policy, change } = terms("major-version", more);
    expect(policy.strategy).toBe("canary");
    expect(change?.overridden).toEqual({ strategy: "blue-green", reason: "the schema is unchanged" });
    const plan = buildPlan(policy, aRelease(), { version: "1.2.4", ...change });
    expect(plan.overridden).toEqual(change?.overridden);
  });

  it("without a reason is refused", () => {
    const error = thrown(() => terms("bug-fix", { strategy: "canary" }));
    expect(error).toMatchObject({
      code: "override-reason-missing",
      exit: "config",
      path: "rollout.strategyReason",
    });
    expect(error.message).toContain("a bug-fix takes rolling");
  });

  it("needs none where the matrix picks the same, or no change is named", () => {
    expect(terms("bug-fix", { strategy: "rolling" }).change).toEqual({ kind: "bug-fix" });
    expect(terms(undefined, { strategy: "rolling" }).policy.strategy).toBe("rolling");
  });

  it("goes over a hotfix's too, and only that: the hotfix's terms stay", () => {
    const { policy, change } = terms("hotfix", { strategy: "canary", strategyReason: "no hurry" });
    expect(change?.overridden).toEqual({ strategy: "direct", reason: "no hurry" });
    expect(policy).toMatchObject({ strategy: "canary", approvals: { cab: false, expedited: true } });
  });
});

describe("the plan of a change", () => {
  it("has the change in its hash", () => {
    const bare = aPlan();
    const named = buildPlan(aPolicy(), aRelease(), {
      version: "1.2.4",
      identity: bare.identity.candidate ?? "",
      kind: "new-feature",
    });
    expect(named).toEqual({ ...bare, change: "new-feature" });
  });

  it("tells the program how it goes, in every call of the engine; a plan without a change leaves it to config", async () => {
    const seen: unknown[] = [];
    const engine = {
      preview: async ({ target }: { target: unknown }) => void seen.push(target),
      up: async ({ target }: { target: unknown }) => void seen.push(target),
    } as unknown as Engine;
    const { policy } = terms("bug-fix");
    const plan = buildPlan(policy, aRelease(), { version: "1.2.4", kind: "bug-fix" });
    const way = { strategy: "rolling", steps: ["roll", "settle"], increments: [100] };
    const onWay = engineOfPlan(engine, plan);
    await onWay.preview({ target: { kind: "step", version: "1.2.4" } });
    await onWay.up({ target: { kind: "release", version: "1.2.4", release: aRelease() } });
    expect(seen).toMatchObject([{ way }, { way }]);
    expect(engineOfPlan(engine, aPlan())).toBe(engine);
  });

  it("is what a rollout in flight goes on under, whatever config says now", () => {
    const { policy } = terms("bug-fix");
    const plan = buildPlan(policy, aRelease(), { version: "1.2.4", kind: "bug-fix" });
    const { strategy, increments } = policyOfPlan(aPolicy(), plan);
    expect([strategy, increments]).toEqual(["rolling", [{ exposure: 100, soakSeconds: 900 }]]);
    expect(policyOfPlan(aPolicy(), aPlan())).toEqual(aPolicy());
  });
});
