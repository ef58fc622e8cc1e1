import { describe, expect, it } from "vitest";
import { migrationIssues } from "../../../src/lib/migration-rules.ts";
import { type NextPhase, nextPhase } from "../../../src/plan/migration.ts";
import { phaseFailed } from "../../../src/plan/migration-failure.ts";
import { migrationPhases, positions } from "../../../src/plan/migration-phases.ts";
import {
  actionDone,
  checkpointed,
  migrationRecordSchema,
  startRecord,
  thawed,
} from "../../../src/plan/migration-record.ts";
import type {
  Migration,
  MigrationPhase,
  MigrationPosition,
  MigrationRecord,
} from "../../../src/types/migration.ts";
import { aMigration } from "../../support/migrations.ts";

const migration = aMigration();
const phases = migrationPhases.map(({ phase }) => phase);
const t0 = Date.UTC(2026, 0, 5, 9);
const weeks = (count: number) => count * 7 * 24 * 3_600_000;

function at(phase: MigrationPosition, more: Partial<MigrationRecord> = {}): MigrationRecord {
  return { ...startRecord(migration, t0), phase, ...more };
}
function ask(record: MigrationRecord | undefined, asked?: string, { now = t0, of = migration } = {}) {
  return nextPhase(record, { migration: of, asked, now });
}
function accepted(next: NextPhase): Extract<NextPhase, { ok: true }> {
  if (!next.ok) throw new Error(next.message);
  return next;
}
/** The record once every action of the move is done. */
function finished(next: NextPhase, now = t0): MigrationRecord {
  const { record, actions } = accepted(next);
  return actions.reduce((present) => actionDone(present, now), record);
}
/** `phase` with its way back replaced. */
function withPhase(phase: MigrationPhase, change: Partial<Migration["phases"][MigrationPhase]>): Migration {
  return aMigration({ phases: { ...migration.phases, [phase]: { ...migration.phases[phase], ...change } } });
}
const begun = (phase: MigrationPhase, from: MigrationPosition) =>
  accepted(ask(at(from), phase, { now: t0 + weeks(3) })).record;

describe("nextPhase, from a phase that is in force", () => {
  it("walks the five phases to the letter, each with what it does", () => {
    let record: MigrationRecord | undefined;
    const seen = phases.map((phase) => {
      const next = accepted(ask(record, phase, { now: t0 + weeks(2) }));
      expect(next).toMatchObject({ move: "forward", actions: migration.phases[phase].forward, notes: [] });
      record = finished(next);
      return record.phase;
    });
    expect(seen).toEqual(["expand", "dual-write", "backfill", "switch-reads", "contract"]);
    expect(record).toEqual({ schemaVersion: 1, migration: migration.id, phase: "contract", enteredAtMs: t0 });
  });

  it("names the phases as the guide does", () => {
    expect(migrationPhases.map(({ phase, guide }) => `${phase}: ${guide}`)).toEqual([
      "expand: Phase 1: Add new column with default value (backward compatible)",
      "dual-write: Phase 2: Deploy application code that writes to both old and new columns",
      "backfill: Phase 3: Backfill data in new column",
      "switch-reads: Phase 4: Deploy application code that reads from new column",
      "contract: Phase 5 (weeks later): Remove old column",
    ]);
  });

  it.each(positions)("keeps %s where it is asked again, or nothing is", (position) => {
    for (const asked of [position, undefined]) {
      expect(ask(at(position), asked)).toEqual({
        ok: true,
        move: "stay",
        actions: [],
        record: at(position),
        notes: [],
      });
    }
  });

  it.each(phases.slice(0, 4).map((phase, index) => [phase, positions[index] ?? ""] as const))(
    "goes from %s back to %s",
    (phase, before) => {
      const next = accepted(ask(at(phase), before, { now: t0 + 1 }));
      const { reverse } = migration.phases[phase];
      expect(next).toMatchObject({ move: "back", actions: reverse.possible && reverse.actions });
      expect(finished(next, t0 + 1)).toEqual(at(before as MigrationPosition, { enteredAtMs: t0 + 1 }));
    },
  );

  const pairs = positions.flatMap((from) => positions.map((to) => ({ from, to })));
  const far = pairs.filter(({ from, to }) => Math.abs(positions.indexOf(from) - positions.indexOf(to)) > 1);
  it.each(far.filter(({ from }) => from !== "contract"))(
    "refuses $from to $to, and says which is next",
    ({ from, to }) => {
      const ahead = positions.indexOf(to) > positions.indexOf(from);
      const next = positions[positions.indexOf(from) + (ahead ? 1 : -1)];
      const result = ask(at(from), to, { now: t0 + weeks(9) });
      expect(result).toMatchObject({
        ok: false,
        code: ahead ? "phase-skipped" : "phase-back-too-far",
        hint: `Ask for ${next}.`,
      });
      expect(!result.ok && result.message).toContain(`${to} is refused: orders-total-cents is at ${from}`);
    },
  );

  it.each(positions.filter((position) => position !== "contract"))(
    "refuses contract to %s, with the reason",
    (to) => {
      expect(ask(at("contract"), to)).toEqual({
        ok: false,
        code: "revert-across-contract",
        message:
          "orders-total-cents can't go back: contract has removed the old schema, and what stood there alone is lost.",
        hint: expect.stringContaining("a migration of its own"),
      });
    },
  );

  it("refuses a word that is no phase, with those that are", () => {
    expect(ask(undefined, "migrate")).toMatchObject({
      code: "phase-unknown",
      hint: "One of start, expand, dual-write, backfill, switch-reads, contract.",
    });
  });

  it("refuses a way back that the migration says there isn't", () => {
    const of = withPhase("expand", { reverse: { possible: false, reason: "it renames a column" } });
    expect(ask(at("expand"), "start", { of })).toMatchObject({
      code: "reverse-impossible",
      message: "orders-total-cents can't go back over expand: it renames a column.",
    });
  });
});

describe("contract", () => {
  it.each([
    { after: 0, ok: false },
    { after: weeks(2) - 1, ok: false },
    { after: weeks(2), ok: true },
    { after: -weeks(1), ok: false },
  ])("$after ms after switch-reads: $ok", ({ after, ok }) => {
    expect(ask(at("switch-reads"), "contract", { now: t0 + after }).ok).toBe(ok);
  });

  it("says when it will be accepted", () => {
    expect(ask(at("switch-reads"), "contract")).toEqual({
      ok: false,
      code: "contract-early",
      message:
        "contract is refused until 2026-01-19T09:00:00.000Z: orders-total-cents has been reading the new schema since 2026-01-05T09:00:00.000Z, and waits 336 h before it gives up its way back.",
      hint: "Ask again at 2026-01-19T09:00:00.000Z.",
      notBeforeMs: t0 + weeks(2),
    });
  });

  it("waits anew after reads went back and were switched again", () => {
    const back = finished(ask(at("switch-reads"), "backfill", { now: t0 + weeks(1) }), t0 + weeks(1));
    const again = finished(ask(back, "switch-reads", { now: t0 + weeks(1) }), t0 + weeks(1));
    expect(ask(again, "contract", { now: t0 + weeks(2) })).toMatchObject({ notBeforeMs: t0 + weeks(3) });
    expect(ask(again, "contract", { now: t0 + weeks(3) }).ok).toBe(true);
  });

  it("comes at once where 0 is asked for", () => {
    expect(ask(at("switch-reads"), "contract", { of: aMigration({ contractAfterSeconds: 0 }) }).ok).toBe(
      true,
    );
  });

  it("has no way back from its first action on, and only goes on", () => {
    const record = begun("contract", "switch-reads");
    for (const asked of positions.slice(0, -1)) {
      expect(ask(record, asked)).toMatchObject({ ok: false, code: "revert-across-contract" });
    }
    // Begun is begun: its time isn't asked for again.
    expect(ask(record, "contract", { now: t0 })).toMatchObject({
      ok: true,
      actions: migration.phases.contract.forward,
    });
  });
});

describe("nextPhase, amid a phase", () => {
  const half = checkpointed(begun("backfill", "dual-write"), "id 500");

  it("stores what it is about to do before it does it", () => {
    expect(begun("backfill", "dual-write")).toEqual({
      ...at("dual-write"),
      underway: {
        phase: "backfill",
        direction: "forward",
        sinceMs: t0 + weeks(3),
        done: 0,
        of: 1,
        actions: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  it("goes on from the checkpoint", () => {
    expect(ask(half, "backfill")).toEqual({
      ok: true,
      move: "forward",
      actions: migration.phases.backfill.forward,
      checkpoint: "id 500",
      record: half,
      notes: [],
    });
  });

  it("goes on after the actions that are done, whose checkpoint is not the next one's", () => {
    const one = actionDone(checkpointed(begun("contract", "switch-reads"), "half"), t0);
    const next = accepted(ask(one, "contract"));
    expect(next.actions).toEqual(migration.phases.contract.forward.slice(1));
    expect(next).not.toHaveProperty("checkpoint");
  });

  it("begins anew, and says so, where what it does has changed: the checkpoint was another command's", () => {
    const of = withPhase("backfill", {
      forward: [{ kind: "command", run: ["migrate", "backfill", "--mended"] }],
    });
    const next = accepted(ask(half, "backfill", { of }));
    expect(next).not.toHaveProperty("checkpoint");
    expect(next.record.underway).not.toHaveProperty("checkpoint");
    expect(next).toMatchObject({
      actions: of.phases.backfill.forward,
      notes: ["What backfill does has changed since it began: it begins anew."],
    });
  });

  it("turns around, and around again, without a checkpoint", () => {
    const over = finished(ask(half, "dual-write"));
    expect(over).toEqual(at("dual-write"));
    const back = accepted(ask(at("dual-write"), "expand")).record;
    expect(back).toMatchObject({ phase: "dual-write", underway: { direction: "back" } });
    const again = accepted(ask(checkpointed(back, "x"), "dual-write"));
    expect(again).toMatchObject({ move: "forward", record: { phase: "expand" } });
    expect(again).not.toHaveProperty("checkpoint");
    expect(finished(again)).toEqual(at("dual-write"));
  });

  it.each(["start", "expand", "switch-reads", "contract"])("refuses %s until it is over", (asked) => {
    expect(ask(half, asked)).toMatchObject({
      ok: false,
      code: "phase-under-way",
      message: `${asked} is refused: backfill is under way, 0 of 1 done.`,
      hint: "Ask for backfill to finish it, or for dual-write to turn around.",
    });
  });

  it("stays where nothing is asked, and says what is under way", () => {
    expect(ask(half)).toMatchObject({
      move: "stay",
      actions: [],
      record: half,
      notes: ["backfill is under way, 0 of 1 done"],
    });
  });
});

describe("a failed phase", () => {
  const fail = (record: MigrationRecord, of = migration) =>
    phaseFailed(record, { migration: of, reason: "exit 3", now: t0 + 5 });

  it.each([
    ["expand", "start"],
    ["dual-write", "expand"],
    ["backfill", "dual-write"],
    ["switch-reads", "backfill"],
  ] as const)("%s goes back to %s where onFailure is revert", (phase, before) => {
    const failure = fail(begun(phase, before));
    if (failure.kind !== "revert") throw new Error(failure.message);
    expect(failure.next.move).toBe("back");
    expect(finished(failure.next, t0 + 5)).toEqual(at(before, { enteredAtMs: t0 + 5 }));
  });

  it.each(phases.map((phase, index) => [phase, positions[index] ?? "start"] as const))(
    "%s stays as it is where onFailure is freeze, its checkpoint too",
    (phase, before) => {
      const record = checkpointed(begun(phase, before), "id 7");
      const failure = fail(record, aMigration({ onFailure: "freeze" }));
      expect(failure).toMatchObject({
        kind: "freeze",
        code: "migration-frozen",
        record: { ...record, frozen: { reason: `${phase} failed: exit 3`, atMs: t0 + 5 } },
        message: `orders-total-cents: ${phase} failed and stays as it is (onFailure is freeze): exit 3`,
      });
    },
  );

  it("freezes at contract whatever is asked for, with the reason", () => {
    expect(fail(begun("contract", "switch-reads"))).toMatchObject({
      kind: "freeze",
      message: expect.stringContaining("contract has begun"),
    });
  });

  it("freezes where the migration has no way back, and where the way back fails", () => {
    const of = withPhase("expand", { reverse: { possible: false, reason: "it renames a column" } });
    expect(fail(begun("expand", "start"), of)).toMatchObject({
      kind: "freeze",
      message: expect.stringContaining("it renames a column"),
    });
    const back = accepted(ask(at("dual-write"), "expand")).record;
    expect(fail(back)).toMatchObject({
      kind: "freeze",
      record: { frozen: { reason: "the way back over dual-write failed: exit 3" } },
    });
  });

  it("moves nowhere while it is frozen, and goes on or back from its checkpoint after", () => {
    const failure = fail(
      checkpointed(begun("backfill", "dual-write"), "id 7"),
      aMigration({ onFailure: "freeze" }),
    );
    if (failure.kind !== "freeze") throw new Error("not frozen");
    for (const asked of positions) {
      expect(ask(failure.record, asked)).toMatchObject({
        ok: false,
        code: "migration-frozen",
        message: "orders-total-cents is frozen since 2026-01-05T09:00:00.005Z: backfill failed: exit 3.",
      });
    }
    const thaw = thawed(failure.record);
    expect(ask(thaw, "backfill")).toMatchObject({ ok: true, checkpoint: "id 7" });
    expect(finished(ask(thaw, "dual-write"))).toEqual(at("dual-write"));
  });

  it("is none where nothing is under way", () => {
    expect(() => fail(at("expand"))).toThrow("no phase of orders-total-cents is under way: it is at expand");
  });
});

describe("one migration after another", () => {
  const other = aMigration({ id: "customers-email" });

  it.each(["start", "contract"] as const)("begins where the last one is at %s", (phase) => {
    expect(ask(at(phase), "expand", { of: other })).toMatchObject({
      ok: true,
      record: { migration: "customers-email", phase: "start", underway: { phase: "expand" } },
    });
  });

  it.each([
    ["half way", at("backfill")],
    ["begun", begun("expand", "start")],
  ])("waits where the last one is %s", (_, record) => {
    expect(ask(record, "expand", { of: other })).toMatchObject({ ok: false, code: "migration-under-way" });
  });
});

describe("the record", () => {
  const good = checkpointed(begun("backfill", "dual-write"), "id 7");
  const { underway } = good;

  it("comes back from JSON to the letter, whatever it has", () => {
    for (const record of [at("start"), good, { ...good, frozen: { reason: "exit 3", atMs: t0 } }]) {
      expect(migrationRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    }
  });

  it.each([
    ["another schema", { ...good, schemaVersion: 2 }],
    ["a phase that there isn't", at("weeks" as MigrationPosition)],
    ["a phase under way from elsewhere", { ...good, phase: "expand" }],
    ["everything done and still under way", { ...good, underway: { ...underway, done: 1 } }],
    [
      "a way back over contract",
      { ...at("contract"), underway: { ...underway, phase: "contract", direction: "back" } },
    ],
    ["a freeze of nothing", at("expand", { frozen: { reason: "x", atMs: t0 } })],
    ["a time that is none", { ...good, enteredAtMs: "2026-01-05" }],
  ])("is refused with %s", (_, record) => {
    expect(migrationRecordSchema.safeParse(record).success).toBe(false);
  });
});

describe("what must hold in a migration", () => {
  const paths = (of: Migration) => migrationIssues(of).map(({ path }) => path);

  it("the guide's holds", () => {
    expect(migrationIssues(migration)).toEqual([]);
  });

  it.each<[string, Migration, string]>([
    ["a name", aMigration({ id: " " }), "id"],
    ["a time", aMigration({ contractAfterSeconds: Number.NaN }), "contractAfterSeconds"],
    ["something to do", withPhase("expand", { forward: [] }), "phases.expand.forward"],
    [
      "a program",
      withPhase("backfill", { forward: [{ kind: "command", run: [] }] }),
      "phases.backfill.forward[0].run",
    ],
    [
      "a time limit that ends",
      withPhase("backfill", { forward: [{ kind: "command", run: ["x"], timeoutSeconds: 0 }] }),
      "phases.backfill.forward[0].timeoutSeconds",
    ],
    [
      "a version",
      withPhase("switch-reads", { forward: [{ kind: "deploy", version: "" }] }),
      "phases.switch-reads.forward[0].version",
    ],
    [
      "a deploy on the way back from a deploy",
      withPhase("dual-write", { reverse: { possible: true, actions: [] } }),
      "phases.dual-write.reverse.actions",
    ],
    [
      "the version that writes both sides on the way back from switch-reads",
      withPhase("switch-reads", {
        reverse: { possible: true, actions: [{ kind: "deploy", version: "1.0.0" }] },
      }),
      "phases.switch-reads.reverse.actions",
    ],
    [
      "a version that has left the old column before it goes",
      withPhase("contract", { forward: [{ kind: "command", run: ["migrate", "drop-column"] }] }),
      "phases.contract.forward",
    ],
    [
      "no way back over contract",
      withPhase("contract", { reverse: { possible: true, actions: [] } }),
      "phases.contract.reverse.possible",
    ],
  ])("%s", (_, of, path) => {
    expect(paths(of)).toEqual([path]);
  });

  it("says all problems at once", () => {
    expect(paths(aMigration({ id: "", contractAfterSeconds: -1 }))).toEqual(["id", "contractAfterSeconds"]);
  });
});
