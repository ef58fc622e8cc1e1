import { describe, expect, it } from "vitest";
import { type DuringLook, duringChecklist, notLooked } from "../../../src/analysis/checklist-during.ts";
import { met } from "../../../src/analysis/checklist-status.ts";
import { type DuringItem, duringItems } from "../../../src/types/checklist.ts";

const now = Date.UTC(2026, 0, 15, 10);
const slack = { name: "slack", kind: "slack" } as const;
const log = { name: "log", kind: "log" } as const;

const whole: DuringLook = {
  nowMs: now,
  sinceMs: now - 600_000,
  rehearsed: false,
  stack: "prod",
  counts: { readAtMs: now },
  exceptions: { by: "source", atMs: now, types: [] },
  queue: met("the queue holds 3 messages"),
  health: { candidate: { status: "ok" }, stable: { status: "ok" } },
  told: { channels: [{ ...slack, sentAtMs: now - 599_000 }] },
  requests: { read: true },
};

/** One item of a look that is whole but for this. */
function found(item: DuringItem, look: Partial<DuringLook>) {
  const items = duringChecklist({ waived: [] }, { ...whole, ...look });
  const others = items.filter((one) => one.item !== item);
  expect(others.filter(({ status }) => status !== "met")).toEqual([]);
  return items.find((one) => one.item === item) ?? expect.unreachable();
}

it("has the guide's six items, in their order; a look that was cut short has met none", () => {
  const items = duringChecklist({ waived: [] }, whole);
  expect(items.map(({ item, status }) => [item, status])).toEqual(duringItems.map((item) => [item, "met"]));
  const waived = [{ item: "status-told", by: "ann", reason: "known" }] as const;
  const cut = notLooked({ waived }, "the look was cut short");
  expect(cut.map(({ status }) => status)).toEqual(["unmet", "unmet", "unmet", "unmet", "waived", "unmet"]);
});

describe("error-rate-fresh", () => {
  it.each([
    [0, "met"],
    [30_000, "met"],
    [30_001, "unmet"],
  ])("read %i ms ago: %s", (ms, status) => {
    expect(found("error-rate-fresh", { counts: { readAtMs: now - ms } }).status).toBe(status);
  });

  it("never read, or read too long ago, says what the source said", () => {
    expect(found("error-rate-fresh", { counts: { trouble: "HTTP 503" } }).evidence).toBe(
      "the error rate was not read yet (HTTP 503)",
    );
    const old = found("error-rate-fresh", { counts: { readAtMs: now - 40_000, trouble: "no rows" } });
    expect(old.evidence).toBe("the error rate was read 40 s ago, and has to be every 30 s (no rows)");
  });
});

describe("exceptions-watched", () => {
  const types = Array.from({ length: 7 }, (_, index) => ({ type: `E${index}`, count: 7 - index }));

  it("says the five most frequent, and that there are more", () => {
    expect(found("exceptions-watched", { exceptions: { by: "source", atMs: now, types } }).evidence).toBe(
      "exceptions since the step began: E0 7, E1 6, E2 5, E3 4, E4 3, and 2 more types",
    );
    expect(found("exceptions-watched", {}).evidence).toBe("no exceptions since the step began");
  });

  it.each([
    ["an answer of a minute ago", { by: "source", atMs: now - 60_000, types }, "met"],
    ["an older one", { by: "source", atMs: now - 60_001, types }, "unmet"],
    ["trouble", { by: "source", trouble: "HTTP 503" }, "unmet"],
    ["nobody", { by: "person" }, "unmet"],
  ] as const)("%s: %s", (_, exceptions, status) => {
    expect(found("exceptions-watched", { exceptions }).status).toBe(status);
  });

  it("a person's word is theirs", () => {
    const at = new Date(now).toISOString();
    const confirmed = { item: "exceptions-watched", by: "ann", note: "on the blade", at } as const;
    expect(found("exceptions-watched", { exceptions: { by: "person", confirmed } })).toEqual({
      item: "exceptions-watched",
      status: "met",
      how: "person",
      by: "ann",
      at,
      evidence: "on the blade",
    });
  });
});

describe("health-endpoints", () => {
  const ill = { status: "unhealthy", httpStatus: 204, path: "/health" } as const;
  const silent = { status: "no-answer", message: "ECONNREFUSED" } as const;
  const ok = { status: "ok" } as const;
  it.each([
    [{ service: ok }, "met", "service answer 200"],
    [{ candidate: ok, stable: ill }, "unmet", "stable: HTTP 204 from /health"],
    [
      { candidate: silent, stable: ill },
      "unmet",
      "candidate: no answer (ECONNREFUSED); stable: HTTP 204 from /health",
    ],
    [{}, "unmet", "no health endpoint is asked"],
  ] as const)("%j: %s", (health, status, evidence) => {
    expect(found("health-endpoints", { health })).toMatchObject({ status, evidence });
  });
});

describe("status-told", () => {
  const late = { nowMs: now, sinceMs: now - 120_001 };
  const early = { nowMs: now, sinceMs: now - 120_000 };
  const gone = { ...slack, gaveUp: true, trouble: "HTTP 404" } as const;
  const trying = { ...slack, trouble: "HTTP 503; it is tried again" } as const;
  const sent = { ...slack, sentAtMs: now } as const;
  const logged = { ...log, sentAtMs: now } as const;

  it.each([
    ["delivered", [sent], late, "met"],
    ["delivered on one of two", [gone, { ...sent, name: "teams" }], late, "met"],
    ["not yet, within 2 min", [trying], early, "met"],
    ["not yet, after 2 min", [trying], late, "unmet"],
    ["nothing known of it, after 2 min", [slack], late, "unmet"],
    ["refused by all, at once", [gone], early, "unmet"],
    ["refused by one, tried on another", [gone, { ...trying, name: "teams" }], early, "met"],
    ["a log alone", [logged], late, "met"],
    ["a log beside a dead channel", [logged, gone], late, "unmet"],
    ["no channel for it", [], early, "unmet"],
    ["no message at all", undefined, early, "unmet"],
  ] as const)("%s: %s", (_, channels, span, status) => {
    const told = channels === undefined ? {} : { channels };
    expect(found("status-told", { ...span, told }).status).toBe(status);
  });

  it("names each channel and why", () => {
    const told = { channels: [gone, { ...slack, name: "teams" }] };
    expect(found("status-told", { ...late, told }).evidence).toBe(
      "the status of this step reached nobody: slack: HTTP 404; teams: not delivered",
    );
  });

  it("is rehearsed where channels are replaced", () => {
    expect(found("status-told", { rehearsed: true, told: {} }).evidence).toMatch(/^rehearsed: /);
  });
});

it("pause-offered: unmet where what people ask can't be read", () => {
  const unread = found("pause-offered", { requests: { read: false, message: "EIO: i/o error" } });
  expect(unread).toMatchObject({
    status: "unmet",
    evidence: "what people ask can't be read: EIO: i/o error",
  });
});
