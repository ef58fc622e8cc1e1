import type { JournalHead } from "../types/journal.ts";
import type { JournalProblem, JournalReport } from "../types/journal-report.ts";
import { isTorn, linesOf, tailOf } from "./journal-lines.ts";
import { newWalk, say, visit, type Walk } from "./journal-walk.ts";

export interface VerifyOptions {
  /** Whose journal it has to be; absent: anybody's. */
  readonly name?: string;
  /** What is known of it from elsewhere. */
  readonly anchor?: JournalHead;
  /** How many problems are listed; default 50. */
  readonly limit?: number;
}

/**
 * Reads a journal from its first byte and says every place where it isn't what was written. After a problem it goes
 * on from what it finds there, so that one change shows as what it is and not as a fault of all that follows.
 */
export function verifyJournal(bytes: Uint8Array, options: VerifyOptions = {}): JournalReport {
  const { anchor, name, limit = 50 } = options;
  const walk = newWalk({ bytes, limit, ...(name === undefined ? {} : { wanted: name }) });
  const seen: { readonly line: number; readonly hash: string }[] = [];
  for (const line of linesOf(bytes)) {
    const head = visit(walk, line);
    if (head !== undefined && head.seq === anchor?.seq) seen.push({ line: line.line, hash: head.hash });
  }
  const tail = visitTail(walk);
  if (anchor !== undefined && !seen.some(({ hash }) => hash === anchor.hash)) {
    say(walk, missed(walk, anchor, seen[0]?.line));
  }
  const { found, problems, lines, before, head, cuts } = walk;
  return {
    status: found > 0 ? "damaged" : head === undefined ? "unchained" : "verified",
    entries: lines,
    before,
    ...(walk.name === undefined ? {} : { name: walk.name }),
    ...(head === undefined ? {} : { head }),
    ...(anchor === undefined ? {} : { anchor }),
    cuts,
    ...(tail === undefined ? {} : { tail }),
    problems,
    found,
  };
}

function visitTail(walk: Walk): JournalReport["tail"] {
  const tail = tailOf(walk.bytes);
  if (tail.length === 0) return undefined;
  const line = walk.lines + 1;
  const { seq } = walk;
  if (isTorn(tail, seq)) return { line, bytes: tail.length };
  const message = `${tail.length} bytes without a newline, and not as a crash leaves entry ${seq}`;
  say(walk, { fault: "torn", line, seq, message });
  return undefined;
}

/** The anchor does not stand where it has to: at `line` another hash does, or its number is nowhere. */
function missed(walk: Walk, { seq, hash }: JournalHead, line: number | undefined): JournalProblem {
  const { head, lines } = walk;
  if (line !== undefined) {
    const message = `the anchor knows it by the hash ${hash.slice(0, 12)}…: it was written anew`;
    return { fault: "anchor-differs", line, seq, message };
  }
  const knows = `the anchor knows entry ${seq}, and`;
  if (head !== undefined && head.seq > seq) {
    const message = `${knows} no chained entry has that number`;
    return { fault: "anchor-differs", line: Math.min(seq, lines), seq, message };
  }
  const ends = head === undefined ? "has no chain" : `ends with entry ${head.seq}`;
  return { fault: "cut", line: lines + 1, seq, message: `${knows} the journal ${ends}` };
}
