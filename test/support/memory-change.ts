import type { Change } from "../../src/ports/change.ts";
import type { ChangeAnswer, ChangeRequest } from "../../src/types/change-request.ts";

export interface MemoryChange extends Change {
  put(change: ChangeRequest): void;
  /** From now on every read is an error; undefined: it works again. */
  failWith(message: string | undefined): void;
}

/** A change system in memory. */
export function createMemoryChange(): MemoryChange {
  const changes = new Map<string, ChangeRequest>();
  let failure: string | undefined;
  return {
    name: "memory",
    put: (change) => void changes.set(change.id, change),
    failWith: (message) => {
      failure = message;
    },
    read: async ({ id, signal }): Promise<ChangeAnswer> => {
      if (signal?.aborted) return { status: "error", message: "it was cancelled" };
      if (failure !== undefined) return { status: "error", message: failure };
      const change = changes.get(id);
      return change === undefined ? { status: "not-found" } : { status: "value", change };
    },
  };
}
