import { describe, expect, it } from "vitest";
import { channelWorks } from "../../../src/analysis/checklist-channel.ts";
import { confirmRefusal } from "../../../src/analysis/checklist-confirm.ts";
import { judgeDashboards, judgeEvidence } from "../../../src/analysis/checklist-evidence.ts";
import { onCallConfirms, personConfirms } from "../../../src/analysis/checklist-people.ts";
import { revertRehearsed, revertsIn } from "../../../src/analysis/checklist-revert.ts";
import { duringItems, postItems, preItems } from "../../../src/types/checklist.ts";
import { aPolicy } from "../../support/builders.ts";
import { aChecklist, anEnd, anEntry, day, startMs as now } from "../../support/pre-checklist-world.ts";

const hour = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();
const word = (by: string, ms: number, item: (typeof preItems)[number] = "on-call") => ({
  ...{ item, by, note: "" },
  at: iso(ms),
});
const asked = { holdsMs: 4 * hour, now, stack: "prod" };

describe("a person's word", () => {
  const says = (...confirmations: ReturnType<typeof word>[]) =>
    personConfirms({ ...asked, item: "load-test", why: "no source", confirmations });

  it.each([
    ["of now", says(word("dana", now, "load-test")), "met"],
    ["to the last moment that it holds", says(word("dana", now - 4 * hour, "load-test")), "met"],
    ["a moment later", says(word("dana", now - 4 * hour - 1, "load-test")), "unmet"],
    ["from a clock that goes a minute fast", says(word("dana", now + 60_000, "load-test")), "met"],
    ["of tomorrow", says(word("dana", now + day, "load-test")), "unmet"],
    ["for another item", says(word("dana", now, "channel")), "unmet"],
    ["of nobody", says(), "unmet"],
    ["at no time", says({ ...word("dana", now, "load-test"), at: "soon" }), "unmet"],
  ])("%s: %s", (_, { status }, expected) => {
    expect(status).toBe(expected);
  });

  it("names who, when and what was found; else the very command", () => {
    expect(says({ ...word("dana", now, "load-test"), note: "12000/s" })).toEqual({
      status: "met",
      how: "person",
      evidence: "confirmed by dana: 12000/s",
      by: "dana",
      at: iso(now),
    });
    expect(says().hint).toBe("`rollouts checklist confirm load-test --by NAME --stack prod`.");
  });

  it("on call: one of the two, however the name is written", () => {
    const onCall = { primary: "@alice", secondary: "Bob Ross" };
    const of = (by: string) => onCallConfirms({ ...asked, onCall, confirmations: [word(by, now)] });
    expect([of("Alice").status, of("bob ross").status, of("carol").status]).toEqual(["met", "met", "unmet"]);
    const { hint } = onCallConfirms({ ...asked, onCall: { primary: "Bob Ross" }, confirmations: [] });
    expect(hint).toBe("`rollouts checklist confirm on-call --by 'Bob Ross' --stack prod`.");
  });
});

describe("proof from a source", () => {
  it("silence, trouble and what is dated in the future are never met", () => {
    const terms = { now, hint: "mend it", withinMs: day };
    const value = { status: "value", met: true, message: "fine" } as const;
    const statuses = [
      judgeEvidence(value, terms),
      judgeEvidence({ ...value, atMs: now - day }, terms),
      judgeEvidence({ ...value, atMs: now - day - 1 }, terms),
      judgeEvidence({ ...value, atMs: now + hour }, terms),
      judgeEvidence({ status: "empty", message: "nothing there" }, terms),
      judgeEvidence({ status: "error", message: "HTTP 500" }, terms),
      judgeEvidence({ ...value, met: false }, terms),
    ].map(({ status }) => status);
    expect(statuses).toEqual(["met", "met", "unmet", "unmet", "unmet", "unmet", "unmet"]);
  });

  it("every dashboard has to answer", () => {
    const ok = { name: "Grafana", answer: { status: "value", met: true, message: "HTTP 200" } } as const;
    const gone = { name: "Insights", answer: { status: "value", met: false, message: "HTTP 404" } } as const;
    expect(judgeDashboards([ok], now).status).toBe("met");
    expect(judgeDashboards([ok, gone], now)).toMatchObject({
      status: "unmet",
      evidence: "Insights: HTTP 404",
    });
  });
});

describe("the way back in the other stack", () => {
  const identity = "1.2.4";
  const judge = (
    reverts: readonly number[],
    promotions: readonly number[],
    more: { identity?: undefined } = {},
  ) =>
    revertRehearsed({
      ...{ stack: "staging", withinDays: 14, version: "1.2.4", now },
      identity: "identity" in more ? undefined : identity,
      reverts: reverts.map((atMs) => ({ identity, atMs })),
      promotions: promotions.map((atMs) => ({ stack: "staging", identity, atMs })),
    });

  it("both within the span, the newest of each", () => {
    expect(judge([now - 30 * day, now - day], [now - 30 * day, now])).toMatchObject({ status: "met" });
    expect(judge([now - 14 * day], [now - 14 * day]).status).toBe("met");
    expect(judge([now - 14 * day - 1], [now]).status).toBe("unmet");
    expect(judge([now], []).hint).toContain('--cause "revert exercised" --by NAME');
    expect(judge([], [now]).hint).toContain("rollouts abort --stack staging");
    expect(judge([now], [now], { identity: undefined }).evidence).toContain("nobody knows which image");
  });

  it("counts what was verified, and no rehearsal", () => {
    const failed = anEntry({ kind: "end", data: { outcome: "revert-failed", identity: "1.2.4+a" } });
    const unverified = anEntry({ kind: "end", data: { outcome: "reverted", identity: "1.2.4+a" } });
    const rehearsed = anEntry({ kind: "begin", rolloutId: "x", data: { rehearsed: true } });
    const entries = [failed, unverified, rehearsed, anEnd("reverted", now, "x"), anEnd("reverted", now, "y")];
    expect(revertsIn(entries)).toEqual([{ identity: "1.2.4", atMs: now }]);
  });
});

describe("the channel", () => {
  const mark = (channel: string, ms: number, data: object = { ok: true }) =>
    anEntry({ kind: "effect", at: iso(ms), data: { effect: "message", channel, ...data } });
  const judge = (...entries: ReturnType<typeof mark>[]) =>
    channelWorks({
      ...asked,
      confirmations: [],
      channels: [
        { name: "log", kind: "log", for: "all" },
        { name: "slack", kind: "slack", for: "deployments" },
        { name: "teams", kind: "teams", for: "incidents" },
      ],
      entries,
    });

  it("delivered lately on one that hears of deployments; a failure since then takes that back", () => {
    expect(judge(mark("slack", now - 7 * day)).status).toBe("met");
    expect(judge(mark("slack", now - 7 * day - 1)).status).toBe("unmet");
    expect(judge(mark("log", now)).status).toBe("unmet");
    expect(judge(mark("teams", now)).status).toBe("unmet");
    const failed = judge(mark("slack", now - day), mark("slack", now, { ok: false, message: "HTTP 404" }));
    expect(failed).toMatchObject({ status: "unmet", evidence: expect.stringContaining("HTTP 404") });
  });
});

describe("whose word is taken", () => {
  const policy = aPolicy({
    checklist: { ...aChecklist, synthetics: [{ kind: "http", url: "https://a" }] },
    communication: { zone: "UTC", dashboards: [], onCall: { primary: "@alice" } },
    notify: [{ kind: "slack", webhook: "https://a" }],
  });
  const taken = (of: typeof policy) =>
    [...preItems, ...duringItems, ...postItems].filter(
      (item) => confirmRefusal({ item, by: "alice", note: "none" }, of) === undefined,
    );

  it("for what nothing can check, and for no more", () => {
    const { loadTest: _l, securityScan: _s, ...people } = { ...aChecklist };
    const always = ["on-call", "channel", "migrations", "exceptions-watched", "smoke", "runbook", "lessons"];
    expect(new Set(taken(policy))).toEqual(new Set(always));
    expect(new Set(taken({ ...policy, checklist: people }))).toEqual(
      new Set([...always, "load-test", "security-scan", "synthetics"]),
    );
  });

  it("lessons need words; on call are those who are; a channel has to be there", () => {
    const why = (item: "lessons" | "on-call" | "channel", by: string, of = policy) =>
      confirmRefusal({ item, by, note: "" }, of)?.why;
    expect(why("lessons", "dana")).toBe("lessons has to say something");
    expect(why("on-call", "mallory")).toBe("mallory is not on call");
    expect(why("channel", "dana", { ...policy, notify: [{ kind: "log" }] })).toContain("no channel");
  });
});
