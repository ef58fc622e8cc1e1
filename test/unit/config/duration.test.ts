import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration, writeDuration } from "../../../src/lib/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["15m", 900_000],
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["1m500ms", 60_500],
    ["0s", 0],
    ["1h1m1s1ms", 3_661_001],
  ])("%s", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms, seconds: ms / 1000 });
  });

  it.each<[unknown, string, string]>([
    [15, '"15s" or "15m"', "a number"],
    ["15", '"15s" or "15m"', "a number as text"],
    ["15 min", 'Write "15m".', "loose unit"],
    ["2 Hours", 'Write "2h".', "a word"],
    ["30m1h", "the longer unit first", "order"],
    ["1m1m", "the longer unit first", "a unit twice"],
    ["1.5h", "whole numbers", "a fraction"],
    ["-5m", "whole numbers", "negative"],
    ["", "whole numbers", "nothing"],
    ["m", "whole numbers", "a unit alone"],
    ["15m ", 'Write "15m".', "a space"],
    [null, 'Write it as a text: "15m".', "null"],
    [undefined, "text", "undefined"],
    [{ secure: "x" }, "text", "an object"],
  ])("refuses %j: %s (%s)", (written, hint) => {
    expect(parseDuration(written)).toMatchObject({ ok: false, hint: expect.stringContaining(hint) });
  });

  it("reads back what writeDuration writes, for every whole millisecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (ms) => {
        expect(parseDuration(writeDuration(ms / 1000))).toEqual({ ok: true, ms, seconds: ms / 1000 });
      }),
    );
  });

  it("never throws, whatever it gets", () => {
    fc.assert(fc.property(fc.anything(), (written) => typeof parseDuration(written).ok === "boolean"));
  });

  it("writes each duration in one way: what it reads, it writes as short as that", () => {
    const part = (unit: string, max: number) => fc.integer({ min: 1, max }).map((count) => `${count}${unit}`);
    const text = fc.oneof(
      part("h", 999),
      part("m", 59),
      part("s", 59),
      part("ms", 999),
      fc.tuple(part("h", 99), part("m", 59)).map((parts) => parts.join("")),
      fc.tuple(part("m", 59), part("s", 59), part("ms", 999)).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (written) => {
        const parsed = parseDuration(written);
        expect(parsed.ok && writeDuration(parsed.seconds)).toBe(written);
      }),
    );
  });
});

describe("formatDuration, for people", () => {
  it.each([
    [900, "15 min"],
    [5400, "1 h 30 min"],
    [90, "1 min 30 s"],
    [0.5, "500 ms"],
    [0, "0 s"],
    [3600, "1 h"],
    [0.0004, "0 s"],
  ])("%d s: %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
