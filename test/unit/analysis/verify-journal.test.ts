import { describe, expect, it } from "vitest";
import { verifyJournal } from "../../../src/analysis/verify-journal.ts";
import { chainedLine, chainStart } from "../../../src/lib/journal-chain.ts";
import { sha256 } from "../../../src/lib/stable-json.ts";
import type { JournalFault } from "../../../src/types/journal-report.ts";
import { bytesOf, headOf, journalLines, journalName, textOf } from "../../support/journals.ts";

const drafts = Array.from({ length: 6 }, (_, index) => ({ step: String(index), data: { n: index } }));
const lines = journalLines(drafts);
const anchor = headOf(lines);
const old = journalLines(drafts, { before: 3 });
const at = (index: number, all: readonly string[] = lines) => all[index] ?? "";
const entry = (index: number, all?: readonly string[]) => JSON.parse(at(index, all));
const bytes = (text: string) => new TextEncoder().encode(text);

interface Case {
  readonly what: string;
  readonly text: string;
  readonly problems: readonly (readonly [JournalFault, number, number, RegExp])[];
  readonly anchor?: { readonly seq: number; readonly hash: string };
}

/** An entry after `onto`, as this version or, without `onto`, one that knew of no chain would write it. */
function another(seq: number, onto?: string): string {
  const { prev: _, hash: _hash, ...rest } = entry(0);
  return onto === undefined
    ? JSON.stringify({ ...rest, seq })
    : chainedLine({ ...rest, seq, prev: JSON.parse(onto).hash });
}

const cases: readonly Case[] = [
  {
    what: "a value that was written over",
    text: textOf(lines.with(2, at(2).replace('"n":2', '"n":7'))),
    problems: [
      ["hash-differs", 3, 3, /says that its hash is [0-9a-f]{12}…, and its content has [0-9a-f]{12}…/],
    ],
  },
  {
    what: "a member that was added",
    text: textOf(lines.with(2, at(2).replace("{", '{"approved":true,'))),
    problems: [["hash-differs", 3, 3, /hash/]],
  },
  {
    what: "a hash that was written over",
    text: textOf(lines.with(2, JSON.stringify({ ...entry(2), hash: "0".repeat(64) }))),
    problems: [["hash-differs", 3, 3, /hash is 000000000000…/]],
  },
  {
    what: "a prev that was written over",
    text: textOf(lines.with(2, JSON.stringify({ ...entry(2), prev: "0".repeat(64) }))),
    problems: [
      ["prev-differs", 3, 3, /follows the hash 000000000000…, and the entry before it has [0-9a-f]{12}…/],
      ["hash-differs", 3, 3, /hash/],
    ],
  },
  {
    what: "a number that was written over: it doesn't shift the others",
    text: textOf(lines.with(2, JSON.stringify({ ...entry(2), seq: 30 }))),
    problems: [
      ["seq-skips", 3, 3, /numbered 30 where 3 belongs/],
      ["hash-differs", 3, 30, /hash/],
    ],
  },
  {
    what: "other spelling of the same value",
    text: textOf(lines.with(2, at(2).replace('"n":2', '"n": 2'))),
    problems: [["bytes-differ", 3, 3, /other bytes/]],
  },
  {
    what: "a line that is no JSON any more",
    text: textOf(lines.with(2, at(2).slice(1))),
    problems: [["not-json", 3, 3, /not JSON/]],
  },
  {
    what: "a line that is another JSON",
    text: textOf(lines.with(2, "[]")),
    problems: [["not-json", 3, 3, /no object/]],
  },
  {
    what: "an entry taken out: one place, not all that follow",
    text: textOf(lines.toSpliced(2, 1)),
    problems: [
      ["seq-skips", 3, 3, /numbered 4 where 3 belongs/],
      ["prev-differs", 3, 4, /follows the hash/],
    ],
  },
  {
    what: "the beginning taken off",
    text: textOf(lines.slice(2)),
    problems: [
      ["seq-skips", 1, 1, /numbered 3 where 1 belongs/],
      ["prev-differs", 1, 3, /nothing stands before it: the beginning is missing/],
    ],
  },
  {
    what: "the first entry once more, in the middle",
    text: textOf(lines.toSpliced(3, 0, at(0))),
    problems: [
      ["seq-skips", 4, 4, /numbered 1 where 4 belongs/],
      ["prev-differs", 4, 1, /begins a chain, and the entry before it has/],
      ["seq-skips", 5, 2, /numbered 4 where 2 belongs/],
      ["prev-differs", 5, 4, /follows the hash/],
    ],
  },
  {
    what: "an entry put in, with a hash of its own",
    text: textOf(lines.toSpliced(3, 0, another(4, at(2)))),
    problems: [
      ["seq-skips", 5, 5, /numbered 4 where 5 belongs/],
      ["prev-differs", 5, 4, /follows the hash/],
    ],
  },
  {
    what: "its hashes taken away, from some entry on",
    text: textOf([...lines.slice(0, 4), another(5), another(6)]),
    problems: [
      ["no-hash", 5, 5, /no hash, and the chain had begun before it/],
      ["no-hash", 6, 6, /no hash/],
    ],
  },
  {
    what: "another stack's journal",
    text: textOf(journalLines(drafts, { name: "atp/staging" })),
    problems: [["other-journal", 1, 1, /chain is that of atp\/staging, not of atp\/prod/]],
  },
  {
    what: "an entry before the chain written over",
    text: textOf(old.with(1, at(1, old).replace('"n":1', '"n":7'))),
    problems: [
      [
        "before-differs",
        4,
        4,
        /3 entries stood before it when its chain began, and they are not what they were/,
      ],
    ],
  },
  {
    what: "an entry before the chain taken out",
    text: textOf(old.toSpliced(1, 1)),
    problems: [
      ["seq-skips", 2, 2, /numbered 3 where 2 belongs/],
      ["before-differs", 3, 4, /3 entries stood before it when its chain began, where 2 stand now/],
    ],
  },
  {
    what: "all before the chain taken off",
    text: textOf(old.slice(3)),
    problems: [
      ["seq-skips", 1, 1, /numbered 4 where 1 belongs/],
      ["before-differs", 1, 4, /3 entries .* where 0 stand now/],
    ],
  },
  {
    what: "a cut tail, by the anchor",
    text: textOf(lines.slice(0, 4)),
    anchor,
    problems: [["cut", 5, 6, /the anchor knows entry 6, and the journal ends with entry 4/]],
  },
  {
    what: "all of it gone, by the anchor",
    text: "",
    anchor,
    problems: [["cut", 1, 6, /has no chain/]],
  },
  {
    what: "all hashes taken away, by the anchor",
    text: textOf(lines.map((_, index) => another(index + 1))),
    anchor,
    problems: [["cut", 7, 6, /has no chain/]],
  },
  {
    what: "an anchored number that the chain hasn't",
    text: textOf(old),
    anchor: { seq: 2, hash: "0".repeat(64) },
    problems: [["anchor-differs", 2, 2, /no chained entry has that number/]],
  },
  {
    what: "all of it written anew, by the anchor",
    text: textOf(journalLines(drafts.with(0, { step: "0", data: { n: 9 } }))),
    anchor: headOf(lines.slice(0, 3)),
    problems: [["anchor-differs", 3, 3, /knows it by the hash [0-9a-f]{12}…: it was written anew/]],
  },
  {
    what: "the last newline written over",
    text: `${textOf(lines).slice(0, -1)}x`,
    problems: [["torn", 6, 6, /not as a crash leaves entry 6/]],
  },
  {
    what: "a torn line of an entry that isn't the next one",
    text: `${textOf(lines.slice(0, 3))}${at(4).slice(0, 60)}`,
    problems: [["torn", 4, 4, /60 bytes without a newline/]],
  },
  {
    what: "a number that is none: no hash, no crash",
    text: textOf(lines.with(2, at(2).replace('"n":2', '"n":2e999'))),
    problems: [["hash-differs", 3, 3, /its content has none/]],
  },
  {
    what: "more depth than a stack holds",
    text: textOf(
      lines.with(2, `{"seq":3,"prev":"${entry(1).hash}","hash":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
    ),
    problems: [
      ["hash-differs", 3, 3, /its hash is none/],
      ["prev-differs", 4, 4, /the entry before it has none/],
    ],
  },
];

describe("verifyJournal finds", () => {
  it.each(cases)("$what", ({ text, problems, anchor: known }) => {
    const report = verifyJournal(bytes(text), { name: journalName, ...(known ? { anchor: known } : {}) });
    expect(report.status).toBe("damaged");
    expect(report.found).toBe(problems.length);
    expect(report.problems).toEqual(
      problems.map(([fault, line, seq, message]) => ({
        fault,
        line,
        seq,
        message: expect.stringMatching(message),
      })),
    );
  });

  it("all of many, and lists the first ones", () => {
    const broken = lines.map((line) => line.replace('"step":"', '"step":"0'));
    const report = verifyJournal(bytesOf(broken), { limit: 2 });
    expect(report.problems.map(({ line }) => line)).toEqual([1, 2]);
    expect(report.found).toBe(6);
  });
});

describe("verifyJournal takes for whole", () => {
  it("a journal that began before there was a chain, and says how much of it that is", () => {
    expect(verifyJournal(bytesOf(old), { name: journalName })).toMatchObject({
      status: "verified",
      entries: 6,
      before: 3,
      head: headOf(old),
    });
  });

  it("a journal of any name where none is asked for, and says it", () => {
    const other = journalLines(drafts, { name: "a b/c%/ü" });
    expect(verifyJournal(bytesOf(other))).toMatchObject({ status: "verified", name: "a b/c%/ü" });
  });

  it("what was written behind the anchor", () => {
    const known = headOf(lines.slice(0, 4));
    const report = verifyJournal(bytesOf(lines), { anchor: known });
    expect(report).toMatchObject({ status: "verified", anchor: known, head: anchor });
  });

  it.each([
    ["half a line", at(4).slice(0, 80)],
    ["its first letter", "{"],
    ["a line without its newline", at(4)],
    ["half a line and zeros", `${at(4).slice(0, 80)}${"\0".repeat(400)}`],
    ["zeros alone", "\0".repeat(512)],
  ])("%s at the end, as a crash leaves it, and says so", (_, tail) => {
    const report = verifyJournal(bytes(textOf(lines.slice(0, 4)) + tail));
    expect(report).toMatchObject({ status: "verified", entries: 4, tail: { line: 5, bytes: tail.length } });
  });

  it("a torn line that was cut, and says behind which entry", () => {
    const torn = { bytes: 7, sha256: sha256("{schema") };
    const { hash: _, ...last } = entry(5);
    const line = chainedLine({ ...last, torn });
    const report = verifyJournal(bytesOf(lines.with(5, line)));
    expect(report).toMatchObject({ status: "verified", cuts: [{ seq: 6, bytes: 7 }] });
  });

  it("a chain that goes on behind entries of a version without one, but for these", () => {
    const mixed = [...lines.slice(0, 3), another(4)];
    const { prev: _, hash: _hash, ...rest } = entry(4);
    const before = { entries: 4, sha256: sha256(textOf(mixed)) };
    mixed.push(chainedLine({ ...rest, prev: chainStart({ name: journalName, before }) }));
    expect(verifyJournal(bytesOf(mixed)).problems).toMatchObject([{ fault: "no-hash", line: 4 }]);
  });
});

it.each([
  ["an empty journal", "", 0],
  ["one that knows of no chain", textOf(lines.map((_, index) => another(index + 1))), 6],
])("%s is neither whole nor damaged: there is nothing to hold it against", (_, text, entries) => {
  expect(verifyJournal(bytes(text))).toMatchObject({
    status: "unchained",
    entries,
    before: entries,
    found: 0,
  });
});
