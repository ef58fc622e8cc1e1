import { describe, expect, it } from "vitest";
import { verifyJournal } from "../../src/analysis/verify-journal.ts";
import { chainStart, entryHash } from "../../src/lib/journal-chain.ts";
import type { RecordStore, Requests } from "../../src/ports/record.ts";
import { journalDraft as draft } from "../support/memory-record.ts";
import type { ManualClock } from "../support/memory-runtime.ts";

/** One record as two processes see it. */
export interface RecordUnderTest {
  /** Whose journal it is. */
  readonly name: string;
  readonly a: RecordStore;
  /** The same record, opened by another process. */
  readonly b: RecordStore;
  /** The wall clock of both. */
  readonly wall: ManualClock;
  /** Makes process `a` a dead one for `b`. */
  readonly killA: () => void;
}

const termMs = 30_000;
const by = (holder: string) => ({ holder, termMs });

async function granted(store: RecordStore, holder = "a"): Promise<number> {
  const answer = await store.lease.acquire(by(holder));
  if (!answer.granted) throw new Error(`expected a grant, held by ${answer.holder}`);
  return answer.token;
}

/** What every record store keeps to. `open` makes a fresh record. */
export function recordSuite(name: string, open: () => Promise<RecordUnderTest>): void {
  describe(`record store: ${name}`, () => {
    leaseCases(open);
    journalCases(open);
    requestCases(open);
  });
}

function leaseCases(open: () => Promise<RecordUnderTest>): void {
  describe("lease", () => {
    it("grants once, and tells the second who holds it and until when", async () => {
      const { a, b, wall } = await open();
      expect(await granted(a, "ada@box pid 1")).toBe(1);
      const refused = await b.lease.acquire(by("bob"));
      expect(refused).toEqual({ granted: false, holder: "ada@box pid 1", expiresAtMs: wall.now() + termMs });
    });

    it("grants exactly one of many racers", async () => {
      const { a, b } = await open();
      const racers = Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? a : b).lease.acquire(by(`racer ${index}`)),
      );
      const answers = await Promise.all(racers);
      expect(answers.filter((answer) => answer.granted)).toEqual([{ granted: true, token: 1 }]);
    });

    it.each([
      ["a release", async ({ a }: RecordUnderTest, token: number) => a.lease.release(token)],
      ["the end of its term", async ({ wall }: RecordUnderTest) => wall.advance(termMs)],
      ["the death of its holder", async ({ killA }: RecordUnderTest) => killA()],
    ])(
      "after %s it is granted anew under a higher token, and the old one is dead for good",
      async (_, end) => {
        const record = await open();
        const { a, b } = record;
        const old = await granted(a);
        await end(record, old);
        const next = await granted(b, "b");
        expect(next).toBeGreaterThan(old);
        expect(await a.lease.check(old)).toBe(false);
        expect(await a.lease.renew(old)).toBe(false);
        await a.lease.release(old);
        expect(await b.lease.check(next)).toBe(true);
      },
    );

    it("holds while it is renewed, from the time of the renewal on", async () => {
      const { a, b, wall } = await open();
      const token = await granted(a);
      for (let third = 0; third < 9; third++) {
        await wall.advance(termMs / 3);
        expect(await a.lease.renew(token)).toBe(true);
      }
      expect((await b.lease.acquire(by("b"))).granted).toBe(false);
      await wall.advance(termMs - 1);
      expect(await a.lease.check(token)).toBe(true);
      await wall.advance(1);
      expect(await a.lease.check(token)).toBe(false);
    });

    it("never comes back once it ran out, even where nobody took it over", async () => {
      const { a, wall } = await open();
      const token = await granted(a);
      await wall.advance(termMs);
      expect(await a.lease.renew(token)).toBe(false);
      expect(await a.lease.check(token)).toBe(false);
    });

    it("is released idempotently, and a token that was never granted holds nothing", async () => {
      const { a } = await open();
      const token = await granted(a);
      await a.lease.release(token);
      await a.lease.release(token);
      await a.lease.release(99);
      expect(await a.lease.check(token)).toBe(false);
      expect(await a.lease.check(99)).toBe(false);
      expect(await granted(a)).toBe(token + 1);
    });
  });
}

function journalCases(open: () => Promise<RecordUnderTest>): void {
  describe("journal", () => {
    it("is empty at first, and gives back what was appended, numbered from 1", async () => {
      const { a, b } = await open();
      expect(await a.journal.read()).toEqual([]);
      const token = await granted(a);
      const first = await a.journal.append(draft(token), { sync: true });
      const second = await a.journal.append(draft(token, { kind: "end", state: "completed" }));
      expect(first).toMatchObject({ schemaVersion: 1, seq: 1, ...draft(token) });
      expect(second.seq).toBe(2);
      expect(await b.journal.read()).toEqual([first, second]);
      expect(a.journal.location).not.toBe("");
    });

    it("numbers without gaps over appends at one time and over drivers one after another", async () => {
      const { a, b } = await open();
      const token = await granted(a);
      await Promise.all(
        Array.from({ length: 10 }, (_, index) => a.journal.append(draft(token, { step: String(index) }))),
      );
      await a.lease.release(token);
      const next = await granted(b);
      await b.journal.append(draft(next, { rolloutId: "r2" }));
      const entries = await b.journal.read();
      expect(entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
      expect(entries.at(-1)?.rolloutId).toBe("r2");
    });

    it.each([
      [
        "was taken over",
        async ({ b, wall }: RecordUnderTest) => {
          await wall.advance(termMs);
          await granted(b);
        },
      ],
      ["was released", async ({ a }: RecordUnderTest, token: number) => a.lease.release(token)],
    ])("refuses a writer whose lease %s, and keeps nothing of it", async (_, end) => {
      const record = await open();
      const token = await granted(record.a);
      await record.a.journal.append(draft(token));
      await end(record, token);
      await expect(record.a.journal.append(draft(token))).rejects.toMatchObject({ code: "lease-lost" });
      expect(await record.a.journal.read()).toHaveLength(1);
    });

    it("refuses a token that was never granted", async () => {
      const { a } = await open();
      await expect(a.journal.append(draft(1))).rejects.toMatchObject({ code: "lease-lost" });
    });

    it("chains each entry to the one before it, over drivers, and verifies byte for byte", async () => {
      const { a, b, name } = await open();
      expect(verifyJournal(await a.journal.bytes(), { name })).toMatchObject({ status: "unchained" });
      const token = await granted(a);
      const data = { infinite: Number.NaN, none: undefined, text: "ü\u2028\ud800" };
      const first = await a.journal.append(draft(token, { data }), { sync: true });
      await a.lease.release(token);
      const second = await b.journal.append(draft(await granted(b)));
      expect(first.prev).toBe(chainStart({ name }));
      expect(second.prev).toBe(first.hash);
      for (const entry of await a.journal.read()) expect(entry.hash).toBe(entryHash({ ...entry }));
      const head = { seq: 2, hash: second.hash };
      const bytes = await a.journal.bytes();
      expect(verifyJournal(bytes, { name })).toMatchObject({ status: "verified", name, head, entries: 2 });
      const staging = verifyJournal(bytes, { name: `${name}-2` });
      expect(staging.problems).toMatchObject([{ fault: "other-journal", line: 1 }]);
    });

    it("chains what comes at one time in the order of its numbers", async () => {
      const { a, b, name } = await open();
      const token = await granted(a);
      const all = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? a : b).journal.append(draft(token, { step: String(index) })),
      );
      const last = (await Promise.all(all)).find(({ seq }) => seq === all.length);
      const anchor = { seq: all.length, hash: last?.hash ?? "" };
      const report = verifyJournal(await b.journal.bytes(), { name, anchor });
      expect(report).toMatchObject({ status: "verified", head: anchor });
    });

    it("takes the last words of a holder whose term ran out while nobody took over", async () => {
      const { a, wall } = await open();
      const token = await granted(a);
      await wall.advance(termMs);
      await expect(a.journal.append(draft(token))).resolves.toMatchObject({ seq: 1 });
    });
  });
}

type Submission = Parameters<Requests["submit"]>[0];
const abort: Submission = {
  kind: "abort",
  by: "ada",
  reason: "customers call",
  at: "2026-01-15T10:00:00Z",
  rolloutId: "r1",
};
const approve: Submission = { ...abort, kind: "approve", step: "20" };
const confirm: Submission = { ...abort, kind: "confirm", item: "on-call", rolloutId: "checklist:1.2.4" };

function requestCases(open: () => Promise<RecordUnderTest>): void {
  describe("requests", () => {
    it("gives those of the rollout, in order, without its id", async () => {
      const { a, b } = await open();
      expect(await a.requests.read("r1")).toEqual([]);
      for (const request of [approve, { ...abort, rolloutId: "r2" }, abort]) await b.requests.submit(request);
      const read = await a.requests.read("r1");
      const { rolloutId: _, ...expected } = approve;
      expect(read.map((request) => request.kind)).toEqual(["approve", "abort"]);
      expect(read[0]).toEqual(expected);
    });

    it("keeps what an abort is beside, and who lets evidence go", async () => {
      const { a, b } = await open();
      const concerned: Submission = { ...abort, kind: "abort", concern: "compliance" };
      const release: Submission = { ...abort, kind: "release" };
      for (const request of [concerned, abort, release]) await b.requests.submit(request);
      const without = ({ rolloutId: _, ...request }: Submission) => request;
      expect(await a.requests.read("r1")).toEqual([concerned, abort, release].map(without));
    });

    it("keeps a person's word for an item under the version's own id", async () => {
      const { a, b } = await open();
      await b.requests.submit(confirm);
      const { rolloutId: _, ...expected } = confirm;
      expect(await a.requests.read("checklist:1.2.4")).toEqual([expected]);
      expect(await a.requests.read("r1")).toEqual([]);
    });

    it("wakes the driver for a request of another process", async () => {
      const { a, b } = await open();
      await a.requests.read("r1");
      const woken = a.requests.changed(new AbortController().signal);
      await b.requests.submit(abort);
      await woken;
      expect(await a.requests.read("r1")).toHaveLength(1);
    });

    it("wakes it for a request that came between its read and its wait, once", async () => {
      const { a, b } = await open();
      await a.requests.read("r1");
      await b.requests.submit(abort);
      await a.requests.changed(new AbortController().signal);
      const stop = new AbortController();
      let woken = false;
      const second = a.requests.changed(stop.signal).then(() => {
        woken = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(woken).toBe(false);
      stop.abort();
      await second;
    });

    it("ends its wait when the signal aborts, also one that has aborted before", async () => {
      const { a } = await open();
      const stop = new AbortController();
      const waiting = a.requests.changed(stop.signal);
      stop.abort();
      await waiting;
      await a.requests.changed(stop.signal);
    });
  });
}
