import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig } from "./valid-config.ts";

/** Configs whose increments and times are right one by one and wrong together. */
export const brokenTimes: readonly BrokenConfig[] = [
  {
    name: "increments that fall, repeat, and end below 100",
    why: "exposure only grows, and a rollout ends with everybody",
    written: { ...sandboxConfig, increments: [10, 5, 5, 90] },
    expected: [
      {
        path: "rollout.increments[1]",
        received: "5",
        rule: "more than the increment before it, 10",
        hint: "ascend",
      },
      {
        path: "rollout.increments[2]",
        received: "5",
        rule: "more than the increment before it, 5",
        hint: "ascend",
      },
      {
        path: "rollout.increments[3]",
        received: "90",
        rule: "the last increment is 100",
        hint: "Add 100 after 90",
      },
    ],
  },
  {
    name: "increments wrong in type, in range and in order at once",
    why: "the order speaks of the sound entries beside the broken ones",
    written: { ...sandboxConfig, increments: [20, "40%", { exposure: 10 }, 101] },
    expected: [
      {
        path: "rollout.increments[1]",
        received: '"40%"',
        rule: "a whole number from 1 to 100",
        hint: "5 for 5 %",
      },
      {
        path: "rollout.increments[3]",
        received: "101",
        rule: "a whole number from 1 to 100",
        hint: "5 for 5 %",
      },
      {
        path: "rollout.increments[2].exposure",
        received: "10",
        rule: "more than the increment before it, 20",
        hint: "ascend",
      },
    ],
  },
  {
    name: "no increment",
    why: "an empty list says nothing",
    written: { ...sandboxConfig, increments: [] },
    expected: [
      { path: "rollout.increments", received: "[]", rule: "a list of exposures", hint: "[5, 20, 50, 100]" },
    ],
  },
  {
    name: "a soak that ends before a gate can speak",
    why: "P95 must be breached for 5 minutes: a soak of 1 would always pass",
    written: { ...sandboxConfig, soak: "1m" },
    expected: [
      {
        path: "rollout.soak",
        received: '"1m"',
        rule: "at least 5m, the time that gates.p95 must last",
        hint: "shorten gates.p95.for",
      },
    ],
  },
  {
    name: "one increment's own soak too short",
    why: "the place that wrote it is named, not the common soak",
    written: { ...sandboxConfig, increments: [5, { exposure: 50, soak: "2m" }, 100] },
    expected: [
      {
        path: "rollout.increments[1].soak",
        received: '"2m"',
        rule: "a soak (here 2m) of at least 5m",
        hint: '"5m"',
      },
    ],
  },
  {
    name: "the preset's soak shorter than a gate from config",
    why: "the preset itself may be what doesn't fit",
    written: { ...sandboxConfig, gates: { errorRate: { for: "20m" } } },
    expected: [
      {
        path: "rollout.soak",
        rule: "a soak (here 15m) of at least 20m, the time that gates.errorRate must last",
        hint: "gates.errorRate.for",
      },
    ],
  },
  {
    name: "a canary that nobody watches",
    why: "development has no soak: as a canary it would promote unseen",
    written: { ...sandboxConfig, preset: "development", strategy: "canary" },
    expected: [{ path: "rollout.soak", rule: "a soak (here 0s) of at least 5m", hint: "at least" }],
  },
  {
    name: "a look longer than the soak",
    why: "nobody would look before the soak ends",
    written: {
      ...sandboxConfig,
      soak: "1m",
      look: "2m",
      gates: { errorRate: { for: "1m" }, p95: { for: "1m" } },
    },
    expected: [
      { path: "rollout.look", received: '"2m"', rule: "at most the shortest soak, 1m", hint: "10s" },
    ],
  },
  {
    name: "gates that are no whole number of windows",
    why: "90 s are one and a half windows: which did they mean?",
    written: { ...sandboxConfig, gates: { errorRate: { limit: "1%", for: "90s" }, p95: { for: "5m" } } },
    expected: [
      {
        path: "rollout.gates.errorRate.for",
        received: '"90s"',
        rule: "a whole number of gates.window (1m)",
        hint: "gates.errorRate.for: 2m",
      },
    ],
  },
  {
    name: "a window that doesn't divide the preset's times",
    why: "each trigger that no longer fits is named",
    written: { ...sandboxConfig, gates: { window: "45s" } },
    expected: [
      {
        path: "rollout.gates.window",
        received: '"45s"',
        rule: "gates.errorRate.for (2m, the preset's)",
        hint: "2m15s",
      },
      {
        path: "rollout.gates.window",
        received: '"45s"',
        rule: "gates.p95.for (5m, the preset's)",
        hint: "5m15s",
      },
    ],
  },
  {
    name: "exceptions counted over less than a window, or more than the rollout",
    why: "shorter counts nothing, longer is never full",
    written: { ...sandboxConfig, gates: { exceptions: { window: "30s" } }, timeouts: { afterRevert: "30s" } },
    expected: [
      {
        path: "rollout.gates.exceptions.window",
        received: '"30s"',
        rule: "at least gates.window, 1m",
        hint: '"1m"',
      },
      {
        path: "rollout.timeouts.afterRevert",
        received: '"30s"',
        rule: "at least gates.window, 1m",
        hint: '"1m"',
      },
    ],
  },
  {
    name: "exceptions counted over more than the rollout",
    why: "the window could never be full",
    written: { ...sandboxConfig, gates: { exceptions: { limit: 20, window: "2h" } } },
    expected: [
      {
        path: "rollout.gates.exceptions.window",
        received: '"2h"',
        rule: "at most the whole watch, 1h",
        hint: "never be full",
      },
    ],
  },
];
