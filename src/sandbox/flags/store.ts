import { createHash } from "node:crypto";

/** A key-value as App Configuration keeps it. */
export interface KeyValue {
  readonly key: string;
  /** null: none. */
  readonly label: string | null;
  readonly value: string | null;
  readonly content_type: string | null;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly locked: boolean;
  readonly etag: string;
  readonly last_modified: string;
}

/** What a writer can say of a key-value. */
export type KeyValueDraft = Partial<Pick<KeyValue, "value" | "content_type" | "description" | "tags">>;

/** Which key-value. */
export interface KeyValueId {
  readonly key: string;
  readonly label?: string | null;
}

export interface FlagStore {
  get(id: KeyValueId): KeyValue | undefined;
  /** As it was before the last write: what a cache may still have. */
  before(id: KeyValueId): KeyValue | undefined;
  /** Replaces all of it, whoever asks: conditions and locks are the API's. */
  put(id: KeyValueId, draft: KeyValueDraft): KeyValue;
  /** A lock is a write of its own: the etag changes. */
  lock(id: KeyValueId, locked: boolean): KeyValue | undefined;
  delete(id: KeyValueId): KeyValue | undefined;
  /** All of them, by key, then by label, those without one first. */
  list(): readonly KeyValue[];
  /** Calls back after each write, with what stands there now; undefined: it was deleted. */
  hear(listener: (id: KeyValueId, now: KeyValue | undefined) => void): void;
  /** Writes so far. */
  readonly version: number;
}

/** Bytes that a key-value may have with all that belongs to it. */
export const keyValueLimit = 10_240;

/**
 * Key-values in memory, each with an etag that changes with every write. `settle` runs before each question and write:
 * what was to happen by then, has.
 */
export function createFlagStore(now: () => number, settle: () => void = () => {}): FlagStore {
  const present = new Map<string, KeyValue>();
  const former = new Map<string, KeyValue | undefined>();
  const listeners: Parameters<FlagStore["hear"]>[0][] = [];
  let version = 0;
  const set = (id: KeyValueId, next: Omit<KeyValue, "etag" | "last_modified"> | undefined) => {
    version++;
    const at = placeOf(id);
    former.set(at, present.get(at));
    const etag = createHash("sha256").update(`${at} ${version}`).digest("base64url");
    const kept = next && { ...next, etag, last_modified: new Date(now()).toISOString() };
    if (kept) present.set(at, kept);
    else present.delete(at);
    for (const listener of listeners) listener(id, kept);
    return kept;
  };
  const there = (id: KeyValueId) => {
    settle();
    return present.get(placeOf(id));
  };
  return {
    get: there,
    before: (id) => {
      const last = there(id);
      return former.has(placeOf(id)) ? former.get(placeOf(id)) : last;
    },
    put: (id, { value = null, content_type = null, description = null, tags = {} }) => {
      settle();
      const { key, label = null } = id;
      return set(id, {
        key,
        label,
        value,
        content_type,
        description,
        tags,
        locked: false,
      }) as KeyValue;
    },
    lock: (id, locked) => {
      const found = there(id);
      return found && set(id, { ...found, locked });
    },
    delete: (id) => {
      const found = there(id);
      if (found) set(id, undefined);
      return found;
    },
    list: () => {
      settle();
      return [...present.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    },
    hear: (listener) => void listeners.push(listener),
    get version() {
      return version;
    },
  };
}

/** Its place among the others: by key, then by label, those without one first. No two have the same. */
export function placeOf({ key, label }: KeyValueId): string {
  return label === undefined || label === null ? key : `${key}\0${label}`;
}
