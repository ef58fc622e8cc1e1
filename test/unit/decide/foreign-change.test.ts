import { describe, expect, it } from "vitest";
import { decide } from "../../../src/decide/decide.ts";
import { reduce } from "../../../src/decide/reduce.ts";
import type { RolloutState } from "../../../src/types/state.ts";
import { aPlan } from "../../support/builders.ts";

const plan = aPlan();
const soakMs = 900_000;
const limitMs = soakMs * plan.hold.maxFactor;
const message = "somebody else changed the flag: enabled is false, meant true";

const at = (name: "soaking" | "holding"): RolloutState => ({
  name,
  step: "20",
  enteredAtMs: 0,
  extendedMs: 0,
  exposures: [5, 20],
  attempts: 1,
  confirmedAtMs: 0,
  exposedSinceMs: 0,
});

const look = (state: RolloutState, now: number, isThere = true) =>
  decide({
    plan,
    state,
    observations: {
      lease: "held",
      effect: { status: "done" },
      readings: [{ gate: "health", verdict: "pass", reason: "Healthy", message: "well", limit: 0 }],
      ...(isThere ? { foreign: { message, aboveplan: false } } : {}),
    },
    requests: [],
    now,
  });

describe("somebody else's change in a watch", () => {
  it.each(["soaking", "holding"] as const)("holds in %s, as long as silence would be borne", (name) => {
    for (const now of [0, soakMs / 2, soakMs, limitMs - 1])
      expect(look(at(name), now)).toEqual({ kind: "hold", extendMs: 0, reason: "ForeignChange", message });
  });

  it("is a person's to decide after that, and can be taken up", () => {
    const decision = look(at("holding"), limitMs);
    expect(decision).toMatchObject({
      kind: "escalate",
      reason: "ForeignChange",
      cause: { reason: "ForeignChange", kind: "foreign-change", message },
    });
    const held = reduce(at("holding"), decision, { ms: limitMs });
    expect(held).toMatchObject({ name: "held", step: "20", heldFrom: "holding", failedAt: "20" });
  });

  it("that is undone lets it go on", () => {
    expect(look(at("holding"), soakMs / 2, false).kind).toBe("wait");
    expect(look(at("holding"), soakMs, false)).toMatchObject({ kind: "continue", step: "50" });
  });
});
