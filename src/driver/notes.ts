import type { RolloutRequest } from "../types/decision.ts";
import type { SaidInEntry } from "./message-said.ts";
import { journal, type Session } from "./session.ts";

/** What nothing is asked with. */
type Note = Extract<RolloutRequest, { readonly kind: "note" | "acknowledge" | "sev1" | "all-clear" }>;

const kinds: ReadonlySet<RolloutRequest["kind"]> = new Set(["note", "acknowledge", "sev1", "all-clear"]);

function isNote(request: RolloutRequest): request is Note {
  return kinds.has(request.kind);
}

/**
 * Writes what people have noted into the journal, and what they have said of the alarm; each once, also after a driver
 * before this one. `seen`: how many were looked at already; gives back how many there are.
 */
export async function writeNotes(
  session: Session,
  requests: readonly RolloutRequest[],
  seen: number,
): Promise<number> {
  const notes = requests.filter(isNote);
  if (notes.length === seen) return seen;
  const entries = await session.deps.record.journal.read();
  for (const data of notesLeft(entries, notes, session.plan)) await journal(session, "observed", data);
  return notes.length;
}

/** What of the requests no entry tells yet, as it is to be written. Pure. */
export function notesLeft(
  entries: readonly { readonly data: Readonly<Record<string, unknown>> }[],
  requests: readonly RolloutRequest[],
  plan: Session["plan"],
): readonly Readonly<Record<string, unknown>>[] {
  const written = new Set(entries.map(({ data }) => keyOf(Object(data["note"] ?? data["alarm"]))));
  return requests
    .filter(isNote)
    .filter((note) => !written.has(keyOf(note)))
    .map(({ kind, by, reason, at }) =>
      kind === "note"
        ? { note: { by, reason, at } }
        : { alarm: { kind, by, reason, at }, said: saidOf(kind, { by, reason, plan }) },
    );
}

const saidTitles: Readonly<Record<Exclude<Note["kind"], "note">, string>> = {
  acknowledge: "has the alarm",
  sev1: "calls it a SEV1",
  "all-clear": "gives the all-clear",
};

/** Whoever was called hears that somebody has it. */
function saidOf(
  kind: Exclude<Note["kind"], "note">,
  { by, reason, plan }: { readonly by: string; readonly reason: string; readonly plan: Session["plan"] },
): SaidInEntry {
  const title = `${plan.service} ${plan.from} → ${plan.to}: ${by} ${saidTitles[kind]}`;
  return { phase: "hold", kind: "escalation", severity: "info", title, text: `${by}: ${reason}` };
}

/** Who and when: the text may have been masked on its way. */
function keyOf({ by, at }: { readonly by?: unknown; readonly at?: unknown }): string {
  return `${String(at)} ${String(by)}`;
}
