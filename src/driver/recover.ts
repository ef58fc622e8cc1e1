import { messageOf } from "../lib/error-message.ts";
import type { Release } from "../types/release.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { keepLease } from "./lease-keeper.ts";
import { isInFlight, lastRollout } from "./resume.ts";
import type { DriverDeps } from "./session.ts";

/** What a recovery did. */
export interface Recovery {
  /** For people: locks that were removed, operations that were cut off, possible orphans. */
  readonly done: readonly string[];
  /** The rollout that `run` takes up now; absent where none is in flight. */
  readonly inFlight?: { readonly version: string; readonly state: string; readonly step: string };
  /** Whether the record's release was written once more, taking the route's weights back from the lever. */
  readonly converged: boolean;
}

/**
 * Puts a stack right that a dead process left locked or half-updated, under the lease. With a rollout in flight the
 * rest is `run`'s; with none, the record is written once more with a refresh, so that weights that the lever still
 * owns come back to the stack. `force` also removes a lock of another machine: make sure that nothing runs there.
 */
export async function recoverStack(
  deps: DriverDeps,
  options: { readonly holder: string; readonly force: boolean; readonly version: string },
): Promise<Recovery> {
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease: LeaseKeeper = await keepLease(deps.record.lease, deps.runtime, {
    holder: options.holder,
    termMs,
  });
  try {
    const done = await deps.engine.recover({ waitMs: 0, force: options.force });
    const last = lastRollout(await deps.record.journal.read());
    if (last !== undefined && isInFlight(last)) {
      const { state, plan } = last;
      return { done, inFlight: { version: plan.to, state: state.name, step: state.step }, converged: false };
    }
    const { record: release } = await deps.engine.deployed();
    if (release === undefined) return { done, converged: false };
    const target = { kind: "release", version: options.version, release } as const;
    const result = await deps.engine.up({ target, refresh: true, converge: true });
    const outcome = result.ok
      ? await giveBack(deps, release)
      : [`The stack could not be converged: ${result.failure.message}`];
    return { done: [...done, ...outcome], converged: result.ok };
  } finally {
    await lease.release();
  }
}

/** A lever whose writes the engine only shares lets go of them, or the next rollout would meet its fence. */
async function giveBack(deps: DriverDeps, { stable }: Release): Promise<readonly string[]> {
  const lever = deps.leverFor?.({ stable: stable.identity }) ?? deps.lever;
  try {
    await lever.release?.();
    return [];
  } catch (error) {
    return [`${lever.name} still belongs to the lever: ${messageOf(error)}`];
  }
}
