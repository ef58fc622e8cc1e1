import { type ChainStart, entryHash, readChainStart } from "../lib/journal-chain.ts";
import { sha256 } from "../lib/stable-json.ts";
import type { JournalHead } from "../types/journal.ts";
import type { JournalCut, JournalProblem } from "../types/journal-report.ts";
import type { JournalLine } from "./journal-lines.ts";

/** How far a walk through a journal has come. */
export interface Walk {
  readonly bytes: Uint8Array;
  /** Whose journal it has to be. */
  readonly wanted?: string;
  /** How many problems are kept. */
  readonly limit: number;
  readonly problems: JournalProblem[];
  found: number;
  lines: number;
  /** Entries before the chain. */
  before: number;
  /** What the next entry has to be numbered. */
  seq: number;
  /** What came before: nothing, an entry without a hash, one with, or what nobody can read. */
  behind: "nothing" | "unchained" | "chained" | "unreadable";
  /** What the next `prev` may name: the last hash as the entry says it, and as its content has it. */
  hashes: readonly string[];
  name?: string;
  head?: JournalHead;
  readonly cuts: JournalCut[];
}

export function newWalk(options: Pick<Walk, "bytes" | "limit" | "wanted">): Walk {
  const counts = { found: 0, lines: 0, before: 0, seq: 1 };
  return { ...options, ...counts, behind: "nothing", hashes: [], problems: [], cuts: [] };
}

export function say(walk: Walk, problem: JournalProblem): void {
  walk.found += 1;
  if (walk.problems.length < walk.limit) walk.problems.push(problem);
}

/** Goes over one line; what it says of itself, where it is chained. */
export function visit(walk: Walk, line: JournalLine): JournalHead | undefined {
  walk.lines = line.line;
  const { entry } = line;
  if (entry === undefined) {
    say(walk, { fault: "not-json", line: line.line, seq: walk.seq, message: line.why ?? "" });
    walk.seq += 1;
    walk.behind = "unreadable";
    return undefined;
  }
  if ("hash" in entry || "prev" in entry) return visitChained(walk, line, entry);
  visitUnchained(walk, line.line, entry);
  return undefined;
}

type Entry = Readonly<Record<string, unknown>>;

function visitUnchained(walk: Walk, line: number, { seq }: Entry): void {
  checkSeq(walk, line, seq);
  if (walk.head === undefined) walk.before += 1;
  else {
    const message = "it has no hash, and the chain had begun before it";
    say(walk, { fault: "no-hash", line, seq: numberOr(seq, walk.seq), message });
  }
  walk.seq = numberOr(seq, walk.seq) + 1;
  walk.behind = "unchained";
}

function visitChained(walk: Walk, line: JournalLine, entry: Entry): JournalHead {
  const { hash, prev, torn } = entry;
  const own = hashOf(entry);
  const seq = numberOr(entry["seq"], walk.seq);
  const at = { line: line.line, seq };
  checkSeq(walk, line.line, entry["seq"]);
  checkPrev(walk, line, { prev, seq });
  if (own !== hash) {
    const message = `it says that its hash is ${short(hash)}, and its content has ${short(own)}`;
    say(walk, { fault: "hash-differs", ...at, message });
  } else if (JSON.stringify(entry) !== line.text) {
    say(walk, {
      fault: "bytes-differ",
      ...at,
      message: "it says the same, in other bytes than were written",
    });
  }
  if (own === hash && torn !== undefined) walk.cuts.push({ seq, bytes: Number(Object(torn)["bytes"]) });
  // A number is only believed where the hash covers it: one that was written over must not shift all the others.
  walk.seq = own === hash ? seq + 1 : walk.seq + 1;
  walk.behind = "chained";
  const said = typeof hash === "string" ? hash : "";
  walk.hashes = [said, own];
  walk.head = { seq, hash: said };
  return walk.head;
}

function checkSeq(walk: Walk, line: number, seq: unknown): void {
  if (seq === walk.seq) return;
  const numbered = typeof seq === "number" ? `numbered ${seq}` : "not numbered";
  const message = `it is ${numbered} where ${walk.seq} belongs`;
  say(walk, { fault: "seq-skips", line, seq: walk.seq, message });
}

function checkPrev(
  walk: Walk,
  line: JournalLine,
  { prev, seq }: { readonly prev: unknown; readonly seq: number },
): void {
  const { behind } = walk;
  const start = typeof prev === "string" ? readChainStart(prev) : undefined;
  if (start !== undefined && behind !== "chained") {
    checkStart(walk, line, { start, seq });
    return;
  }
  if (behind === "unreadable" || (behind === "chained" && walk.hashes.some((one) => one === prev))) return;
  const follows = start === undefined ? `it follows the hash ${short(prev)}` : "it begins a chain";
  const message = {
    nothing: `${follows}, and nothing stands before it: the beginning is missing`,
    unchained: `${follows}, and the entry before it has none`,
    chained: `${follows}, and the entry before it has ${short(walk.hashes[0])}`,
  }[behind];
  say(walk, { fault: "prev-differs", line: line.line, seq, message });
}

/** A chain that begins here is this journal's, and covers all that stands before it. */
function checkStart(
  walk: Walk,
  { line, start: offset }: JournalLine,
  { start, seq }: { readonly start: ChainStart; readonly seq: number },
): void {
  walk.name ??= start.name;
  const wanted = walk.wanted ?? walk.name;
  if (start.name !== wanted) {
    const message = `its chain is that of ${start.name}, not of ${wanted}`;
    say(walk, { fault: "other-journal", line, seq, message });
  }
  const { entries = 0, sha256: hash = sha256("") } = start.before ?? {};
  if (entries === line - 1 && hash === sha256(walk.bytes.subarray(0, offset))) return;
  const now = entries === line - 1 ? "and they are not what they were" : `where ${line - 1} stand now`;
  const message = `${entries} entries stood before it when its chain began, ${now}`;
  say(walk, { fault: "before-differs", line, seq, message });
}

/** Empty where an entry has none: a number that reads as infinite, more depth than any entry has. */
function hashOf(entry: Entry): string {
  try {
    return entryHash(entry);
  } catch {
    return "";
  }
}

function numberOr(seq: unknown, other: number): number {
  return typeof seq === "number" ? seq : other;
}

function short(hash: unknown): string {
  return typeof hash === "string" && hash !== "" ? `${hash.slice(0, 12)}…` : "none";
}
