import type { RolloutRequest } from "../types/decision.ts";
import { journal, type Session } from "./session.ts";

/**
 * Writes what people have noted into the journal, each note once, also after a driver before this one. `seen`: how many
 * were looked at already; gives back how many there are.
 */
export async function writeNotes(
  session: Session,
  requests: readonly RolloutRequest[],
  seen: number,
): Promise<number> {
  const notes = requests.filter(({ kind }) => kind === "note");
  if (notes.length === seen) return seen;
  const entries = await session.deps.record.journal.read();
  const written = new Set(entries.map(({ data }) => keyOf(Object(data["note"]))));
  for (const { by, reason, at } of notes) {
    const note = { by, reason, at };
    if (!written.has(keyOf(note))) await journal(session, "observed", { note });
  }
  return notes.length;
}

/** Who and when: the text may have been masked on its way. */
function keyOf({ by, at }: { readonly by?: unknown; readonly at?: unknown }): string {
  return `${String(at)} ${String(by)}`;
}
