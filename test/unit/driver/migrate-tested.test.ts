import { describe, expect, it } from "vitest";
import { RolloutError } from "../../../src/errors/errors.ts";
import type { MigrationPosition } from "../../../src/types/migration.ts";
import type { MigrationConfig } from "../../../src/types/migration-config.ts";
import { failed } from "../../support/memory-phase-commands.ts";
import { aMigrateWorld } from "../../support/migrate-world.ts";
import { aMigration } from "../../support/migrations.ts";

const dayMs = 86_400_000;

/** prod, which asks staging, and staging with its own journal. */
function aPair(staging: Partial<MigrationConfig> = {}) {
  const prod = aMigrateWorld({ testedIn: ["staging"] });
  const other = aMigrateWorld({ stack: "staging", ...staging });
  prod.knobs.journalOf = async (name) => (name === "staging" ? other.entries() : []);
  return { prod, staging: other };
}
async function walk(world: ReturnType<typeof aMigrateWorld>, ...phases: readonly MigrationPosition[]) {
  for (const phase of phases) await world.ask(phase);
}
async function refusal(work: Promise<unknown>): Promise<RolloutError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof RolloutError) return error;
  throw new Error(`no refusal: ${JSON.stringify(error)}`);
}

describe("before a phase, its way back", () => {
  it("has to have run in every stack that is named: else nothing is begun, and it says what to run there", async () => {
    const { prod } = aPair();
    prod.knobs.migration = { ...prod.knobs.migration, testedIn: ["staging", "test"] };
    const error = await refusal(prod.ask("expand"));
    expect(error).toMatchObject({
      code: "reverse-untested",
      exit: "blocked",
      message: "expand is blocked: its way back was not tested in staging and test.",
      hint: "Run `rollouts migrate expand --stack staging`, then `rollouts migrate start --stack staging`.",
    });
    expect(error.issues.map(({ received, rule }) => [received, rule])).toEqual(
      ['"staging"', '"test"'].map((stack) => [
        stack,
        "a way back over expand there, with the same actions and within 336 h: it has not run there",
      ]),
    );
    expect(prod.did()).toEqual([]);
    expect(prod.entries()).toMatchObject([{ kind: "observed", data: { blocked: "expand" } }]);
    expect(prod.record()).toBeUndefined();
  });

  it("has run there: the phase is begun, and the journal says where and when", async () => {
    const { prod, staging } = aPair();
    await walk(staging, "expand", "start");
    expect(await prod.ask("expand")).toMatchObject({ outcome: "done" });
    expect(prod.entries()[0]).toMatchObject({
      kind: "begin",
      data: { tested: [{ stack: "staging", ok: true, atMs: staging.clock.now() }] },
    });
  });

  it("counts phase by phase, a way back on which nothing is done among them", async () => {
    const { prod, staging } = aPair();
    await walk(staging, "expand", "start", "expand", "dual-write", "expand", "dual-write");
    await walk(prod, "expand", "dual-write");
    expect(await refusal(prod.ask("backfill"))).toMatchObject({
      hint: "Run `rollouts migrate backfill --stack staging`, then `rollouts migrate dual-write --stack staging`.",
    });
    await walk(staging, "backfill", "dual-write");
    expect(await prod.ask("backfill")).toMatchObject({ outcome: "done" });
  });

  it("counts where a failed phase was taken back over it", async () => {
    const { prod, staging } = aPair();
    staging.commands.answers["migrate add-column"] = () => failed("no");
    expect(await staging.ask("expand")).toMatchObject({ outcome: "taken-back" });
    expect(await prod.ask("expand")).toMatchObject({ outcome: "done" });
  });

  it("doesn't count where other actions ran, which a changed config shows", async () => {
    const { phases } = aMigration();
    const reverse = { possible: true, actions: [{ kind: "command", run: ["migrate", "another"] }] } as const;
    const { prod, staging } = aPair({ phases: { ...phases, expand: { ...phases.expand, reverse } } });
    await walk(staging, "expand", "start");
    const [issue] = (await refusal(prod.ask("expand"))).issues;
    expect(issue?.rule).toMatch(/: what ran there on 2026-01-15T10:00:00\.000Z were other actions$/);
  });

  it("doesn't count where another migration ran it", async () => {
    const { prod, staging } = aPair({ id: "orders-currency" });
    await walk(staging, "expand", "start");
    expect((await refusal(prod.ask("expand"))).issues[0]?.rule).toMatch(/it has not run there$/);
  });

  it("counts for its days, to the moment", async () => {
    const { prod, staging } = aPair();
    await walk(staging, "expand", "start");
    await prod.clock.advance(14 * dayMs + 1);
    const [issue] = (await refusal(prod.ask("expand"))).issues;
    expect(issue?.rule).toMatch(/: it ran there on 2026-01-15T10:00:00\.000Z, which counts for 336 h$/);
    prod.knobs.migration = { ...prod.knobs.migration, testedWithinSeconds: 15 * 86_400 };
    expect(await prod.ask("expand")).toMatchObject({ outcome: "done" });
  });

  it("doesn't count once it has failed there", async () => {
    const { prod, staging } = aPair();
    await walk(staging, "expand", "start", "expand");
    staging.commands.answers["migrate drop-new-column"] = () => failed("no");
    expect(await staging.ask("start")).toMatchObject({ outcome: "frozen" });
    const [issue] = (await refusal(prod.ask("expand"))).issues;
    expect(issue?.rule).toMatch(/: it failed there on 2026-01-15/);
  });

  it("doesn't count where nobody can read it", async () => {
    const { prod } = aPair();
    prod.knobs.journalOf = async () => {
      throw new Error("EACCES");
    };
    const [issue] = (await refusal(prod.ask("expand"))).issues;
    expect(issue?.rule).toMatch(/its journal can't be read: EACCES$/);
  });

  it("is asked of a phase that is begun, not of one that goes on", async () => {
    const { prod, staging } = aPair();
    await walk(staging, "expand", "start", "expand", "dual-write", "expand");
    await walk(prod, "expand");
    prod.knobs.deploy = async () => ({ how: "interrupted" });
    await prod.ask("dual-write");
    await prod.clock.advance(30 * dayMs);
    prod.knobs.deploy = async ({ version }) => ({ how: "done", message: version });
    expect(await prod.ask("dual-write")).toMatchObject({ outcome: "done" });
  });

  it("is not asked on the way back, nor of contract, which has none", async () => {
    const { prod, staging } = aPair({ contractAfterSeconds: 0 });
    prod.knobs.migration = {
      ...prod.knobs.migration,
      contractAfterSeconds: 0,
      testedWithinSeconds: 30 * 86_400,
    };
    await walk(staging, "expand", "dual-write", "backfill", "switch-reads");
    await walk(staging, "backfill", "dual-write", "expand", "start");
    await walk(prod, "expand", "dual-write", "backfill", "switch-reads");
    prod.knobs.journalOf = async () => [];
    expect(await prod.ask("backfill")).toMatchObject({ outcome: "done" });
    prod.knobs.journalOf = async () => staging.entries();
    await walk(prod, "switch-reads");
    prod.knobs.journalOf = async () => [];
    expect(await prod.ask("contract", { by: "dana" })).toMatchObject({ outcome: "done" });
  });
});
