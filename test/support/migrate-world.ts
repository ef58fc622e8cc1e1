import { type MigrateOptions, migrate } from "../../src/driver/migrate.ts";
import type { DeployAsked, DeployResult } from "../../src/driver/migrate-deploy.ts";
import type { MigrateDeps } from "../../src/driver/migrate-session.ts";
import { recordIn } from "../../src/plan/migration-journal.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { Migration } from "../../src/types/migration.ts";
import type { MigrationConfig } from "../../src/types/migration-config.ts";
import { createMemoryPhaseCommands } from "./memory-phase-commands.ts";
import { createMemoryRecord, memoryRecordState } from "./memory-record.ts";
import { createMemoryRuntime } from "./memory-runtime.ts";
import { aMigration } from "./migrations.ts";

export const weeksMs = (count: number) => count * 7 * 24 * 3_600_000;

export function aMigrationConfig(overrides: Partial<MigrationConfig> = {}): MigrationConfig {
  return {
    ...aMigration(overrides as Partial<Migration>),
    testedIn: [],
    testedWithinSeconds: 1_209_600,
    ...overrides,
  };
}

/** A stack's migration over memory. Every call is a process of its own; what they share is the store. */
export function aMigrateWorld(options: Partial<MigrationConfig> & { readonly stack?: string } = {}) {
  const { stack = "prod", ...overrides } = options;
  const state = memoryRecordState();
  const memory = createMemoryRuntime();
  const commands = createMemoryPhaseCommands();
  const calls: string[] = [];
  const knobs = {
    migration: aMigrationConfig(overrides),
    deploy: async ({ version }: DeployAsked): Promise<DeployResult> => ({
      how: "done",
      message: `${version} was promoted`,
    }),
    /** Journals of other stacks. */
    journalOf: async (_stack: string): Promise<readonly JournalEntry[]> => [],
    /** Of an append, before it lands: what it throws ends the process. */
    beforeAppend: (_entry: Pick<JournalEntry, "kind" | "data">) => {},
  };
  /** Actions in the order in which they began. */
  const did = () => calls;
  const ask = async (
    asked?: MigrateOptions["asked"],
    more: Partial<MigrateOptions> & { signal?: AbortSignal } = {},
  ) => {
    const { signal = memory.runtime.signal, ...rest } = more;
    const runtime = { ...memory.runtime, signal };
    const store = createMemoryRecord({ runtime, state });
    const deps: MigrateDeps = {
      migration: knobs.migration,
      stack,
      leaseSeconds: 30,
      runtime,
      secrets: ["planted-hunter22"],
      journalOf: (name) => knobs.journalOf(name),
      commands: {
        run: async (call) => {
          calls.push(call.run.join(" "));
          return await commands.run(call);
        },
      },
      deploy: async (one) => {
        calls.push(`deploy ${one.version}`);
        return await knobs.deploy(one);
      },
      record: {
        ...store,
        journal: {
          ...store.journal,
          append: async (draft, how) => {
            knobs.beforeAppend(draft);
            return await store.journal.append(draft, how);
          },
        },
      },
    };
    try {
      return await migrate(deps, { holder: "test", ...(asked === undefined ? {} : { asked }), ...rest });
    } finally {
      store.die();
    }
  };
  return {
    ask,
    knobs,
    commands,
    did,
    state,
    ...memory,
    entries: () => state.entries,
    record: () => recordIn(state.entries),
    /** Kinds of the entries with what they are about. */
    told: () =>
      state.entries.map(({ kind, data }) =>
        [kind, data["what"] ?? data["outcome"]].filter(Boolean).join(" "),
      ),
  };
}
