import { writeDuration } from "../lib/duration.ts";
import { routesCohort } from "../lib/strategies.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { isObject, valueAt } from "./json.ts";
import { issueAt, type Rule, type RuleInput } from "./rule.ts";
import { sustainedOf } from "./settings.ts";

const totalSoak = (policy: EnvironmentPolicy) =>
  policy.increments.reduce((sum, { soakSeconds }) => sum + soakSeconds, 0);

/** Where each soak is written: one place for all increments that share it. */
function soaksByPlace({ written, policy }: RuleInput): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  policy.increments.forEach(({ soakSeconds }, index) => {
    const own = isObject(written.increments?.[index]) && valueAt(written.increments[index], ["soak"]);
    places.set(typeof own === "string" ? `increments[${index}].soak` : "soak", soakSeconds);
  });
  return places;
}

/** A trigger gets the time to speak. */
export const soakCoversGates: Rule = {
  name: "soak-covers-gates",
  says: "A soak is at least as long as the longest time that a trigger must last, or the trigger could never speak. Only a strategy without increments may go unwatched (`soak: 0s`).",
  reads: ["preset", "strategy", "increments", "soak", "gates"],
  check: (input) => {
    const { errorRate, p95, windowSeconds } = input.policy.gates;
    const needed = Math.max(errorRate.windows, p95.windows) * windowSeconds;
    const gate = errorRate.windows > p95.windows ? "errorRate" : "p95";
    return [...soaksByPlace(input)]
      .filter(([, soak]) => soak < needed && !(soak === 0 && input.policy.strategy !== "canary"))
      .map(([place, soak]) =>
        issueAt(input.written, place, {
          rule: `a soak (here ${writeDuration(soak)}) of at least ${writeDuration(needed)}, the time that gates.${gate} must last`,
          hint: `Write at least "${writeDuration(needed)}", or shorten gates.${gate}.for and gates.window.`,
        }),
      );
  },
};

/** Somebody looks before a soak ends. */
export const lookWithinSoak: Rule = {
  name: "look-within-soak",
  says: "A look comes at least once in each soak.",
  reads: ["preset", "strategy", "increments", "soak", "look"],
  check: ({ written, policy }) => {
    const soaks = policy.increments.map(({ soakSeconds }) => soakSeconds).filter((soak) => soak > 0);
    const shortest = Math.min(...soaks);
    if (policy.lookSeconds <= shortest) return [];
    return [
      issueAt(written, "look", {
        rule: `at most the shortest soak, ${writeDuration(shortest)}`,
        hint: `${writeDuration(policy.lookSeconds)} between looks is longer: nobody would look before the soak ends. 10s is usual.`,
      }),
    ];
  },
};

/** A time that a trigger must last is counted in windows. */
export const wholeWindows: Rule = {
  name: "whole-windows",
  says: "The time that a trigger must last is a whole number of windows.",
  reads: ["gates"],
  check: ({ written, policy }) => {
    const { windowSeconds } = policy.gates;
    const { errorRateSeconds, p95Seconds } = sustainedOf(written);
    const asked = [
      ["errorRate", errorRateSeconds],
      ["p95", p95Seconds],
    ] as const;
    return asked
      .filter(([, seconds]) => seconds % windowSeconds !== 0)
      .map(([gate, seconds]) => {
        const own = valueAt(written, ["gates", gate, "for"]) !== undefined;
        const next = Math.ceil(seconds / windowSeconds) * windowSeconds;
        return issueAt(written, own ? `gates.${gate}.for` : "gates.window", {
          rule: `gates.${gate}.for (${writeDuration(seconds)}${own ? "" : ", the preset's"}) is a whole number of gates.window (${writeDuration(windowSeconds)})`,
          hint: `Write gates.${gate}.for: ${writeDuration(next)}, or another window.`,
        });
      });
  },
};

/** Exceptions are counted over a span that the rollout can fill. */
export const exceptionsWindow: Rule = {
  name: "exceptions-window",
  says: "The window of the exceptions trigger, where it is written, is at least as long as `gates.window` and at most as long as the whole watch.",
  reads: ["preset", "strategy", "increments", "soak", "gates"],
  check: ({ written, policy }) => {
    const path = "gates.exceptions.window";
    if (valueAt(written, path.split(".")) === undefined) return [];
    const { exceptions, windowSeconds } = policy.gates;
    const watch = totalSoak(policy);
    if (exceptions.windowSeconds < windowSeconds) {
      const rule = `at least gates.window, ${writeDuration(windowSeconds)}`;
      return [issueAt(written, path, { rule, hint: `Write "${writeDuration(windowSeconds)}" or more.` })];
    }
    if (watch > 0 && exceptions.windowSeconds > watch) {
      const rule = `at most the whole watch, ${writeDuration(watch)}`;
      return [
        issueAt(written, path, {
          rule,
          hint: `The window could never be full: write "${writeDuration(watch)}" or less.`,
        }),
      ];
    }
    return [];
  },
};

/** The look after a revert has something to look at. */
export const afterRevertCovers: Rule = {
  name: "after-revert-covers-a-window",
  says: "The metrics window after a revert holds at least one window of the gates.",
  reads: ["gates", "timeouts"],
  check: ({ written, policy }) => {
    const { windowSeconds } = policy.gates;
    if (policy.timeouts.afterRevertSeconds >= windowSeconds) return [];
    const rule = `at least gates.window, ${writeDuration(windowSeconds)}`;
    return [
      issueAt(written, "timeouts.afterRevert", {
        rule,
        hint: `Write "${writeDuration(windowSeconds)}" or more.`,
      }),
    ];
  },
};

/** Increments are not silently ignored. */
export const wholeTraffic: Rule = {
  name: "increments-belong-to-a-canary",
  says: "Only a canary, alone or before a flag, has increments; every other strategy has the one increment 100.",
  reads: ["preset", "strategy", "increments"],
  check: ({ written, policy }) => {
    const single = !routesCohort(policy.strategy);
    if (!single || written.increments === undefined || policy.increments.length === 1) return [];
    const origin = written.strategy === undefined ? `preset ${written.preset}` : "config";
    const rule = `[100] for the strategy ${policy.strategy} (from ${origin})`;
    return [issueAt(written, "increments", { rule, hint: "Remove increments, or write strategy: canary." })];
  },
};
