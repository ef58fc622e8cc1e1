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
  /** Writes so far. */
  readonly version: number;
}

/** Bytes that a key-value may have with all that belongs to it. */
export const keyValueLimit = 10_240;

/** Key-values in memory, each with an etag that changes with every write. */
export function createFlagStore(now: () => number): FlagStore {
  const present = new Map<string, KeyValue>();
  const former = new Map<string, KeyValue | undefined>();
  let version = 0;
  const place = ({ key, label }: KeyValueId) => JSON.stringify([key, label ?? null]);
  const set = (id: KeyValueId, next: Omit<KeyValue, "etag" | "last_modified"> | undefined) => {
    version++;
    const at = place(id);
    former.set(at, present.get(at));
    if (next === undefined) {
      present.delete(at);
      return undefined;
    }
    const etag = createHash("sha256").update(`${at} ${version}`).digest("base64url");
    const kept = { ...next, etag, last_modified: new Date(now()).toISOString() };
    present.set(at, kept);
    return kept;
  };
  return {
    get: (id) => present.get(place(id)),
    before: (id) => (former.has(place(id)) ? former.get(place(id)) : present.get(place(id))),
    put: (id, { value = null, content_type = null, description = null, tags = {} }) => {
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
      const there = present.get(place(id));
      return there && set(id, { ...there, locked });
    },
    delete: (id) => {
      const there = present.get(place(id));
      if (there) set(id, undefined);
      return there;
    },
    get version() {
      return version;
    },
  };
}
