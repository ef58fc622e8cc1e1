import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verifyJournal } from "../../src/analysis/verify-journal.ts";
import { chainedLine } from "../../src/lib/journal-chain.ts";
import type { JournalReport } from "../../src/types/journal-report.ts";
import { bytesOf, headOf, journalLines, journalName } from "../support/journals.ts";

/** What a journal may hold: any JSON, with the texts and numbers that have more than one spelling. */
const data = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom("1", "__proto__", "hash", "prev", "seq")),
  fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(1e21, 1e-7, -0, "\u001f", "\ufffd", "\u2028", "{", '"}'),
  ),
  { maxKeys: 4 },
);

/** A journal with a place in it; up to `before` entries stood there when its chain began. */
const journal = fc
  .tuple(fc.array(data, { minLength: 2, maxLength: 7 }), fc.nat(), fc.nat())
  .map(([entries, at, old]) => {
    const before = old % entries.length;
    const lines = journalLines(
      entries.map((one) => ({ data: one })),
      { before },
    );
    return { lines, before, anchor: headOf(lines), at: at % lines.length };
  });

const options = (anchor: JournalReport["head"]) => ({
  name: journalName,
  limit: 1000,
  ...(anchor === undefined ? {} : { anchor }),
});

// Journals are small as they are, and shrinking a place in one along with it can take minutes.
fc.configureGlobal({ endOnFailure: true });

const seen = (bytes: Uint8Array, anchor: JournalReport["head"]) => verifyJournal(bytes, options(anchor));

describe("a journal", () => {
  it("that nobody has touched verifies, whatever it holds", () => {
    fc.assert(
      fc.property(journal, ({ lines, before, anchor }) => {
        const report = seen(bytesOf(lines), anchor);
        expect(report).toEqual({
          status: "verified",
          entries: lines.length,
          before,
          name: journalName,
          head: anchor,
          anchor,
          cuts: [],
          problems: [],
          found: 0,
        });
        expect(seen(bytesOf(lines), undefined).status).toBe("verified");
      }),
    );
  });

  it("with any byte changed is found out, on the line of that byte or as one of those before the chain", () => {
    fc.assert(
      fc.property(
        journal,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ lines, before, anchor }, at, mask) => {
          const bytes = bytesOf(lines);
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ mask;
          const report = seen(bytes, anchor);
          expect(report.status).toBe("damaged");
          const line =
            bytesOf(lines)
              .subarray(0, place)
              .filter((byte) => byte === 0x0a).length + 1;
          const told = report.problems.filter(
            (problem) => problem.line === line || (line <= before && problem.fault === "before-differs"),
          );
          expect(told).not.toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("with a byte of a complete line changed is found out without an anchor too", () => {
    fc.assert(
      fc.property(journal, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ lines }, at, mask) => {
        const bytes = bytesOf(lines);
        const place = at % (bytes.length - 1);
        bytes[place] = (bytes[place] ?? 0) ^ mask;
        expect(seen(bytes, undefined).status).toBe("damaged");
      }),
      { numRuns: 1000 },
    );
  });

  it("cut at any place is found out by the anchor, at its end", () => {
    fc.assert(
      fc.property(journal, fc.nat(), ({ lines, anchor }, at) => {
        const bytes = bytesOf(lines);
        const cut = bytes.subarray(0, at % bytes.length);
        const { problems, entries } = seen(cut, anchor);
        expect(problems.at(-1)).toMatchObject({ fault: "cut", line: entries + 1, seq: anchor.seq });
      }),
    );
  });

  it("with any line taken out is found out where it was", () => {
    fc.assert(
      fc.property(journal, ({ lines, anchor, at }) => {
        const { problems } = seen(bytesOf(lines.toSpliced(at, 1)), anchor);
        expect(problems).toContainEqual(
          expect.objectContaining({
            line: at + 1,
            fault: at === lines.length - 1 ? "cut" : "seq-skips",
          }),
        );
      }),
    );
  });

  it("with any line written twice is found out where the second stands", () => {
    fc.assert(
      fc.property(journal, fc.nat(), ({ lines, anchor, at }, to) => {
        const place = (to % lines.length) + 1;
        const { problems } = seen(bytesOf(lines.toSpliced(place, 0, lines[at] ?? "")), anchor);
        // Of two equal lines in a row the second is the one too many, wherever it came in.
        expect(problems.map(({ line }) => line)).toContain(place === at ? place + 2 : place + 1);
      }),
    );
  });

  it("with any line moved is found out where it was and where it is", () => {
    fc.assert(
      fc.property(journal, fc.nat(), ({ lines, anchor, at }, by) => {
        const to = (at + 1 + (by % (lines.length - 1))) % lines.length;
        const moved = lines.toSpliced(at, 1).toSpliced(to, 0, lines[at] ?? "");
        const found = seen(bytesOf(moved), anchor).problems.map(({ line }) => line);
        expect(found).toContain(Math.min(at, to) + 1);
        expect(found).toContain(to + 1);
      }),
    );
  });

  it("with an entry that somebody wrote anew, hash and all, is found out by the next one or the anchor", () => {
    fc.assert(
      fc.property(journal, data, ({ lines, before, anchor, at }, other) => {
        fc.pre(at >= before);
        const { hash, ...entry } = JSON.parse(lines[at] ?? "");
        const line = chainedLine({ ...entry, data: { ...other, forged: hash } });
        const { problems } = seen(bytesOf(lines.with(at, line)), anchor);
        const last = at === lines.length - 1;
        expect(problems).toEqual([
          expect.objectContaining(
            last ? { fault: "anchor-differs", line: at + 1 } : { fault: "prev-differs", line: at + 2 },
          ),
        ]);
      }),
    );
  });

  it("with all of it written anew from some entry on is found out by the anchor", () => {
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 6 }), fc.nat(), (entries, at) => {
        const drafts = entries.map((one) => ({ data: one }));
        const anchor = headOf(journalLines(drafts));
        const forged = journalLines(drafts.with(at % drafts.length, { data: { forged: anchor.hash } }));
        expect(seen(bytesOf(forged), undefined).status).toBe("verified");
        expect(seen(bytesOf(forged), anchor).problems).toMatchObject([{ fault: "anchor-differs" }]);
      }),
    );
  });

  it("that is another one's is found out, whole or entry by entry", () => {
    fc.assert(
      fc.property(journal, ({ lines, before, at }) => {
        const drafts = lines.map((line) => ({ data: JSON.parse(line).data }));
        const other = journalLines(drafts, { name: "atp/staging", before });
        const whole = seen(bytesOf(other), undefined);
        expect(whole.problems).toMatchObject([{ fault: "other-journal", line: before + 1 }]);
        fc.pre(at >= before);
        const { problems } = seen(bytesOf(lines.with(at, other[at] ?? "")), headOf(lines));
        expect(problems.length).toBeGreaterThan(0);
      }),
    );
  });

  it("of any bytes at all gets a report, and every problem a place in it", () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => bytesOf([text, text])),
    );
    fc.assert(
      fc.property(junk, (bytes) => {
        const { problems, entries } = seen(bytes, undefined);
        for (const { line } of problems) expect(line).toBeLessThanOrEqual(entries + 1);
      }),
    );
  });
});
