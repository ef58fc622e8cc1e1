import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";
import { validFlag, validVariants } from "./valid-flag.ts";

function withFlag(flag: object, more: object = {}) {
  return { ...sandboxConfig, ...more, flag: { ...validFlag, ...flag } };
}

const lever = { kind: "app-configuration" };

/** Flags that are wrong by themselves, or beside the strategy and the lever. */
export const brokenFlags: readonly BrokenConfig[] = [
  {
    name: "a key, an endpoint and shares as nobody takes them",
    why: "the key is made of the id; an endpoint without https would send a token in the clear",
    written: withFlag({ id: "a:b", endpoint: "atp-prod", phases: [0, 50, 101] }),
    expected: [
      { path: "rollout.flag.id", received: "a:b", rule: "without colon", hint: "AuditTrail" },
      { path: "rollout.flag.endpoint", received: "atp-prod", rule: "URL", hint: "https" },
      { path: "rollout.flag.phases[0]", received: "0", rule: "1", hint: "10" },
      { path: "rollout.flag.phases[2]", received: "101", rule: "100", hint: "10" },
    ],
  },
  {
    name: "phases that fall, and tenants both in and out",
    why: "a phase never takes the feature from a tenant; an exclusion would win in silence",
    written: withFlag({
      phases: [10, 50, 25, 100],
      exclude: { users: ["tenant-beta-002"], groups: ["beta-testers", "regulated"] },
    }),
    expected: [
      { path: "rollout.flag.phases[2]", received: "25", rule: "more than the phase before", hint: "order" },
      {
        path: "rollout.flag.exclude.users",
        received: "tenant-beta-002",
        rule: "nobody who stands in flag.beta (tenant-beta-002)",
        hint: "exclusion wins",
      },
      {
        path: "rollout.flag.exclude.groups",
        received: "regulated",
        rule: "nobody who stands in flag.beta (beta-testers)",
        hint: "exclusion wins",
      },
    ],
  },
  {
    name: "phases that never reach everybody",
    why: "the flag would be settled at a half, and say that it is on",
    written: withFlag({ phases: [10, { percentage: 50, soak: "1h" }] }),
    expected: [
      { path: "rollout.flag.phases[1]", received: "50", rule: "last phase is 100", hint: "Add 100" },
    ],
  },
  {
    name: "an A/B test without its sides, over a part of a group",
    why: "an allocation takes a group as a whole",
    written: withFlag({ by: "variant", beta: { groups: [{ name: "ring-0", percentage: 50 }] } }),
    expected: [
      { path: "rollout.flag.variants", rule: "required: the two variants", hint: "sha512" },
      {
        path: "rollout.flag.beta.groups[0].percentage",
        received: "50",
        rule: "100 with by: variant",
        hint: "as a whole",
      },
    ],
  },
  {
    name: "a value that YAML has and JSON hasn't",
    why: "no application could be given it",
    written: withFlag({
      by: "variant",
      variants: { ...validVariants, on: { name: "n", value: [Number.NaN] } },
    }),
    expected: [
      { path: "rollout.flag.variants.on.value", received: "", rule: "a value that JSON has", hint: "number" },
    ],
  },
  {
    name: "two sides with one name, and cohorts with one value",
    why: "nobody could tell them apart",
    written: withFlag({
      by: "variant",
      variants: { ...validVariants, off: { name: "sha512" } },
      cohort: { on: "new", off: "new" },
    }),
    expected: [
      { path: "rollout.flag.variants.off.name", received: "sha512", rule: "another name", hint: "one" },
      { path: "rollout.flag.cohort.off", received: "new", rule: "another value", hint: "on and off" },
    ],
  },
  {
    name: "variants that nobody would get, and exclusions that chance passes over",
    why: "under Any a tenant whom Targeting keeps out is let in by Percentage",
    written: withFlag({ by: "percentage", variants: validVariants, exclude: { users: ["tenant-1"] } }),
    expected: [
      {
        path: "rollout.flag.exclude",
        received: "tenant-1",
        rule: "absent with by: percentage",
        hint: "Chance",
      },
      { path: "rollout.flag.variants", received: "sha512", rule: "absent with by: percentage", hint: "by" },
    ],
  },
  {
    name: "a strategy that opens a flag, and none",
    why: "the code would be dark for ever",
    written: { ...sandboxConfig, strategy: "combined" },
    expected: [{ path: "rollout.flag", rule: "required: the flag that is opened", hint: "flag: { id" }],
  },
  {
    name: "a flag alone by a canary",
    why: "the lever app-configuration has no route to put weights on",
    written: { ...validConfig, flag: validFlag, lever, increments: [5, 100] },
    expected: [
      {
        path: "rollout.increments",
        received: "[5,100]",
        rule: "absent beside the lever",
        hint: "flag.phases",
      },
      { path: "rollout.strategy", rule: "feature-flag or combined", hint: "strategy: feature-flag" },
    ],
  },
  {
    name: "a flag beside slots",
    why: "the code goes by a canary, and slots have none",
    written: {
      ...validConfig,
      strategy: "feature-flag",
      lever: {
        kind: "app-service-slot",
        subscriptionId: "0b1f",
        resourceGroup: "rg",
      },
      flag: validFlag,
    },
    expected: [
      {
        path: "rollout.lever.kind",
        received: "app-service-slot",
        rule: "a route of Kubernetes or app-configuration",
        hint: "stack of its own",
      },
      { path: "rollout.strategy", received: "feature-flag", rule: "blue-green", hint: "" },
    ],
  },
];
