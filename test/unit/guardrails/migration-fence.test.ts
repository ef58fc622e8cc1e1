import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrationFence } from "../../../policy-packs/rollout-guardrails/policies/migration-fence.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";
import { validMigration } from "../config/valid-migration.ts";

const type = "rollouts:index:CanaryDeployment";
const journal = ".rollouts/prod/migration/journal.jsonl";
let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write({ ...validConfig, migration: validMigration });
});
afterEach(() => folder.remove());

function stands(phase: string, underway?: object): void {
  const record = { schemaVersion: 1, migration: validMigration.id, phase, enteredAtMs: 0 };
  const entry = { seq: 1, data: { record: underway === undefined ? record : { ...record, underway } } };
  folder.file(journal, `${JSON.stringify(entry)}\n`);
}

const goesOut = (version: unknown, intent: object = { from: 0, to: 5 }) =>
  checkResource(migrationFence, { type, props: { intent, candidate: { version } } });
const contract = { phase: "contract", direction: "forward", sinceMs: 0, done: 0, of: 2, actions: "x" };

describe("migration-fence", () => {
  it.each([
    ["start", "2.0.0"],
    ["expand", "3.0.0"],
    ["dual-write", "3.0.0"],
    ["switch-reads", "4.0.0"],
  ])("at %s refuses %s, which a later phase brings", async (phase, version) => {
    if (phase !== "start") stands(phase);
    expect(await goesOut(version)).toEqual([
      "the version that goes out is one of the schema migration's, and its phase isn't there yet. `rollouts migrate --stack prod` brings it with its phase.",
    ]);
  });

  it.each([
    ["dual-write", "2.0.0"],
    ["switch-reads", "3.0.0"],
    ["contract", "4.0.0"],
    ["expand", "1.7.3"],
  ])("at %s lets %s pass", async (phase, version) => {
    stands(phase);
    expect(await goesOut(version)).toEqual([]);
  });

  it("lets nothing go out beside contract but its own version", async () => {
    stands("switch-reads", contract);
    expect(await goesOut("3.0.1")).toEqual([expect.stringContaining("is in its contract phase")]);
    expect(await goesOut("4.0.0")).toEqual([]);
  });

  it("has nothing against a way back, a settled stack, or a stack without a migration", async () => {
    expect(await goesOut("3.0.0", { from: 20, to: 0 })).toEqual([]);
    expect(await goesOut("3.0.0", { from: 0, to: 0 })).toEqual([]);
    folder.write(validConfig);
    expect(await goesOut("3.0.0")).toEqual([]);
  });

  it("proves nothing of a record that can't be read, or a version that isn't known", async () => {
    folder.file(journal, "not json\n");
    expect(await goesOut("2.0.0")).toEqual([
      expect.stringContaining("nobody can tell where the schema migration"),
    ]);
    stands("expand");
    expect(await goesOut(unknown.string)).toEqual([
      expect.stringContaining("candidate.version is not known in a preview"),
    ]);
  });
});
