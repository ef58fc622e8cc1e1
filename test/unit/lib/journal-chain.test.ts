import { expect, it } from "vitest";
import { chainedLine, chainStart, entryHash, readChainStart } from "../../../src/lib/journal-chain.ts";
import { sha256 } from "../../../src/lib/stable-json.ts";
import { journalDraft } from "../../support/memory-record.ts";

const before = { entries: 41, sha256: sha256("what was there") };

it("a chain begins with the journal's name, in the clear", () => {
  expect(chainStart({ name: "atp/prod" })).toBe("rollouts-journal/1 atp/prod");
  expect(chainStart({ name: "atp/prod", before })).toBe(
    `rollouts-journal/1 atp/prod after 41 ${before.sha256}`,
  );
});

it.each(["atp/prod", "atp/prod/migration", "with a space/%20/\u2003ü", "after 41"])(
  "the name %j is read back as it was",
  (name) => {
    expect(readChainStart(chainStart({ name }))).toEqual({ name });
    expect(readChainStart(chainStart({ name, before }))).toEqual({ name, before });
  },
);

it.each(["", sha256("x"), "rollouts-journal/2 atp/prod", "rollouts-journal/1 atp/prod after 41"])(
  "%j begins no chain",
  (prev) => {
    expect(readChainStart(prev)).toBeUndefined();
  },
);

it("a name that nobody encoded like this is read as it stands there", () => {
  expect(readChainStart("rollouts-journal/1 atp%FF")).toEqual({ name: "atp%FF" });
});

// Journals are kept for years: a change of the form would make every one of them look forged. The hash is Python's
// (`json.dumps(sort_keys=True, separators=(',', ':'), ensure_ascii=False)`).
it("the form never changes: this very line", () => {
  const draft = journalDraft(3, { data: { b: [1, null], a: "ü\n" } });
  const line = chainedLine({ schemaVersion: 1, seq: 1, ...draft, prev: chainStart({ name: "atp/prod" }) });
  expect(line).toBe(
    '{"schemaVersion":1,"seq":1,"rolloutId":"r1","leaseToken":3,"at":"2026-01-15T10:00:00.000Z","wallAt":"2026-01-15T10:00:00.000Z","kind":"observed","state":"soaking","step":"5","planHash":"0000000000000000000000000000000000000000000000000000000000000000","data":{"b":[1,null],"a":"ü\\n"},"prev":"rollouts-journal/1 atp/prod","hash":"262ad4ea51937aa28addb989b97267ab1c326ee81140e465efd0749549001313"}',
  );
});

it("the hash is that of what a reader reads, whatever a writer gave", () => {
  const data = { nan: Number.NaN, none: undefined, date: new Date(0), zero: -0 };
  const draft = journalDraft(1, { data });
  const line = chainedLine({ schemaVersion: 1, seq: 1, ...draft, prev: chainStart({ name: "x" }) });
  const read = JSON.parse(line);
  expect(read.data).toEqual({ nan: null, date: "1970-01-01T00:00:00.000Z", zero: 0 });
  expect(entryHash(read)).toBe(read.hash);
});

it("the hash is the same whatever the order of the members", () => {
  const entry = { a: 1, b: { c: 2, d: 3 } };
  expect(entryHash({ b: { d: 3, c: 2 }, a: 1, hash: "any" })).toBe(entryHash(entry));
});
