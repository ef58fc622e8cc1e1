import { describe, expect, it } from "vitest";
import { renderOutcome } from "../../../src/cli/render/outcome.ts";
import { createTimeline } from "../../../src/cli/render/timeline.ts";
import type { JournalEntry } from "../../../src/types/journal.ts";
import { aDriver } from "../../support/drive.ts";

function linesOf(entries: readonly JournalEntry[], color = false): string {
  const timeline = createTimeline({ color });
  return entries.flatMap((entry) => timeline(entry) ?? []).join("\n");
}

/** Wall times of a real machine would differ from run to run. */
function steady(text: string): string {
  return text.replaceAll(/\d+(\.\d)? (ms|s) after the verdict/g, "T after the verdict");
}

describe("the timeline of a whole rollout", () => {
  it("a promotion", async () => {
    const driver = aDriver();
    const outcome = await driver.run();
    const text = `${linesOf(driver.entries())}\n\n${renderOutcome(outcome, { color: false })}\n`;
    await expect(steady(text)).toMatchFileSnapshot("../../golden/cli/timeline-promotion.txt");
  });

  it("a revert, with each ordered effect and its time", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    await driver.run();
    const text = linesOf(driver.entries());
    await expect(steady(`${text}\n`)).toMatchFileSnapshot("../../golden/cli/timeline-revert.txt");
    const order = [
      "lever",
      "read-back",
      "stack-at-zero",
      "drained",
      "candidate-removed",
      "stable-verified",
      "error-rate",
      "message",
      "reverted",
    ];
    const places = order.map((label) => text.lastIndexOf(` ${label} `));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it("an outage of the metrics: silence is said once, then the hold, then who is asked", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    await driver.run();
    await expect(`${linesOf(driver.entries())}\n`).toMatchFileSnapshot("../../golden/cli/timeline-held.txt");
  });

  it("a rollout that is taken up counts on from its begin", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    await driver.run();
    const text = linesOf(driver.entries());
    expect(text).toMatch(/00:15:\d\d {2}■ held at 5 %/);
    expect(text).toMatch(/00:15:\d\d {2}↻ 5 % +taken up in held/);
    expect(text).toMatch(/01:0\d:\d\d {2}★ promoted/);
  });
});

describe("colour", () => {
  it("is absent unless it is asked for", async () => {
    const driver = aDriver();
    await driver.run();
    expect(linesOf(driver.entries())).not.toContain("\u001b[");
    expect(linesOf(driver.entries(), true)).toContain("\u001b[32m");
  });

  it("paints the whole line of a failed verdict red", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = () => 5;
    await driver.run();
    const failed = linesOf(driver.entries(), true)
      .split("\n")
      .find((line) => line.includes("✗ 5 %"));
    expect(failed).toContain("\u001b[31m");
  });
});

const begin = Date.UTC(2026, 0, 15, 10);
function entry(over: Partial<JournalEntry>, seconds = 0): JournalEntry {
  const at = new Date(begin + seconds * 1000).toISOString();
  return {
    schemaVersion: 1,
    seq: 1,
    rolloutId: "r",
    leaseToken: 1,
    at,
    wallAt: at,
    kind: "observed",
    state: "soaking",
    step: "20",
    planHash: "h",
    data: {},
    ...over,
  };
}

const single: readonly { why: string; entry: Partial<JournalEntry>; line: string | undefined }[] = [
  {
    why: "a driver that was told to stop",
    entry: { data: { interrupted: true, message: "asked to stop in soaking" } },
    line: "00:00:07  ! 20 %              asked to stop in soaking",
  },
  {
    why: "a clearance of a quarantined version",
    entry: { data: { clearance: { by: "dana", cause: "pool fixed" } } },
    line: "00:00:07  ○ quarantine        lifted by dana: pool fixed",
  },
  {
    why: "an update that failed",
    entry: {
      kind: "effect",
      data: { effect: "up", ok: false, ms: 900, failure: { message: "ImagePullBackOff" } },
    },
    line: "00:00:07  ✗ 20 %              the update failed: ImagePullBackOff",
  },
  {
    why: "a lever that failed",
    entry: { kind: "effect", data: { effect: "lever", ok: false, message: "the lever x failed: 503" } },
    line: "00:00:07  ✗ lever             the lever x failed: 503",
  },
  {
    why: "a state that differs after a revert",
    entry: {
      kind: "effect",
      data: { effect: "state-equal", ok: false, differences: ["changed: a", "missing: b"] },
    },
    line: "00:00:07  ✗ state-equal       differs: changed: a; missing: b",
  },
  {
    why: "an error rate that is still high is said, not hidden",
    entry: {
      kind: "effect",
      data: { effect: "error-rate", ok: false, message: "the error rate is still high: 2 %" },
    },
    line: "00:00:07  ✗ error-rate        the error rate is still high: 2 %",
  },
  {
    why: "a message that did not arrive",
    entry: {
      kind: "effect",
      data: { effect: "message", ok: false, channel: "webhook", title: "T", message: "HTTP 500" },
    },
    line: '00:00:07  ! message           webhook did not take "T": HTTP 500',
  },
  {
    why: "progress messages repeat what the timeline says",
    entry: {
      kind: "effect",
      data: { effect: "message", ok: true, channel: "log", kind: "progress", title: "T" },
    },
    line: undefined,
  },
  {
    why: "an intent is for the journal",
    entry: { kind: "intent", data: { effect: "lever" } },
    line: undefined,
  },
  {
    why: "an effect of a later version",
    entry: { kind: "effect", data: { effect: "new", ok: true } },
    line: undefined,
  },
];

describe("single lines", () => {
  it.each(single)("$why", ({ entry: over, line }) => {
    const timeline = createTimeline({ color: false });
    timeline(entry({}));
    expect(timeline(entry(over, 7))).toBe(line);
  });

  it("counts hours and minutes from the begin", () => {
    const timeline = createTimeline({ color: false });
    timeline(entry({}));
    expect(timeline(entry({ data: { interrupted: true, message: "x" } }, 3 * 3600 + 4 * 60 + 5))).toMatch(
      /^03:04:05 /,
    );
  });
});
