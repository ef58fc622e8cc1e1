import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../../src/config/suggest.ts";

describe("editDistance", () => {
  it.each([
    ["soak", "soak", 0, "equal"],
    ["sok", "soak", 1, "a letter missing"],
    ["soack", "soak", 1, "a letter too many"],
    ["sosk", "soak", 1, "a wrong letter"],
    ["saok", "soak", 1, "two swapped"],
    ["", "soak", 4, "nothing"],
    ["kitten", "sitting", 3, "the textbook's"],
  ])("%s → %s is %d (%s)", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is 0 for equal words alone, symmetric, and no more than the longer word", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("nearest", () => {
  const keys = ["soak", "look", "drain", "gates", "increments", "metrics"];
  it.each<[string, string | undefined, string]>([
    ["sok", "soak", "one letter"],
    ["Increment", "increments", "case and an s"],
    ["metric", "metrics", "an s"],
    ["lok", "look", "nearer than soak"],
    ["colour", undefined, "nothing near"],
    ["x", undefined, "a short word is near to nothing"],
  ])("%s → %s (%s)", (written, known) => {
    expect(nearest(written, keys)).toBe(known);
  });
});
