import type { JournalEntry } from "../types/journal.ts";
import { type FlagStack, flagSession } from "./flag-stack.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { openOutbox } from "./outbox.ts";
import type { DriverDeps, Session } from "./session.ts";

/** Works on a stack's flag beside any rollout, under a lease that is held; its messages go out before it ends. */
export async function inFlagSession<T>(
  deps: DriverDeps,
  {
    stack,
    entries,
    ...of
  }: {
    readonly stack: FlagStack;
    readonly lease: LeaseKeeper;
    readonly about: string;
    /** The journal so far. */
    readonly entries: readonly JournalEntry[];
  },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const outbox = openOutbox(deps, of.lease, entries);
  try {
    return await work({ ...flagSession(deps, stack, of), outbox });
  } finally {
    await outbox.close();
  }
}
