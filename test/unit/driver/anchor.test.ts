import { describe, expect, it } from "vitest";
import { verifyJournal } from "../../../src/analysis/verify-journal.ts";
import { anchored } from "../../../src/driver/anchor.ts";
import { runRollout } from "../../../src/driver/run.ts";
import type { Target } from "../../../src/types/engine.ts";
import { aDriver } from "../../support/drive.ts";
import { journalDraft, memoryJournal } from "../../support/memory-record.ts";

/** A driver in memory whose updates are kept. */
function aKeptDriver() {
  const driver = aDriver();
  const ups: { readonly target: Target; readonly written: number }[] = [];
  const { engine } = driver.world;
  const kept = {
    ...driver.deps,
    engine: {
      ...engine,
      up: (options: Parameters<typeof engine.up>[0]) => {
        ups.push({ target: options.target, written: driver.entries().length });
        return engine.up(options);
      },
    },
  };
  return { ...driver, ups, deps: anchored(kept) };
}

describe("anchored", () => {
  it.each(["promoted", "reverted"] as const)(
    "gives each update of a rollout that is %s the last entry that is on disk, its intent or one behind",
    async (outcome) => {
      const { deps, ups, world, entries, record } = aKeptDriver();
      if (outcome === "reverted") world.knobs.upFails = (step) => (step === "20" ? failure : undefined);
      expect(await runRollout(deps, { version: "1.2.4", holder: "test" })).toMatchObject({ outcome });
      expect(ups.length).toBeGreaterThan(3);
      for (const { target, written } of ups) {
        const before = entries().slice(0, written);
        // The driver syncs all others before it goes on.
        const entry = before.findLast(({ kind }) => kind !== "observed" && kind !== "verdict");
        const intent = before.findLast(({ kind }) => kind === "intent");
        expect(entry?.seq).toBeGreaterThanOrEqual(intent?.seq ?? Number.POSITIVE_INFINITY);
        expect(target.journalHead).toEqual({ seq: entry?.seq, hash: entry?.hash });
      }
      const anchor = ups.at(-1)?.target.journalHead;
      if (anchor === undefined) throw new Error("the last update had no head");
      const options = { name: memoryJournal, anchor };
      expect(verifyJournal(await record.journal.bytes(), options)).toMatchObject({ status: "verified" });
      record.state.entries.length = anchor.seq - 1;
      const { problems } = verifyJournal(await record.journal.bytes(), options);
      expect(problems).toMatchObject([{ fault: "cut", line: anchor.seq, seq: anchor.seq }]);
    },
  );

  it("brings none before something of this process is on disk, and none that a power cut could take", async () => {
    const { deps, ups, record } = aKeptDriver();
    const { token } = (await record.lease.acquire({ holder: "a", termMs: 1000 })) as { token: number };
    const target = { kind: "step", version: "1.2.3" } as const;
    await deps.engine.up({ target });
    await deps.record.journal.append(journalDraft(token));
    await deps.engine.up({ target });
    const { seq, hash } = await deps.record.journal.append(journalDraft(token), { sync: true });
    await deps.record.journal.append(journalDraft(token));
    await deps.engine.up({ target });
    expect(ups.map((up) => up.target)).toEqual([target, target, { ...target, journalHead: { seq, hash } }]);
  });
});

const failure = { kind: "resource", message: "ProgressDeadlineExceeded" } as const;
