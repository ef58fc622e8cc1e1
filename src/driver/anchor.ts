import type { JournalHead } from "../types/journal.ts";
import type { DriverDeps } from "./session.ts";

/**
 * The same ports, with the journal anchored in the stack: each update carries the last entry that was on disk when it
 * began, and the program writes it into the stack's state. Entries behind it are anchored by the next update.
 */
export function anchored<T extends Pick<DriverDeps, "engine" | "record">>(deps: T): T {
  const { engine, record } = deps;
  const { journal } = record;
  let head: JournalHead | undefined;
  return {
    ...deps,
    engine: {
      preview: (options) => engine.preview(options),
      up: ({ target, ...options }) =>
        engine.up({
          ...options,
          target: head === undefined ? target : { ...target, journalHead: head },
        }),
      deployed: () => engine.deployed(),
      recover: (options) => engine.recover(options),
    },
    record: {
      ...record,
      journal: {
        ...journal,
        append: async (draft, options) => {
          const entry = await journal.append(draft, options);
          const { seq, hash } = entry;
          // An entry that a power cut could still take must not be missed afterwards.
          const safe = options?.sync === true && hash !== undefined;
          if (safe && seq > (head?.seq ?? 0)) head = { seq, hash };
          return entry;
        },
      },
    },
  };
}
