import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkWindow, defaultClosed, windowIssues } from "../../../src/lib/deployment-windows.ts";
import { instantOf, isTimeZone, localOf } from "../../../src/lib/local-time.ts";
import type { WindowRules } from "../../../src/types/window.ts";

const at = (text: string) => Date.parse(text);
const berlin: WindowRules = { rules: defaultClosed, freezes: [], zone: "Europe/Berlin" };

describe("no Friday evening (Europe/Berlin, January: UTC+1)", () => {
  it.each([
    ["Thursday evening", "2026-01-15T19:00:00Z", true, undefined],
    ["the last ms before Friday 16:00", "2026-01-16T14:59:59.999Z", true, undefined],
    ["Friday 16:00", "2026-01-16T15:00:00Z", false, "2026-01-19T07:00:00Z"],
    ["Saturday", "2026-01-17T12:00:00Z", false, "2026-01-19T07:00:00Z"],
    ["Sunday, where the week of the calendar turns", "2026-01-18T00:00:00Z", false, "2026-01-19T07:00:00Z"],
    ["the last ms before Monday 08:00", "2026-01-19T06:59:59.999Z", false, "2026-01-19T07:00:00Z"],
    ["Monday 08:00", "2026-01-19T07:00:00Z", true, undefined],
  ])("%s", (_, now, open, opensAt) => {
    const verdict = checkWindow({ ...berlin, now: at(now) });
    expect(verdict.open).toBe(open);
    expect(verdict.opensAtMs).toBe(opensAt === undefined ? undefined : at(opensAt));
    if (!open) expect(verdict.reason).toContain("opens Mon 19 Jan 2026, 08:00 (Europe/Berlin)");
  });

  it("is Friday evening where the zone says so", () => {
    const now = at("2026-01-16T22:00:00Z");
    expect(checkWindow({ ...berlin, zone: "America/Los_Angeles", now }).open).toBe(true);
    expect(checkWindow({ ...berlin, zone: "Asia/Tokyo", now }).open).toBe(false);
  });

  it("can be configured, and be empty", () => {
    const now = at("2026-01-16T18:00:00Z");
    const rules = [{ from: "Fri 20:00", to: "Sun 20:00", reason: "late" }];
    expect(checkWindow({ ...berlin, rules, now }).open).toBe(true);
    expect(checkWindow({ ...berlin, rules: [], now }).open).toBe(true);
  });

  it("lets a hotfix start, and keeps why it was closed", () => {
    const verdict = checkWindow({ ...berlin, now: at("2026-01-17T12:00:00Z"), change: "hotfix" });
    expect(verdict).toMatchObject({ open: true, exempt: true });
    expect(verdict.reason).toMatch(/^a hotfix is exempt: no rollout starts .*opens Mon 19 Jan/);
    expect(
      checkWindow({ ...berlin, now: at("2026-01-15T12:00:00Z"), change: "hotfix" }).exempt,
    ).toBeUndefined();
  });
});

describe("freezes", () => {
  const freeze = (from: string, to: string) => ({
    ...berlin,
    rules: [],
    freezes: [{ from, to, reason: "year end" }],
  });
  it.each([
    ["a date alone begins with its day", freeze("2026-12-20", "2026-12-31"), "2026-12-19T23:00:00Z", false],
    ["… and not before", freeze("2026-12-20", "2026-12-31"), "2026-12-19T22:59:59Z", true],
    ["a date alone ends with its day", freeze("2026-12-20", "2026-12-31"), "2026-12-31T22:59:59Z", false],
    ["it ends by itself", freeze("2026-12-20", "2026-12-31"), "2026-12-31T23:00:00Z", true],
    ["a time is the zone's", freeze("2026-12-20T16:00", "2026-12-21T08:00"), "2026-12-20T15:00:00Z", false],
    ["an offset is an instant", freeze("2026-12-20T16:00:00Z", "2026-12-21"), "2026-12-20T15:59:59Z", true],
  ])("%s", (_, rules, now, open) => {
    expect(checkWindow({ ...rules, now: at(now) }).open).toBe(open);
  });

  it("says its reason, and opens behind the weekend that follows it", () => {
    const rules = { ...berlin, freezes: [{ from: "2026-01-14", to: "2026-01-17", reason: "audit" }] };
    const verdict = checkWindow({ ...rules, now: at("2026-01-15T12:00:00Z") });
    expect(verdict.reason).toBe("freeze: audit; opens Mon 19 Jan 2026, 08:00 (Europe/Berlin)");
    expect(verdict.opensAtMs).toBe(at("2026-01-19T07:00:00Z"));
  });

  it("says so where nothing opens within a year", () => {
    const freezes = [
      { from: "2026-01-01", to: "2026-12-31", reason: "a" },
      { from: "2026-12-31", to: "2027-12-31", reason: "b" },
      { from: "2027-12-31", to: "2028-12-31", reason: "c" },
    ];
    const verdict = checkWindow({ ...berlin, freezes, now: at("2026-01-15T12:00:00Z") });
    expect(verdict).toEqual({ open: false, reason: "freeze: a; opens not within a year" });
  });
});

describe("rules that are none", () => {
  it.each([
    ["an unknown zone", { ...berlin, zone: "Europe/Nowhere" }, "zone"],
    [
      "a weekday of another language",
      { ...berlin, rules: [{ from: "Frei 16:00", to: "Mon 08:00", reason: "" }] },
      "rules[0].from",
    ],
    ["24:00", { ...berlin, rules: [{ from: "Fri 16:00", to: "Sun 24:00", reason: "" }] }, "rules[0].to"],
    [
      "a period of nothing or everything",
      { ...berlin, rules: [{ from: "Fri 16:00", to: "Fri 16:00", reason: "" }] },
      "rules[0]",
    ],
    [
      "31 February",
      { ...berlin, freezes: [{ from: "2026-02-31", to: "2026-03-02", reason: "" }] },
      "freezes[0].from",
    ],
    ["no date", { ...berlin, freezes: [{ from: "2026-02-01", to: "soon", reason: "" }] }, "freezes[0].to"],
    [
      "an end before its start",
      { ...berlin, freezes: [{ from: "2026-02-02", to: "2026-02-01", reason: "" }] },
      "freezes[0]",
    ],
  ])("%s", (_, rules, path) => {
    expect(windowIssues(rules).map((issue) => issue.path)).toEqual([path]);
    expect(() => checkWindow({ ...rules, now: 0 })).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });

  it("the defaults are none of them", () => {
    expect(windowIssues(berlin)).toEqual([]);
    expect(isTimeZone("UTC")).toBe(true);
  });
});

describe("clock changes", () => {
  it.each([
    [
      "02:30 never comes (clocks forward): the jump",
      "2026-03-29T02:30:00Z",
      "earlier",
      "2026-03-29T01:00:00Z",
    ],
    ["… from both sides", "2026-03-29T02:30:00Z", "later", "2026-03-29T01:00:00Z"],
    ["02:30 comes twice (clocks back): the first", "2026-10-25T02:30:00Z", "earlier", "2026-10-25T00:30:00Z"],
    ["… and the second", "2026-10-25T02:30:00Z", "later", "2026-10-25T01:30:00Z"],
  ] as const)("%s", (_, local, which, instant) => {
    expect(instantOf(at(local), "Europe/Berlin", which)).toBe(at(instant));
  });

  it("a day that a zone left out (Samoa, 30 December 2011) is its jump", () => {
    expect(instantOf(at("2011-12-30T12:00:00Z"), "Pacific/Apia", "earlier")).toBe(at("2011-12-30T10:00:00Z"));
  });

  it("a period that ends in the repeated hour stays closed through both passes", () => {
    const rules = [{ from: "Sat 22:00", to: "Sun 02:30", reason: "night" }];
    const verdict = (now: string) => checkWindow({ ...berlin, rules, now: at(now) });
    expect(verdict("2026-10-25T00:45:00Z").open).toBe(false);
    expect(verdict("2026-10-25T00:45:00Z").opensAtMs).toBe(at("2026-10-25T01:30:00Z"));
    expect(verdict("2026-10-25T01:30:00Z").open).toBe(true);
  });

  it("the weekend of a clock change opens at 08:00 of the new time", () => {
    expect(checkWindow({ ...berlin, now: at("2026-03-28T12:00:00Z") }).opensAtMs).toBe(
      at("2026-03-30T06:00:00Z"),
    );
    expect(checkWindow({ ...berlin, now: at("2026-10-24T12:00:00Z") }).opensAtMs).toBe(
      at("2026-10-26T07:00:00Z"),
    );
  });
});

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "America/St_Johns",
  "UTC",
];
const zone = fc.constantFrom(...zones);
const instant = fc.integer({ min: at("2024-01-01T00:00:00Z"), max: at("2028-01-01T00:00:00Z") });
const moment = fc
  .tuple(fc.constantFrom("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"), fc.nat(23), fc.nat(59))
  .map(([day, hour, minute]) => `${day} ${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);

describe("properties", () => {
  it("a wall clock's reading leads back to its instant, or to the other pass of it", () => {
    fc.assert(
      fc.property(instant, zone, (now, where) => {
        const local = localOf(now, where);
        const both = [instantOf(local, where, "earlier"), instantOf(local, where, "later")];
        expect(both).toContain(now);
        expect(both.map((one) => localOf(one, where))).toEqual([local, local]);
      }),
      { numRuns: 300 },
    );
  });

  it("opensAt is open, the ms before is closed, and so is everything from now to there", () => {
    fc.assert(
      fc.property(
        instant,
        zone,
        moment,
        moment,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (now, where, from, to, share) => {
          fc.pre(from !== to);
          const rules = { rules: [{ from, to, reason: "closed" }], freezes: [], zone: where };
          const { open, opensAtMs } = checkWindow({ ...rules, now });
          if (open) return;
          if (opensAtMs === undefined) throw new Error("a weekly period never opens");
          expect(opensAtMs).toBeGreaterThan(now);
          expect(checkWindow({ ...rules, now: opensAtMs }).open).toBe(true);
          expect(checkWindow({ ...rules, now: opensAtMs - 1 }).open).toBe(false);
          const between = Math.floor(now + share * (opensAtMs - 1 - now));
          expect(checkWindow({ ...rules, now: between }).open).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("what the wall clock shows within the period is closed, whatever the clocks did", () => {
    const day = 86_400_000;
    fc.assert(
      fc.property(instant, zone, (now, where) => {
        const local = localOf(now, where);
        const minute = Math.floor((local - 3 * day) / 60_000) % (7 * 24 * 60);
        const within = minute >= (5 * 24 + 16) * 60 || minute < (24 + 8) * 60;
        expect(checkWindow({ rules: defaultClosed, freezes: [], zone: where, now }).open).toBe(!within);
      }),
      { numRuns: 300 },
    );
  });
});
