import { createFlagLever } from "../../src/adapters/flags/flag-lever.ts";
import { lastRollout } from "../../src/driver/resume.ts";
import { type RunOptions, runRollout } from "../../src/driver/run.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import { createVirtualClock } from "../../src/sandbox/clock.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aPolicy } from "./builders.ts";
import { createMemoryHealth } from "./memory-health.ts";
import { createMemoryNotify } from "./memory-notify.ts";
import { createMemoryRecord } from "./memory-record.ts";
import { createMemoryRuntime } from "./memory-runtime.ts";
import { createWorld } from "./memory-world.ts";

/** A whole driver over memory: a real loop on a virtual clock that jumps from sleep to sleep. */
export function aDriver(
  options: {
    readonly policy?: Partial<EnvironmentPolicy>;
    readonly installed?: string | null;
    readonly startMs?: number;
  } = {},
) {
  const policy = aPolicy(options.policy);
  const clock = createVirtualClock({ startMs: options.startMs ?? Date.UTC(2026, 0, 15, 10) });
  const { runtime: base, wall } = createMemoryRuntime();
  const stop = new AbortController();
  const runtime = { ...base, clock, signal: stop.signal };
  const installed = options.installed === undefined ? "1.2.3" : options.installed;
  const world = createWorld({ policy, clock, ...(installed === null ? {} : { installed }) });
  const record = createMemoryRecord({ runtime });
  const notify = createMemoryNotify();
  const health = createMemoryHealth();
  const { flag } = world;
  const asFlag = flag &&
    policy.flag && {
      lever: createFlagLever({
        flags: flag.flags,
        spec: policy.flag.spec,
        clock,
        refreshMs: policy.flag.refreshSeconds * 1000,
      }),
      flags: flag.flags,
      metrics: flag.metrics,
      health,
    };
  const deps: DriverDeps = {
    engine: world.engine,
    lever: world.lever,
    metrics: world.metrics,
    health,
    record,
    notify: [notify],
    runtime,
    policy,
    ...(asFlag ? { flag: asFlag } : {}),
    secrets: ["hunter2-hunter2"],
  };
  if (asFlag && policy.platform === "app-configuration") {
    // One lever, whoever asks for it: a test may put another in its place.
    Object.assign(deps, {
      lever: asFlag.lever,
      metrics: asFlag.metrics,
      flag: {
        ...asFlag,
        get lever() {
          return deps.lever;
        },
      },
    });
  }
  const run = (more: Partial<RunOptions> = {}) =>
    runRollout(deps, { version: "1.2.4", holder: "test", ...more });
  const entries = () => record.state.entries;
  /** Effects of the last rollout, in order. */
  const effects = () =>
    entries()
      .filter((entry) => entry.kind === "effect")
      .map((entry) => String(entry.data["effect"]));
  const rolloutId = () => lastRollout(entries())?.rolloutId ?? "";
  return { deps, world, record, notify, health, clock, wall, run, entries, effects, rolloutId, stop };
}
