import { describe, expect, it } from "vitest";
import {
  addUp,
  increases,
  presence,
  slowIncreases,
  type Track,
} from "../../../../src/adapters/metrics/counters.ts";

const _ = undefined;
const always = () => true;
const never = () => false;

describe("increases", () => {
  it.each<[string, Track, (step: number) => boolean, number[]]>([
    ["consecutive samples are subtracted", [5, 7, 7, 20], never, [0, 2, 0, 13]],
    [
      "the first sample of the grid is a base line, however the series was born",
      [1_000_000, 1_000_001],
      always,
      [0, 1],
    ],
    ["a decrease is a reset: the new value counts from 0", [100, 130, 4, 9], never, [0, 30, 4, 5]],
    ["a reset to exactly 0 adds nothing", [100, 0, 3], never, [0, 0, 3]],
    [
      "born at a value counts from 0 (prometheus#1673: increase() says 0)",
      [_, _, 1, 1],
      always,
      [0, 0, 1, 0],
    ],
    ["what came before the second scrape is not lost (prometheus#3886)", [_, 8, 9, 13], always, [0, 8, 1, 4]],
    [
      "a new pod of a rolling update counts from its start (prometheus#12967)",
      [_, _, 21, 21, 30],
      always,
      [0, 0, 21, 0, 9],
    ],
    ["born where nothing was seen before is a base line", [_, _, 5_000, 5_010], never, [0, 0, 0, 10]],
    ["over a gap the growth falls where the series is back", [10, _, _, 25], always, [0, 0, 0, 15]],
    ["a reset within a gap is seen by the decrease", [10, _, 3], always, [0, 0, 3]],
    ["a series that ends adds nothing", [10, 12, _, _], always, [0, 2, 0, 0]],
    ["a series without samples is nothing", [_, _, _], always, [0, 0, 0]],
  ])("%s", (_name, track, born, expected) => {
    expect(increases(track, born)).toEqual(expected);
  });

  it("asks about birth with the step at which it happened", () => {
    expect(increases([_, 3, _, 4], (step) => step === 1)).toEqual([0, 3, 0, 1]);
    expect(increases([_, _, 3], (step) => step === 1)).toEqual([0, 0, 0]);
  });
});

describe("slowIncreases", () => {
  it.each<[string, Track, Track, number[]]>([
    ["all minus fast", [10, 20, 40], [10, 18, 30], [0, 2, 8]],
    ["born at a value", [_, 20, 40], [_, 15, 35], [0, 5, 0]],
    ["a reset that only the fast bucket shows: both count from 0", [100, 120], [90, 50], [0, 70]],
    ["a reset that both show", [100, 12], [90, 10], [0, 2]],
    ["a step with only one of both is left out, and made up for later", [10, 20, 30], [10, _, 25], [0, 0, 5]],
    ["a scrape in the middle of a write is never negative", [10, 20], [10, 21], [0, 0]],
  ])("%s", (_name, all, fast, expected) => {
    expect(slowIncreases(all, fast, always)).toEqual(expected);
  });
});

it("adds up after differencing: a reset of one pod does not swallow another's growth", () => {
  const pods: Track[] = [
    [100, 150, 5],
    [200, 210, 260],
  ];
  expect(
    addUp(
      pods.map((track) => increases(track, never)),
      3,
    ),
  ).toEqual([0, 60, 55]);
  expect(addUp([], 2)).toEqual([0, 0]);
});

it("knows at which steps something was seen; a sample of 0 is something", () => {
  expect(
    presence(
      [
        [_, 0, _],
        [_, _, 5],
      ],
      3,
    ),
  ).toEqual([false, true, true]);
});
