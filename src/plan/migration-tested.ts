import { formatDuration } from "../lib/duration.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { MigrationPhase, MigrationPosition } from "../types/migration.ts";
import type { MigrationConfig } from "../types/migration-config.ts";
import { recordIn, type WayBackRun, waysBackIn } from "./migration-journal.ts";
import { positionBefore, positions } from "./migration-phases.ts";

/** What another stack's journal says of a way back. */
export type Tested =
  | { readonly stack: string; readonly ok: true; readonly atMs: number }
  | { readonly stack: string; readonly ok: false; readonly why: string; readonly hint: string };

export interface WayBackAsked {
  readonly migration: Pick<MigrationConfig, "id" | "testedWithinSeconds">;
  readonly phase: MigrationPhase;
  /** SHA-256 of the actions of its way back. */
  readonly actions: string;
  /** ms of the rollout's clock. */
  readonly now: number;
}

/**
 * Whether the way back over a phase, with these very actions, ran to its end in a stack: not too long ago, and without
 * having failed there since. Pure.
 */
export function testedIn(
  { stack, entries }: { readonly stack: string; readonly entries: readonly JournalEntry[] },
  asked: WayBackAsked,
): Tested {
  const { migration, phase, actions, now } = asked;
  const runs = waysBackIn(entries, { migration: migration.id, phase });
  const last = runs.findLast((run) => run.actions === actions);
  const within = migration.testedWithinSeconds;
  if (last?.ok && now - last.atMs <= within * 1000) return { stack, ok: true, atMs: last.atMs };
  const why = last === undefined ? neverRan(runs) : notNow(last, within);
  return { stack, ok: false, why, hint: hintFor({ stack, entries }, asked) };
}

function neverRan(others: readonly WayBackRun[]): string {
  const other = others.at(-1);
  return other === undefined
    ? "it has not run there"
    : `what ran there on ${iso(other.atMs)} were other actions`;
}

function notNow({ ok, atMs }: WayBackRun, withinSeconds: number): string {
  return ok
    ? `it ran there on ${iso(atMs)}, which counts for ${formatDuration(withinSeconds)}`
    : `it failed there on ${iso(atMs)}`;
}

function hintFor(
  { stack, entries }: { readonly stack: string; readonly entries: readonly JournalEntry[] },
  { migration, phase }: WayBackAsked,
): string {
  const record = recordIn(entries);
  const at = record?.migration === migration.id ? record.phase : "start";
  const way = wayToTest(at, phase);
  if (way === undefined) return `${stack} is past contract: name another stack in migration.testedIn.`;
  const commands = way.map((position) => `\`rollouts migrate ${position} --stack ${stack}\``);
  return `Run ${commands.join(", then ")}.`;
}

/** The moves that walk the way back over a phase, from where a stack stands; undefined: none lead there any more. */
export function wayToTest(
  at: MigrationPosition,
  phase: MigrationPhase,
): readonly MigrationPosition[] | undefined {
  if (at === "contract") return undefined;
  const [from, over] = [positions.indexOf(at), positions.indexOf(phase)];
  if (from < over) return [...positions.slice(from + 1, over + 1), positionBefore(phase)];
  return positions.slice(over - 1, from).reverse();
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
