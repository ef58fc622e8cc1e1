import { RolloutError } from "../errors/errors.ts";
import type { Runtime } from "../lib/runtime.ts";
import type { Lease } from "../ports/record.ts";

/** A lease that is kept by a timer and checked before each effect. */
export interface LeaseKeeper {
  readonly token: number;
  /** Read from the store: whether this driver may still begin an effect. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

/** Who asks for a lease, and of what. */
export interface LeaseAsked {
  readonly holder: string;
  readonly termMs: number;
  /** What is driven under it, for the message of who is refused; default: the rollout. */
  readonly of?: "rollout" | "migration";
}

const afterRefusal = {
  rollout: "`rollouts status` shows what it does; `rollouts abort` takes the rollout back through it.",
  migration: "`rollouts migrate` without a phase shows where it stands.",
} as const;

/**
 * Takes the lease of a stack's rollout, or of its migration, and renews it every third of its term, by wall time, until released.
 * Throws `lease-held` (exit 24) where another holds it.
 */
export async function keepLease(
  lease: Lease,
  runtime: Runtime,
  { of = "rollout", ...holder }: LeaseAsked,
): Promise<LeaseKeeper> {
  const answer = await lease.acquire(holder);
  if (!answer.granted) {
    throw new RolloutError(`Another driver holds this stack's ${of}: ${answer.holder}.`, {
      code: "lease-held",
      exit: "leaseHeld",
      hint: `It expires at ${new Date(answer.expiresAtMs).toISOString()} unless it is renewed. ${afterRefusal[of]}`,
    });
  }
  const { token } = answer;
  const stop = new AbortController();
  let lost = false;
  const renewing = (async () => {
    while (!stop.signal.aborted && !lost) {
      await runtime.wall.sleep(holder.termMs / 3, stop.signal);
      // A store that can't be reached is not a lost lease yet; `held` reads it before each effect.
      if (!stop.signal.aborted) lost = !(await lease.renew(token).catch(() => true));
    }
  })();
  return {
    token,
    held: async () => !lost && (await lease.check(token)),
    release: async () => {
      stop.abort();
      await renewing;
      await lease.release(token);
    },
  };
}
