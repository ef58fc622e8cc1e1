import { defineConfig } from "vitest/config";

/** A poll ends as soon as it holds; the default of a second is short on a machine that pauses. */
const expect = { poll: { timeout: 10_000 } };

/**
 * Four projects, by what they need: `fast` nothing, `engine` the Pulumi engine, `cluster` a control
 * plane too, `bench` a quiet machine. Only `fast` runs files in parallel: the others share two cores
 * with an engine.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          expect,
          include: ["test/{unit,contract,golden,property,architecture}/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "engine",
          expect,
          // Concurrent tests of one file: an engine a core.
          maxConcurrency: 2,
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "cluster",
          expect,
          include: ["test/cluster/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 3_600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
