import type { Migration } from "./migration.ts";

/** A migration as a stack's config has it: with where its ways back have to have run before. */
export interface MigrationConfig extends Migration {
  /** Stacks whose journals have to show that each way back ran there; none: empty. */
  readonly testedIn: readonly string[];
  /** For how long such a run counts, seconds. */
  readonly testedWithinSeconds: number;
}
