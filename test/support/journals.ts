import { chainedLine, chainStart } from "../../src/lib/journal-chain.ts";
import { sha256 } from "../../src/lib/stable-json.ts";
import type { JournalDraft, JournalHead } from "../../src/types/journal.ts";
import { journalDraft } from "./memory-record.ts";

export const journalName = "atp/prod";

/** Lines of a journal, newlines left out: the first `before` of them by a version that knew of no chain. */
export function journalLines(
  drafts: readonly Partial<JournalDraft>[],
  { name = journalName, before = 0 }: { readonly name?: string; readonly before?: number } = {},
): readonly string[] {
  const lines: string[] = [];
  for (const [index, over] of drafts.entries()) {
    const seq = index + 1;
    const draft = { schemaVersion: 1 as const, seq, ...journalDraft(1, over) };
    lines.push(
      index < before
        ? JSON.stringify(draft)
        : chainedLine({ ...draft, prev: prevOf(lines, { name, before }) }),
    );
  }
  return lines;
}

function prevOf(lines: readonly string[], { name, before }: { name: string; before: number }): string {
  if (lines.length > before) return String(JSON.parse(lines.at(-1) ?? "").hash);
  const covered = { entries: before, sha256: sha256(textOf(lines)) };
  return chainStart({ name, ...(before > 0 ? { before: covered } : {}) });
}

export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

export function bytesOf(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(textOf(lines));
}

/** The head of a journal whose last line is whole. */
export function headOf(lines: readonly string[]): JournalHead {
  const { seq, hash } = JSON.parse(lines.at(-1) ?? "");
  return { seq, hash };
}
