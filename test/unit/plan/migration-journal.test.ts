import { describe, expect, it } from "vitest";
import { cutOffIn, moveOf, recordIn, waysBackIn } from "../../../src/plan/migration-journal.ts";
import { startRecord } from "../../../src/plan/migration-record.ts";
import { wayToTest } from "../../../src/plan/migration-tested.ts";
import { versionAt } from "../../../src/plan/migration-version.ts";
import type { JournalEntry, JournalKind } from "../../../src/types/journal.ts";
import type { MigrationPosition } from "../../../src/types/migration.ts";
import { journalDraft } from "../../support/memory-record.ts";
import { aMigration } from "../../support/migrations.ts";

const migration = aMigration();
const entry = (kind: JournalKind, data: Readonly<Record<string, unknown>>, seq = 1): JournalEntry => ({
  schemaVersion: 1,
  seq,
  ...journalDraft(1),
  kind,
  data,
});

describe("a migration's journal", () => {
  it("has the record in its entries: the last one counts, and none is none", () => {
    expect(recordIn([])).toBeUndefined();
    const older = startRecord(migration, 1);
    const newer = { ...older, phase: "expand", enteredAtMs: 2 };
    const entries = [entry("begin", { record: older }), entry("effect", { record: newer }), entry("end", {})];
    expect(recordIn(entries)).toEqual(newer);
  });

  it("refuses a record that isn't ours, with the entry", () => {
    const bad = { ...startRecord(migration, 1), phase: "expanded" };
    expect(() => recordIn([entry("effect", { record: bad }, 7)])).toThrow(/entry 7 is damaged/);
  });

  it("tells what was cut off: an intent with nothing behind it but looks", () => {
    const intent = entry("intent", { what: "deploy 2.0.0" });
    expect(cutOffIn([intent, entry("observed", {})])).toBe("deploy 2.0.0");
    expect(cutOffIn([intent, entry("effect", { ok: true })])).toBeUndefined();
    expect(cutOffIn([])).toBeUndefined();
  });

  it("tells the ways back over a phase, and overlooks what it doesn't know", () => {
    const move = { migration: migration.id, phase: "expand", direction: "back", actions: "abc" };
    const entries = [
      entry("effect", { settled: { ...move, direction: "forward" } }),
      entry("effect", { settled: { ...move, phase: "backfill" } }),
      entry("effect", { settled: { ...move, migration: "another" } }),
      entry("effect", { settled: "yes" }),
      entry("decision", { failed: move }),
      entry("effect", { settled: move }),
    ];
    const atMs = Date.parse(entries[0]?.at ?? "");
    expect(waysBackIn(entries, { migration: migration.id, phase: "expand" })).toEqual([
      { actions: "abc", ok: false, atMs },
      { actions: "abc", ok: true, atMs },
    ]);
  });

  it("knows the phase that was gone over with nothing to do", () => {
    const at = (phase: MigrationPosition) => ({ ...startRecord(migration, 1), phase });
    expect(moveOf(at("dual-write"), "back").phase).toBe("backfill");
    expect(moveOf(at("backfill"), "forward").phase).toBe("backfill");
    expect(() => moveOf(at("contract"), "back")).toThrow(/no way back/);
  });
});

describe("the way to test a way back", () => {
  it.each([
    ["start", "expand", ["expand", "start"]],
    ["start", "backfill", ["expand", "dual-write", "backfill", "dual-write"]],
    ["dual-write", "backfill", ["backfill", "dual-write"]],
    ["backfill", "backfill", ["dual-write"]],
    ["switch-reads", "expand", ["backfill", "dual-write", "expand", "start"]],
    ["contract", "expand", undefined],
  ] as const)("from %s over %s", (at, phase, way) => {
    expect(wayToTest(at, phase)).toEqual(way);
  });
});

describe("the version that a migration has brought", () => {
  it.each([
    ["start", "1.0.0"],
    ["expand", "1.0.0"],
    ["dual-write", "2.0.0"],
    ["backfill", "2.0.0"],
    ["switch-reads", "3.0.0"],
    ["contract", "4.0.0"],
  ] as const)("at %s: %s", (position, version) => {
    expect(versionAt(migration, position)).toBe(version);
  });
});
