import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  clearGenerations,
  createGeneration,
  highestGeneration,
} from "../../../../src/adapters/record/store-files.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-generations-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const create = (generation: number) => createGeneration({ dir, generation, content: {}, durable: false });

it("gives a generation to exactly one of many racers, and leaves nothing else behind", async () => {
  const wins = await Promise.all(Array.from({ length: 20 }, () => create(1)));
  expect(wins.filter(Boolean)).toHaveLength(1);
  expect(await readdir(dir)).toEqual(["0000000001.json"]);
});

it("gives nothing to a racer that comes so late that its number was cleared away since", async () => {
  await create(1);
  await create(2);
  await create(3);
  await clearGenerations(dir, 3);
  expect(await create(2)).toBe(false);
  expect(await highestGeneration(dir)).toBe(3);
});

it("knows no generation in a folder that isn't there", async () => {
  expect(await highestGeneration(join(dir, "none"))).toBe(0);
});
