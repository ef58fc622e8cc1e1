import { describe, expect, it } from "vitest";
import { type ChangeCheck, checkChange } from "../../../src/analysis/change-request.ts";
import type { ChangeAnswer, ChangeRequest } from "../../../src/types/change-request.ts";
import { aChangeRequest } from "../../contract/change-suite.ts";

const { startMs = 0, endMs = 0 } = aChangeRequest;
const value = (overrides: Partial<ChangeRequest> = {}): ChangeAnswer => ({
  status: "value",
  change: { ...aChangeRequest, ...overrides },
});
const without = (key: keyof ChangeRequest): ChangeAnswer => {
  const { [key]: _gone, ...change } = aChangeRequest;
  return { status: "value", change: change as ChangeRequest };
};
const check = (answer: ChangeAnswer | undefined, overrides: Partial<ChangeCheck> = {}) =>
  checkChange({ answer, service: "atp-ingestion", now: startMs + 3_600_000, ...overrides });

describe("a change request", () => {
  it("covers a rollout of its service within its window", () => {
    expect(check(value())).toEqual({ ok: true, message: "CHG0031234 is approved, risk moderate" });
  });

  it.each([
    ["its start counts", value(), { now: startMs }],
    ["the last ms counts", value(), { now: endMs - 1 }],
    ["names are compared without case", value({ state: "APPROVED", service: "ATP-Ingestion " }), {}],
    ["config names the states", value({ state: "-1" }), { approvedStates: ["-1", "Implement"] }],
  ])("lets through: %s", (_, answer, overrides) => {
    expect(check(answer, overrides).ok).toBe(true);
  });

  it.each([
    ["none is named", undefined, {}, "not-named"],
    ["there is none", { status: "not-found" } as const, {}, "not-found"],
    ["it can't be read", { status: "error", message: "down" } as const, {}, "error"],
    ["it waits", value({ state: "assess" }), {}, "state"],
    ["a state that holds another", value({ state: "not approved" }), {}, "state"],
    ["no state of the config's", value(), { approvedStates: ["Implement"] }, "state"],
    ["an empty list of states", value(), { approvedStates: [] }, "state"],
    ["another service", value({ service: "atp-query" }), {}, "service"],
    ["no service", without("service"), {}, "no-service"],
    ["no end", without("endMs"), {}, "no-window"],
    ["no start", without("startMs"), {}, "no-window"],
    ["a window of nothing", value({ endMs: startMs }), { now: startMs }, "no-window"],
    ["too early", value(), { now: startMs - 1 }, "too-early"],
    ["its end counts no longer", value(), { now: endMs }, "too-late"],
  ])("blocks: %s", (_, answer, overrides, problem) => {
    expect(check(answer, overrides)).toMatchObject({ ok: false, problem });
  });

  it("may follow a hotfix, and the verdict says that it has to", () => {
    const verdict = check(undefined, { change: "hotfix" });
    expect(verdict).toMatchObject({ ok: true, follows: true, problem: "not-named" });
    expect(verdict.message).toContain("an emergency change has to follow");
    expect(check(value(), { change: "hotfix" }).follows).toBeUndefined();
  });
});
