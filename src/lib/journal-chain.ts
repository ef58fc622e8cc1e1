import type { JournalEntry, JournalHead } from "../types/journal.ts";
import { sha256, stableJson } from "./stable-json.ts";
import { uriDecoded } from "./uri-decoded.ts";

/** What was in a journal when its chain began: covered as a whole, not entry by entry. */
interface BeforeChain {
  readonly entries: number;
  /** SHA-256 of all their bytes, newlines included. */
  readonly sha256: string;
}

/** What a chain begins with. */
export interface ChainStart {
  /** Whose journal it is: `atp/prod`. */
  readonly name: string;
  readonly before?: BeforeChain;
}

const format = "rollouts-journal/1";
/** `prev` of a first entry. */
const written = /^rollouts-journal\/1 (\S+)(?: after (\d+) ([0-9a-f]{64}))?$/;
const hex = /^[0-9a-f]{64}$/;

/** Whose journal a stack's is: `atp/prod`, also where the stack is called `org/atp/prod`. */
export function journalName({
  project,
  stack,
}: {
  readonly project: string;
  readonly stack: string;
}): string {
  return `${project}/${stack.split("/").at(-1) ?? stack}`;
}

/**
 * `prev` of the first chained entry: `rollouts-journal/1 atp/prod`, with ` after 41 <sha256>` where 41 entries stood
 * there already. In the clear, so that a person sees which journal a copy is of; by it two stacks' chains differ from
 * the first hash on, and no entry of one fits into the other.
 */
export function chainStart({ name, before }: ChainStart): string {
  const word = name.replace(/[\s%]/g, encodeURIComponent);
  return `${format} ${word}${before === undefined ? "" : ` after ${before.entries} ${before.sha256}`}`;
}

/** What a chain begins with, of a `prev`; undefined where that is the hash of another entry. */
export function readChainStart(prev: string): ChainStart | undefined {
  const [, word, entries, hash] = written.exec(prev) ?? [];
  const name = word?.replace(/(?:%[0-9A-F]{2})+/g, uriDecoded);
  if (name === undefined) return undefined;
  return { name, ...(hash === undefined ? {} : { before: { entries: Number(entries), sha256: hash } }) };
}

/** Hash of an entry as it is read back: over all its members but `hash`, `prev` among them. */
export function entryHash({ hash: _, ...entry }: Readonly<Record<string, unknown>>): string {
  return sha256(stableJson(entry));
}

/** The line of an entry that has its `prev`: its JSON with the hash as the last member. */
export function chainedLine(entry: Omit<JournalEntry, "hash"> & { readonly prev: string }): string {
  const text = JSON.stringify(entry);
  // Of what a reader will read: JSON has turned NaN into null by then, and dates into texts.
  return `${text.slice(0, -1)},"hash":"${entryHash(JSON.parse(text))}"}`;
}

/** The head in what stands in a stack's state; undefined where that is none. */
export function journalHeadIn(value: unknown): JournalHead | undefined {
  const { seq, hash } = Object(value);
  const known = Number.isSafeInteger(seq) && seq > 0 && typeof hash === "string" && hex.test(hash);
  return known ? { seq, hash } : undefined;
}
