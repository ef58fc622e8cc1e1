import { join } from "node:path";
import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Lease } from "../../ports/record.ts";
import { corrupt } from "./record-json.ts";
import {
  clearGenerations,
  createGeneration,
  highestGeneration,
  type Owner,
  readGeneration,
  replaceGeneration,
} from "./store-files.ts";
import type { StoreLock } from "./store-lock.ts";

const content = z.object({
  schemaVersion: z.literal(1),
  token: z.int().positive(),
  holder: z.string(),
  host: z.string(),
  pid: z.int(),
  termMs: z.number().positive(),
  /** ms since the epoch of the wall clock. */
  expiresAtMs: z.number(),
  released: z.boolean(),
});
type LeaseFile = z.infer<typeof content>;

export interface FileLeaseOptions {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly owner: Owner;
  readonly isAlive: (pid: number) => boolean;
  readonly lock: StoreLock;
}

/** The lease with what the journal needs of it. */
export interface FileLease extends Lease {
  /** Throws `lease-lost` unless the token is the newest grant and not released. Call it under the store's lock. */
  assertNewest(token: number): Promise<void>;
}

/**
 * The lease as one file a grant, `lease/<token>.json`: the highest token is the lease. Changes are made
 * under the store's lock; the file of a grant appears by a hard link, so even without the lock no token
 * could be granted twice. Times are of the wall clock: hosts that share the folder need clocks that agree
 * to well under the term.
 */
export function createFileLease(options: FileLeaseOptions): FileLease {
  const dir = join(options.dir, "lease");
  const { owner, lock } = options;
  const now = () => options.runtime.wall.now();
  const store = (lease: LeaseFile) =>
    replaceGeneration({ dir, generation: lease.token, content: lease, durable: true });
  const holds = (lease: LeaseFile | undefined, token: number) =>
    lease?.token === token && !lease.released && now() < lease.expiresAtMs;

  return {
    acquire: (holder) =>
      lock(async () => {
        if (!(holder.termMs > 0)) throw badTerm(holder.termMs);
        const present = await readNewest(dir);
        if (present && !isFree(present, options)) {
          return { granted: false, holder: present.holder, expiresAtMs: present.expiresAtMs };
        }
        const token = (present?.token ?? 0) + 1;
        const expiresAtMs = now() + holder.termMs;
        const grant = { schemaVersion: 1, token, ...holder, ...owner, expiresAtMs, released: false };
        if (!(await createGeneration({ dir, generation: token, content: grant, durable: true }))) {
          throw corrupt(dir, `token ${token} was granted past the store's lock`);
        }
        await clearGenerations(dir, token);
        return { granted: true, token };
      }),
    renew: (token) =>
      lock(async () => {
        const present = await readNewest(dir);
        // One that ran out stays lost, even where nobody took it over: effects may have been held back since.
        if (!present || !holds(present, token)) return false;
        await store({ ...present, expiresAtMs: now() + present.termMs });
        return true;
      }),
    check: async (token) => holds(await readNewest(dir), token),
    release: (token) =>
      lock(async () => {
        const present = await readNewest(dir);
        if (present?.token === token && !present.released) {
          await store({ ...present, released: true });
        }
      }),
    assertNewest: async (token) => {
      const present = await readNewest(dir);
      if (present?.token !== token || present.released) throw lost(token, present);
    },
  };
}

async function readNewest(dir: string): Promise<LeaseFile | undefined> {
  for (;;) {
    const token = await highestGeneration(dir);
    if (token === 0) return undefined;
    const lease = await readGeneration(dir, token, content);
    if (lease) return lease;
    // Cleared between the two looks, so a newer one stands there now.
  }
}

function isFree(lease: LeaseFile, { owner, isAlive, runtime }: FileLeaseOptions): boolean {
  if (lease.released || runtime.wall.now() >= lease.expiresAtMs) return true;
  return lease.host === owner.host && lease.pid !== owner.pid && !isAlive(lease.pid);
}

function lost(token: number, present: LeaseFile | undefined): RolloutError {
  const why = !present
    ? "no lease was ever granted here"
    : present.token === token
      ? "it was released"
      : `${present.holder} has had the lease since, under token ${present.token}`;
  return new RolloutError(`Lease token ${token} no longer allows writing to the journal: ${why}.`, {
    code: "lease-lost",
    exit: "leaseHeld",
    hint: "Nothing was written. `rollouts status` shows who drives the rollout now.",
  });
}

function badTerm(termMs: number): RolloutError {
  return new RolloutError(`A lease was asked for with a term of ${termMs} ms: a term is greater than 0.`, {
    code: "lease-term",
    exit: "config",
    hint: "Set record.lease to a duration such as 30s.",
  });
}
