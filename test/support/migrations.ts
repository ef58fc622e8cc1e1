import type { Migration, MigrationPhase, PhasePlan } from "../../src/types/migration.ts";

/** `orders.total` in euros becomes `orders.total_cents`, as the guide has it: five phases, weeks before the last. */
export function aMigration(overrides: Partial<Migration> = {}): Migration {
  const phases: Record<MigrationPhase, PhasePlan> = {
    expand: {
      forward: [{ kind: "command", run: ["migrate", "add-column"] }],
      reverse: { possible: true, actions: [{ kind: "command", run: ["migrate", "drop-new-column"] }] },
    },
    "dual-write": {
      forward: [{ kind: "deploy", version: "2.0.0" }],
      reverse: { possible: true, actions: [{ kind: "deploy", version: "1.0.0" }] },
    },
    backfill: {
      forward: [{ kind: "command", run: ["migrate", "backfill"], timeoutSeconds: 21_600 }],
      // What was filled stays: nobody reads it, and dual writes keep it true.
      reverse: { possible: true, actions: [] },
    },
    "switch-reads": {
      forward: [{ kind: "deploy", version: "3.0.0" }],
      reverse: { possible: true, actions: [{ kind: "deploy", version: "2.0.0" }] },
    },
    contract: {
      forward: [
        { kind: "command", run: ["migrate", "relax"] },
        { kind: "deploy", version: "4.0.0" },
        { kind: "command", run: ["migrate", "drop-column"] },
      ],
      reverse: { possible: false, reason: "the old column is gone" },
    },
  };
  return {
    schemaVersion: 1,
    id: "orders-total-cents",
    phases,
    contractAfterSeconds: 14 * 24 * 3600,
    onFailure: "revert",
    ...overrides,
  };
}
