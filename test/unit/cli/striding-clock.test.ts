import { describe, expect, it } from "vitest";
import { createStridingClock } from "../../../src/cli/compose/striding-clock.ts";
import { createVirtualClock } from "../../../src/sandbox/clock.ts";
import type { Decision } from "../../../src/types/decision.ts";
import type { JournalEntry } from "../../../src/types/journal.ts";
import { aPlan } from "../../support/builders.ts";

const start = Date.UTC(2026, 0, 5, 9);
const minute = 60_000;
const hour = 60 * minute;
const week = 7 * 24 * hour;

function open(changes: readonly number[] = []) {
  const clock = createVirtualClock({ startMs: start });
  const striding = createStridingClock({
    clock,
    lookMs: 10_000,
    holdMs: 5 * minute,
    changes: () => changes,
  });
  const entry = (kind: JournalEntry["kind"], step: string, data: Record<string, unknown>) =>
    striding.hear({ kind, step, at: new Date(clock.now()).toISOString(), data } as unknown as JournalEntry);
  const plan = aPlan();
  const long = plan.steps.map((step) => (step.id === "20" ? { ...step, soakSeconds: week / 1000 } : step));
  entry("begin", "5", { plan: { ...plan, steps: long } });
  const decide = (step: string, decision: Partial<Decision>) => entry("decision", step, { decision });
  /** How long a look's pause takes, ms. */
  const pause = async (ms = 10_000) => {
    const before = clock.now();
    await striding.clock.sleep(ms);
    return clock.now() - before;
  };
  return { clock, decide, pause };
}

const confirmed = { kind: "continue", to: "soaking", confirmed: true } as const;

describe("a driver's clock in a rehearsal", () => {
  it("takes each look's pause as it is but in a long soak", async () => {
    const { clock, decide, pause } = open();
    expect(await pause()).toBe(10_000);
    decide("5", confirmed);
    await clock.advance(14 * minute);
    expect(await pause()).toBe(10_000);
    decide("20", { kind: "continue", to: "applying" });
    await clock.advance(2 * hour);
    expect(await pause()).toBe(10_000);
  });

  it("goes by the hour once half an hour has passed, and wakes at the soak's end", async () => {
    const { clock, decide, pause } = open();
    decide("20", confirmed);
    let looks = 0;
    for (; clock.now() < start + week; looks++) {
      const taken = await pause();
      expect(taken).toBe(clock.now() <= start + 30 * minute ? 10_000 : Math.min(hour, taken));
    }
    expect(clock.now()).toBe(start + week);
    expect(looks).toBe(180 + 168);
    expect(await pause()).toBe(10_000);
  });

  it("is not hurried where something happens: a fault that begins, a write of the flag", async () => {
    const at = start + 50 * hour;
    const { clock, decide, pause } = open([at]);
    decide("20", confirmed);
    while (clock.now() < at) await pause();
    expect(clock.now()).toBe(at);
    for (let looks = 0; looks < 180; looks++) expect(await pause()).toBe(10_000);
    expect(await pause()).toBe(hour);
  });

  it("goes by the extensions while it holds", async () => {
    const { clock, decide, pause } = open();
    decide("20", confirmed);
    while (clock.now() < start + week) await pause();
    decide("20", { kind: "hold" });
    expect(await pause()).toBe(10_000);
    await clock.advance(30 * minute);
    expect(await pause()).toBe(5 * minute);
  });

  it("leaves every other pause alone", async () => {
    const { clock, decide, pause } = open();
    decide("20", confirmed);
    await clock.advance(2 * hour);
    for (const ms of [1000, 9_999, 300_000]) expect(await pause(ms)).toBe(ms);
    expect(await pause()).toBe(hour);
    decide("20", { kind: "revert" });
    expect(await pause()).toBe(10_000);
  });
});
