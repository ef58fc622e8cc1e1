import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig } from "./valid-config.ts";
import { validMigration } from "./valid-migration.ts";

const { phases } = validMigration;

function withPhases(changes: object, more: object = {}) {
  return { ...sandboxConfig, migration: { ...validMigration, ...more, phases: { ...phases, ...changes } } };
}

/** Migrations that are wrong in one phase, or between two. */
export const brokenMigrations: readonly BrokenConfig[] = [
  {
    name: "actions that are neither or both, and a deploy with a time-out",
    why: "one of the two would be left out in silence",
    written: withPhases({
      expand: { do: [{}, { run: ["migrate"], deploy: "2.0.0" }], undo: [] },
      "dual-write": { do: [{ deploy: "2.0.0", timeout: "1h" }], undo: [{ deploy: "1.0.0" }] },
    }),
    expected: [
      { path: "rollout.migration.phases.expand.do[0]", received: "{}", rule: "either run or", hint: "npm" },
      {
        path: "rollout.migration.phases.expand.do[1]",
        received: "2.0.0",
        rule: "either run or deploy",
        hint: "two actions",
      },
      {
        path: "rollout.migration.phases.dual-write.do[0].timeout",
        received: "1h",
        rule: "only beside run",
        hint: "Remove it",
      },
    ],
  },
  {
    name: "no way back, two ways, and one over contract",
    why: "each phase names its way back before it is begun",
    written: withPhases({
      expand: { do: [{ run: ["migrate"] }] },
      backfill: { ...phases.backfill, irreversible: "it is long" },
      contract: { do: phases.contract.do, undo: [{ deploy: "3.0.0" }] },
    }),
    expected: [
      { path: "rollout.migration.phases.expand.undo", rule: "required: undo, or", hint: "undo: []" },
      {
        path: "rollout.migration.phases.backfill.irreversible",
        received: "it is long",
        rule: "not beside undo",
        hint: "leave one",
      },
      {
        path: "rollout.migration.phases.contract.undo",
        received: "3.0.0",
        rule: "irreversible in its place, with the reason",
        hint: "What contract removes is gone",
      },
    ],
  },
  {
    name: "phases that don't fit each other",
    why: "rows would be written to one side alone, or the old column would go under a version that reads it",
    written: withPhases({
      "dual-write": { do: [{ deploy: "2.0.0" }], undo: [{ run: ["true"] }] },
      backfill: { do: [], undo: [] },
      "switch-reads": { do: [{ deploy: "3.0.0" }], undo: [{ deploy: "1.0.0" }] },
      contract: { do: [{ run: ["migrate"] }], irreversible: "gone" },
    }),
    expected: [
      {
        path: "rollout.migration.phases.dual-write.undo",
        received: "true",
        rule: "a deploy",
        hint: "its way back deploys what ran before",
      },
      {
        path: "rollout.migration.phases.backfill.do",
        received: "[]",
        rule: "at least one action",
        hint: "What does backfill do?",
      },
      {
        path: "rollout.migration.phases.switch-reads.undo",
        received: "1.0.0",
        rule: "a deploy of 2.0.0",
        hint: "has to write both sides too",
      },
      {
        path: "rollout.migration.phases.contract.do",
        received: "migrate",
        rule: "a deploy before the last command",
        hint: "no longer uses the old schema",
      },
    ],
  },
  {
    name: "a migration whose shape is wrong",
    why: "a version that YAML took for a number, a phase with a typo, weeks without a unit",
    written: withPhases(
      { "dual-write": { do: [{ deploy: 2 }], undo: [] }, backfil: phases.backfill },
      { id: "Orders", contractAfter: 14, onFailure: "stop" },
    ),
    expected: [
      { path: "rollout.migration.id", received: '"Orders"', rule: "a DNS label", hint: "orders-total-cents" },
      {
        path: "rollout.migration.phases.dual-write.do[0].deploy",
        received: "2",
        rule: "a text on one line",
        hint: '"2.0.0"',
      },
      {
        path: "rollout.migration.phases.backfil",
        received: "do",
        rule: "a known key: expand, dual-write",
        hint: "Did you mean backfill?",
      },
      {
        path: "rollout.migration.onFailure",
        received: "stop",
        rule: "one of revert, freeze",
        hint: "freeze",
      },
      {
        path: "rollout.migration.contractAfter",
        received: "14",
        rule: "a duration from 0s to 4368h",
        hint: '"14s" or "14m"',
      },
    ],
  },
];
