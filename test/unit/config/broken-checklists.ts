import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig } from "./valid-config.ts";

/** Checklists that would let something through, or nothing at all. */
export const brokenChecklists: readonly BrokenConfig[] = [
  {
    name: "an unknown item, and one that has a setting of its own",
    why: "whoever waives has to know what",
    written: {
      ...sandboxConfig,
      checklist: {
        waive: [
          { item: "load-tests", by: "dana", reason: "none" },
          { item: "window", by: "dana", reason: "it is urgent" },
        ],
      },
    },
    expected: [
      {
        path: "rollout.checklist.waive[0].item",
        received: '"load-tests"',
        rule: "one of revert-rehearsed, on-call, dashboards",
        hint: "load-test",
      },
      {
        path: "rollout.checklist.waive[1].item",
        received: '"window"',
        rule: "one of revert-rehearsed",
        hint: "window by windows",
      },
    ],
  },
  {
    name: "a waiver without a name or a reason, and one that comes twice",
    why: "the journal keeps who said so and why",
    written: {
      ...sandboxConfig,
      checklist: {
        waive: [
          { item: "smoke", by: "", reason: "none" },
          { item: "flags", by: "dana" },
        ],
      },
    },
    expected: [
      { path: "rollout.checklist.waive[0].by", received: '""', rule: "a text on one line", hint: "dana" },
      { path: "rollout.checklist.waive[1].reason", rule: "a text on one line", hint: "no staging" },
    ],
  },
  {
    name: "the same item waived twice, and a test of Azure that is nowhere",
    why: "which reason holds?",
    written: {
      ...sandboxConfig,
      checklist: {
        waive: [
          { item: "smoke", by: "dana", reason: "none" },
          { item: "smoke", by: "erin", reason: "another" },
        ],
        synthetics: [{ kind: "availability", tests: ["ping"] }],
      },
    },
    expected: [
      {
        path: "rollout.checklist.waive[1].item",
        received: '"smoke"',
        rule: "not waived before",
        hint: "Keep one",
      },
      {
        path: "rollout.checklist.synthetics[0].workspaceId",
        rule: "one of workspaceId and resourceId",
        hint: "or resourceId",
      },
    ],
  },
  {
    name: "true, bare numbers, an unknown kind and no path",
    why: "every part of it decides over a start",
    written: { ...sandboxConfig, checklist: true },
    expected: [
      { path: "rollout.checklist", received: "true", rule: "false, or an object", hint: "Write {}" },
    ],
  },
  {
    name: "a bare duration, days beyond a year, an unknown kind of proof, a scan without a path",
    why: "each of them would be read as something else",
    written: {
      ...sandboxConfig,
      checklist: {
        confirmedWithin: 4,
        revertRehearsed: { withinDays: 0 },
        loadTest: { kind: "ftp", url: "https://a" },
        securityScan: {},
      },
    },
    expected: [
      {
        path: "rollout.checklist.confirmedWithin",
        received: "4",
        rule: "a duration from 1m to 168h",
        hint: '"4s" or "4m"',
      },
      {
        path: "rollout.checklist.revertRehearsed.withinDays",
        received: "0",
        rule: "from 1 to 365",
        hint: "without quotes",
      },
      { path: "rollout.checklist.loadTest.kind", received: '"ftp"', rule: "command", hint: "" },
      { path: "rollout.checklist.securityScan.path", rule: "a text on one line", hint: "trivy.sarif" },
    ],
  },
];
