import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { chainedLine, chainStart } from "../../lib/journal-chain.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { sha256 } from "../../lib/stable-json.ts";
import type { Journal, RecordStore } from "../../ports/record.ts";
import type { JournalEntry, JournalKind } from "../../types/journal.ts";
import type { StateName } from "../../types/state.ts";
import { createFileLease, type FileLease } from "./file-lease.ts";
import { createFileRequests } from "./file-requests.ts";
import { hostIdentity, isProcessAlive } from "./host.ts";
import { appendLine, readBytes, readLines, type Tail } from "./jsonl.ts";
import { corrupt, parseJson } from "./record-json.ts";
import { createStoreLock, type StoreLock } from "./store-lock.ts";

export interface FileRecordOptions {
  /** Folder of one stack's record; made at the first write. */
  readonly dir: string;
  /** Whose journal it is, as its chain says: `atp/prod`. Default: the last two names of the folder. */
  readonly name?: string;
  readonly runtime: Runtime;
  /** Identity of this host; default: name, boot and pid namespace. */
  readonly host?: string;
  readonly pid?: number;
  /** Whether a pid of this host runs. */
  readonly isAlive?: (pid: number) => boolean;
  /** How often requests are looked for where the file system tells nothing, ms. */
  readonly pollMs?: number;
}

const kinds = [
  "begin",
  "intent",
  "effect",
  "observed",
  "verdict",
  "decision",
  "end",
] as const satisfies readonly JournalKind[];

const entrySchema: z.ZodType<JournalEntry> = z.object({
  schemaVersion: z.literal(1),
  seq: z.int().positive(),
  rolloutId: z.string(),
  leaseToken: z.int(),
  at: z.string(),
  wallAt: z.string(),
  kind: z.enum(kinds),
  // States are checked where the journal is folded: a newer version's state must not make it unreadable here.
  state: z.custom<StateName>((value) => typeof value === "string"),
  step: z.string(),
  planHash: z.string(),
  data: z.record(z.string(), z.unknown()),
  torn: z.object({ bytes: z.int(), sha256: z.string() }).exactOptional(),
  prev: z.string().exactOptional(),
  hash: z.string().exactOptional(),
});

/**
 * Lease, journal and requests of one stack in a folder: `lease/<token>.json`, `journal.jsonl`,
 * `requests.jsonl`, and `lock/` for the store's own short lock. Safe between processes of one host, and
 * between hosts on a share that has atomic hard links and renames, and clocks that agree.
 */
export function createFileRecord(options: FileRecordOptions): RecordStore {
  const { runtime, isAlive = isProcessAlive, pollMs } = options;
  const dir = resolve(options.dir);
  const owner = { host: options.host ?? hostIdentity(), pid: options.pid ?? process.pid };
  const lock = createStoreLock({ dir, runtime, owner, isAlive });
  const lease = createFileLease({ dir, runtime, owner, isAlive, lock });
  const name = options.name ?? `${basename(dirname(dir))}/${basename(dir)}`;
  return {
    lease,
    journal: createFileJournal({ dir, name, lease, lock }),
    requests: createFileRequests({ dir, runtime, lock, ...(pollMs === undefined ? {} : { pollMs }) }),
  };
}

interface FileJournal {
  readonly dir: string;
  readonly name: string;
  readonly lease: FileLease;
  readonly lock: StoreLock;
}

/**
 * The journal refuses (`lease-lost`) a writer whose token was superseded or released, under the same lock
 * under which leases are granted: what the next holder reads after its grant is all there will ever be of
 * the one before. A token that ran out and that nobody took over may still write its last words.
 */
function createFileJournal({ dir, name, lease, lock }: FileJournal): Journal {
  const path = join(dir, "journal.jsonl");
  return {
    location: path,
    append: (draft, options) =>
      lock(async () => {
        await lease.assertNewest(draft.leaseToken);
        let entry: JournalEntry | undefined;
        const build = async (tail: Tail) => {
          const last = tail.last === undefined ? undefined : parseJson(tail.last, entrySchema, path);
          const seq = (last?.seq ?? 0) + 1;
          const prev = last?.hash ?? (await startAfter(last, { name, tail }));
          const text = chainedLine({ schemaVersion: 1, seq, ...draft, ...cutOf(tail), prev });
          // Checked as a reader will: an entry that could not be read back must never land.
          entry = parseJson(text, entrySchema, `the new entry ${seq}`);
          return text;
        };
        await appendLine(path, build, { sync: options?.sync ?? false });
        if (!entry) throw new Error("appendLine resolved without building a line");
        return entry;
      }),
    read: async () => {
      const entries = await readLines(path, entrySchema);
      for (const [index, entry] of entries.entries()) {
        if (entry.seq !== index + 1)
          throw corrupt(`${path}:${index + 1}`, `seq is ${entry.seq} where ${index + 1} belongs`);
      }
      return entries;
    },
    bytes: () => readBytes(path),
  };
}

/** The chain begins here: with nothing before it, or with what a version wrote that knew of no chain. */
async function startAfter(
  last: JournalEntry | undefined,
  { name, tail }: { readonly name: string; readonly tail: Tail },
): Promise<string> {
  if (last === undefined) return chainStart({ name });
  return chainStart({ name, before: { entries: last.seq, sha256: sha256(await tail.before()) } });
}

function cutOf({ torn }: Tail): Pick<JournalEntry, "torn"> {
  return torn === undefined ? {} : { torn: { bytes: torn.length, sha256: sha256(torn) } };
}
