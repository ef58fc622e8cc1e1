import { describe, expect, it } from "vitest";
import { escalationDue } from "../../../src/analysis/escalation.ts";
import type { Alarm, Rung } from "../../../src/types/escalation.ts";

// The guide, "Escalation Path": lead within 5 min, manager if the rollback fails, VP if production is down for more than
// 30 min, CTO if a SEV1 lasts for more than 1 h.
const terms = { leadAfterSeconds: 300, vpAfterSeconds: 1800, ctoAfterSeconds: 3600 };
const minute = 60_000;
const t0 = Date.UTC(2026, 0, 15, 10);
const why = "availability 97.00 % in 1 min, limit 99 %";

function alarm(more: Partial<Alarm> = {}): Alarm {
  return { told: new Set(), ...more };
}

const rungsAt = (of: Alarm, ms: number) => escalationDue(of, terms, t0 + ms).now.map(({ rung }) => rung);

const open = { openSinceMs: t0 };
const failed = { revertFailedAtMs: t0 };
const down = { down: { sinceMs: t0, why } };
const sev1 = { sev1: { sinceMs: t0, why: "events are lost" } };
const acknowledged = { acknowledged: { by: "@alice", atMs: t0 + minute } };

interface Row {
  readonly what: string;
  readonly of: Partial<Alarm>;
  /** ms since it began, and who is to be told then. */
  readonly at: readonly (readonly [ms: number, rungs: readonly Rung[]])[];
}

const rows: readonly Row[] = [
  {
    what: "nothing is open",
    of: {},
    at: [
      [0, []],
      [24 * 60 * minute, []],
    ],
  },
  {
    what: "an alarm",
    of: open,
    at: [
      [0, []],
      [5 * minute - 1, []],
      [5 * minute, ["lead"]],
      [6 * minute, ["lead"]],
    ],
  },
  {
    what: "an alarm that somebody has",
    of: { ...open, ...acknowledged },
    at: [
      [5 * minute, []],
      [600 * minute, []],
    ],
  },
  { what: "a way back that failed", of: failed, at: [[0, ["manager"]]] },
  { what: "the same, acknowledged", of: { ...open, ...failed, ...acknowledged }, at: [[0, ["manager"]]] },
  {
    what: "a service that is down",
    of: down,
    at: [
      [0, []],
      [30 * minute, []],
      [30 * minute + 1, ["vp"]],
    ],
  },
  { what: "the same, acknowledged", of: { ...open, ...down, ...acknowledged }, at: [[31 * minute, ["vp"]]] },
  {
    what: "a SEV1",
    of: sev1,
    at: [
      [0, []],
      [60 * minute, []],
      [60 * minute + 1, ["cto"]],
    ],
  },
  {
    what: "all of it",
    of: { ...open, ...failed, ...down, ...sev1 },
    at: [
      [0, ["manager"]],
      [5 * minute, ["lead", "manager"]],
      [31 * minute, ["lead", "manager", "vp"]],
      [61 * minute, ["lead", "manager", "vp", "cto"]],
    ],
  },
];

describe("the escalation path, by a manual clock", () => {
  for (const { what, of, at } of rows)
    it.each(at)(`${what}: after %i ms %j`, (ms, rungs) => {
      expect(rungsAt(alarm(of), ms)).toEqual(rungs);
    });

  it("tells nobody twice", () => {
    const told = new Set<Rung>(["lead", "manager", "vp", "cto"]);
    expect(rungsAt(alarm({ ...open, ...failed, ...down, ...sev1, told }), 120 * minute)).toEqual([]);
  });

  it("says when the next one is due, to the millisecond, and nothing where time brings nobody", () => {
    const next = (of: Alarm, ms: number) => {
      const { nextAtMs } = escalationDue(of, terms, t0 + ms);
      return nextAtMs === undefined ? undefined : nextAtMs - t0;
    };
    const whole = alarm({ ...open, ...down, ...sev1 });
    expect(next(whole, 0)).toBe(5 * minute);
    expect(next(whole, 5 * minute)).toBe(30 * minute + 1);
    expect(next(whole, 31 * minute)).toBe(60 * minute + 1);
    expect(next(whole, 61 * minute)).toBeUndefined();
    expect(next(alarm({ ...open, ...acknowledged }), 0)).toBeUndefined();
  });

  it("takes a limit of nothing at its word", () => {
    const { now } = escalationDue(alarm(open), { ...terms, leadAfterSeconds: 0 }, t0);
    expect(now).toEqual([{ rung: "lead", sinceMs: t0, why: "nobody has acknowledged the alarm" }]);
  });

  it("says why, with its numbers", () => {
    const { now } = escalationDue(alarm({ ...open, ...down }), terms, t0 + 31 * minute);
    expect(now.map((one) => one.why)).toEqual([
      "nobody has acknowledged the alarm, for 5 min and longer",
      `the service is down: ${why}, for 30 min and longer`,
    ]);
  });
});
