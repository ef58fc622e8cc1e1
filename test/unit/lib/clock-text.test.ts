import { describe, expect, it } from "vitest";
import { clockText } from "../../../src/lib/clock-text.ts";

const minutes = (count: number) => count * 60_000;

describe("a moment as people of a zone read it", () => {
  it.each([
    ["America/New_York", "2:30 PM EST"],
    ["Europe/Berlin", "8:30 PM GMT+1"],
    ["UTC", "7:30 PM UTC"],
    ["Asia/Kolkata", "1:00 AM GMT+5:30"],
  ])("%s: %s", (zone, text) => {
    expect(clockText(Date.UTC(2026, 0, 15, 19, 30), zone)).toBe(text);
  });

  it("has the zone's name of that moment: clocks go forward between now and then", () => {
    // New York, 8 Mar 2026: 2:00 AM EST is 3:00 AM EDT.
    const before = Date.UTC(2026, 2, 8, 6, 50);
    expect(clockText(before, "America/New_York")).toBe("1:50 AM EST");
    expect(clockText(before + minutes(15), "America/New_York", before)).toBe("3:05 AM EDT");
  });

  it("has it where an hour comes twice: clocks go back", () => {
    // New York, 1 Nov 2026: 2:00 AM EDT is 1:00 AM EST.
    const first = Date.UTC(2026, 10, 1, 5, 45);
    expect(clockText(first, "America/New_York")).toBe("1:45 AM EDT");
    expect(clockText(first + minutes(60), "America/New_York", first)).toBe("1:45 AM EST");
  });

  it("says the day where that is another one there, also over midnight UTC alone", () => {
    const at = Date.UTC(2026, 0, 15, 23, 55);
    expect(clockText(at + minutes(15), "UTC", at)).toBe("Fri, Jan 16, 12:10 AM UTC");
    expect(clockText(at + minutes(15), "America/New_York", at)).toBe("7:10 PM EST");
  });

  it("throws on a zone that nobody knows", () => {
    expect(() => clockText(0, "Mars/Olympus")).toThrow(RangeError);
  });
});
