import type { World } from "../../src/cli/world.ts";
import { parseFlag, printFlag } from "../../src/plan/flag-json.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aStackConfig, aWorld, cli } from "../unit/cli/harness.ts";
import { aPolicy } from "./builders.ts";
import { aDriver } from "./drive.ts";
import { aFlag } from "./memory-flag-stack.ts";

export type Driver = ReturnType<typeof aDriver>;

export const flagId = aFlag().spec.id;

/** Short watches: what is tested here is not the judge. */
const flag = aFlag({
  phases: [10, 25, 50, 100].map((percentage) => ({ percentage, soakSeconds: 60 })),
  betaSoakSeconds: 60,
});
const { gates } = aPolicy();
const quick: Partial<EnvironmentPolicy> = {
  lookSeconds: 30,
  gates: { ...gates, errorRate: { limitPercent: 1, windows: 1 }, p95: { limitMs: 1000, windows: 1 } },
  strategy: "feature-flag",
  flag,
};

/** A service with its flag beside it. */
export const beside: Partial<EnvironmentPolicy> = {
  ...quick,
  increments: [20, 100].map((exposure) => ({ exposure, soakSeconds: 60 })),
};

/** A flag that is all that its stack rolls out. */
export const alone: Partial<EnvironmentPolicy> = {
  ...quick,
  platform: "app-configuration",
  increments: flag.phases.map(({ percentage, soakSeconds }) => ({ exposure: percentage, soakSeconds })),
  lever: { kind: "app-configuration" },
};

/** A stack with a flag in memory and its command line; `on`: the same stack under another policy. */
export function aStack(policy: Partial<EnvironmentPolicy> = beside, on?: Driver) {
  const driver = on === undefined ? aDriver({ policy }) : otherwise(on, aPolicy(policy));
  const world = aWorld(driver, aStackConfig(policy));
  const run = (argv: readonly string[], more: Partial<World> = {}) =>
    cli(argv, { world: { ...world, ...more } });
  return { driver, world, run };
}

function otherwise(driver: Driver, policy: EnvironmentPolicy): Driver {
  const deps = { ...driver.deps, policy };
  return { ...driver, deps };
}

/** What the store has, parsed. */
export function stored({ world }: Driver): Record<string, unknown> {
  return JSON.parse(world.flag?.flags.flag?.value ?? "null");
}

/** Somebody else writes into the flag. */
export function edit(
  { world }: Driver,
  change: (flag: Record<string, unknown>) => Record<string, unknown>,
): void {
  const there = world.flag?.flags.flag;
  if (there === undefined) throw new Error("there is no flag");
  world.flag?.flags.put({ ...there, value: printFlag(change({ ...parseFlag(there.value) })) });
}
