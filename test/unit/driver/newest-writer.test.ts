import { expect, it } from "vitest";
import { newestWriter } from "../../../src/driver/newest-writer.ts";
import { manualClock, until } from "../../support/memory-runtime.ts";

function aWriter(write?: (value: number) => Promise<void>) {
  const wall = manualClock(0);
  const written: number[] = [];
  const failures: unknown[] = [];
  const writer = newestWriter<number>({
    wall,
    everyMs: 1_000,
    failed: (error) => failures.push(error),
    write: async (value) => {
      await write?.(value);
      written.push(value);
    },
  });
  const pauses = () => until(() => wall.sleepers() === 1);
  return { wall, written, failures, writer, pauses };
}

it("writes the first at once, then the newest at each interval, then what is left", async () => {
  const { wall, written, writer, pauses } = aWriter();
  for (const value of [1, 2, 3]) writer.push(value);
  await pauses();
  await wall.advance(999);
  expect(written).toEqual([1]);
  await wall.advance(1);
  await pauses();
  expect(written).toEqual([1, 3]);
  writer.push(4);
  await writer.close();
  expect(written).toEqual([1, 3, 4]);
});

it("writes at once again after a silence, and nothing twice", async () => {
  const { wall, written, writer, pauses } = aWriter();
  writer.push(1);
  await pauses();
  await wall.advance(5_000);
  expect(wall.sleepers()).toBe(0);
  writer.push(2);
  await pauses();
  expect(written).toEqual([1, 2]);
  await writer.close();
  await writer.close();
  expect(written).toEqual([1, 2]);
});

it("tells a write that failed, and writes nothing behind it", async () => {
  const { written, failures, writer } = aWriter(async (value) => {
    if (value === 1) throw new Error("full");
  });
  writer.push(1);
  writer.push(2);
  await until(() => failures.length === 1);
  writer.push(3);
  await writer.close();
  expect(failures).toEqual([new Error("full")]);
  expect(written).toEqual([]);
});
