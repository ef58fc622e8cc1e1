import { RolloutError } from "../../src/errors/errors.ts";
import { chainedLine, chainStart } from "../../src/lib/journal-chain.ts";
import type { Runtime } from "../../src/lib/runtime.ts";
import type { Lease, RecordStore, Requests } from "../../src/ports/record.ts";
import type { JournalDraft, JournalEntry } from "../../src/types/journal.ts";

/** What several stores share: hand one to several `createMemoryRecord` calls to act as several processes. */
export interface MemoryRecordState {
  lease:
    | { token: number; holder: string; termMs: number; expiresAtMs: number; released: boolean; owner: object }
    | undefined;
  readonly entries: JournalEntry[];
  readonly requests: Parameters<Requests["submit"]>[0][];
  readonly listeners: Set<() => void>;
}

/** Whose journal each of these is. */
export const memoryJournal = "atp/memory";

export function memoryRecordState(): MemoryRecordState {
  return { lease: undefined, entries: [], requests: [], listeners: new Set() };
}

export interface MemoryRecordOptions {
  readonly runtime: Runtime;
  readonly state?: MemoryRecordState;
}

export interface MemoryRecord extends RecordStore {
  readonly state: MemoryRecordState;
  /** The process of this store "dies": its lease is free for others at once. */
  die(): void;
}

/** A record in memory that keeps the port's whole promise; lease terms run on the wall clock. */
export function createMemoryRecord({
  runtime,
  state = memoryRecordState(),
}: MemoryRecordOptions): MemoryRecord {
  const owner = { dead: false };
  return {
    state,
    die: () => {
      owner.dead = true;
    },
    lease: memoryLease(runtime, state, owner),
    journal: {
      location: "memory:journal",
      append: async (draft) => {
        const { lease } = state;
        if (lease?.token !== draft.leaseToken || lease.released) throw lost(draft.leaseToken);
        const seq = state.entries.length + 1;
        const prev = state.entries.at(-1)?.hash ?? chainStart({ name: memoryJournal });
        const entry: JournalEntry = JSON.parse(chainedLine({ schemaVersion: 1, seq, ...draft, prev }));
        state.entries.push(entry);
        return plain(entry);
      },
      read: async () => plain(state.entries),
      bytes: async () =>
        new TextEncoder().encode(state.entries.map((entry) => `${JSON.stringify(entry)}\n`).join("")),
    },
    requests: memoryRequests(state),
  };
}

function memoryLease(runtime: Runtime, state: MemoryRecordState, owner: { dead: boolean }): Lease {
  const now = () => runtime.wall.now();
  const holds = (token: number) => {
    const { lease } = state;
    return lease?.token === token && !lease.released && now() < lease.expiresAtMs;
  };
  return {
    acquire: async ({ holder, termMs }) => {
      const { lease } = state;
      const dead = (lease?.owner as { dead: boolean } | undefined)?.dead ?? false;
      if (lease && holds(lease.token) && !dead) {
        return { granted: false, holder: lease.holder, expiresAtMs: lease.expiresAtMs };
      }
      const token = (lease?.token ?? 0) + 1;
      state.lease = { token, holder, termMs, expiresAtMs: now() + termMs, released: false, owner };
      return { granted: true, token };
    },
    renew: async (token) => {
      if (!holds(token) || !state.lease) return false;
      state.lease.expiresAtMs = now() + state.lease.termMs;
      return true;
    },
    check: async (token) => holds(token),
    release: async (token) => {
      if (state.lease?.token === token) state.lease.released = true;
    },
  };
}

function memoryRequests(state: MemoryRecordState): Requests {
  let seen: number | undefined;
  return {
    submit: async (request) => {
      state.requests.push(plain(request));
      for (const listener of [...state.listeners]) listener();
    },
    read: async (rolloutId) => {
      seen = state.requests.length;
      return plain(state.requests.filter((one) => one.rolloutId === rolloutId)).map(
        ({ rolloutId: _, ...request }) => request,
      );
    },
    changed: async (signal) => {
      seen ??= state.requests.length;
      if (state.requests.length === seen && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            state.listeners.delete(done);
            signal.removeEventListener("abort", done);
            resolve();
          };
          state.listeners.add(done);
          signal.addEventListener("abort", done, { once: true });
        });
      }
      seen = state.requests.length;
    },
  };
}

function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function lost(token: number): RolloutError {
  return new RolloutError(`Lease token ${token} no longer allows writing to the journal.`, {
    code: "lease-lost",
    exit: "leaseHeld",
  });
}

/** A journal entry for tests. */
export function journalDraft(leaseToken: number, over: Partial<JournalDraft> = {}): JournalDraft {
  const at = "2026-01-15T10:00:00.000Z";
  return {
    rolloutId: "r1",
    leaseToken,
    at,
    wallAt: at,
    kind: "observed",
    state: "soaking",
    step: "5",
    planHash: "0".repeat(64),
    data: { note: "line one\nline two", zero: 0 },
    ...over,
  };
}
