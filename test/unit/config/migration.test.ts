import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { migrationIssues } from "../../../src/lib/migration-rules.ts";
import type { MigrationConfig } from "../../../src/types/migration-config.ts";
import { aMigration } from "../../support/migrations.ts";
import { sandboxConfig } from "./valid-config.ts";
import { validMigration } from "./valid-migration.ts";

function migrationOf(more: object = {}, others: object = {}): MigrationConfig {
  const written = { ...sandboxConfig, ...others, migration: { ...validMigration, ...more } };
  const { migration } = normalizeOrThrow({ written, stack: "prod" });
  if (migration === undefined) throw new Error("the policy has no migration");
  return migration;
}

const weeks = (count: number) => count * 7 * 24 * 3600;

describe("rollout.migration", () => {
  it("comes to a migration that holds, phase by phase", () => {
    const migration = migrationOf();
    expect(migrationIssues(migration)).toEqual([]);
    expect(migration.phases).toEqual({
      expand: {
        forward: [{ kind: "command", run: ["npm", "run", "migrate", "expand"] }],
        reverse: {
          possible: true,
          actions: [{ kind: "command", run: ["npm", "run", "migrate", "unexpand"] }],
        },
      },
      "dual-write": aMigration().phases["dual-write"],
      backfill: {
        forward: [{ kind: "command", run: ["npm", "run", "backfill"], timeoutSeconds: 6 * 3600 }],
        reverse: { possible: true, actions: [] },
      },
      "switch-reads": aMigration().phases["switch-reads"],
      contract: {
        forward: [
          { kind: "deploy", version: "4.0.0" },
          { kind: "command", run: ["npm", "run", "migrate", "contract"] },
        ],
        reverse: { possible: false, reason: "it drops the old column" },
      },
    });
  });

  it("waits the guide's weeks, goes back on a failure, and asks the stacks of promotedIn", () => {
    expect(migrationOf()).toMatchObject({
      onFailure: "revert",
      contractAfterSeconds: weeks(2),
      testedIn: ["test", "staging"],
      testedWithinSeconds: weeks(2),
    });
    expect(migrationOf({}, { promotedIn: { stacks: ["staging"] } }).testedIn).toEqual(["staging"]);
    expect(migrationOf({}, { promotedIn: false }).testedIn).toEqual([]);
    expect(migrationOf({}, { preset: "staging" }).testedIn).toEqual([]);
  });

  it("takes what is written over that, nothing and half a year among it", () => {
    const more = {
      onFailure: "freeze",
      contractAfter: "0s",
      testedIn: [],
      testedWithin: "4368h",
    };
    expect(migrationOf(more)).toMatchObject({
      onFailure: "freeze",
      contractAfterSeconds: 0,
      testedIn: [],
      testedWithinSeconds: weeks(26),
    });
  });

  it("is in no policy whose config has none", () => {
    expect(normalizeOrThrow({ written: sandboxConfig, stack: "prod" })).not.toHaveProperty("migration");
  });
});
