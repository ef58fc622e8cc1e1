import * as z from "zod";
import { versionWanted } from "../../../src/plan/migration-fence.ts";
import { versionAt } from "../../../src/plan/migration-version.ts";
import type { Migration, MigrationRecord } from "../../../src/types/migration.ts";
import { componentTypes } from "../lib/components.ts";
import { resourceRule } from "../lib/define.ts";
import { intentOf } from "../lib/intent.ts";

/** Code and schema move apart: a version of a migration goes out with its phase, and never with contract. */
export const migrationFence = resourceRule({
  name: "migration-fence",
  description:
    "A version goes out only where the stack's schema migration has brought the schema that it knows.",
  level: "mandatory",
  types: [componentTypes],
  parameters: z.object({}),
  *check({ props, stack }) {
    const intent = intentOf(props);
    if (intent === undefined || intent.to <= intent.from) return;
    const found = stack.policy();
    if (!found.ok || found.policy.migration === undefined) return;
    const { migration } = found.policy;
    const record = stack.migration();
    if (!record.ok) {
      yield {
        what: `nobody can tell where the schema migration stands: ${record.why}`,
        hint: "Preview where the stack's record lies (rollout.record.dir), or set ROLLOUTS_PROJECT_DIR.",
      };
      return;
    }
    const { version } = Object(props["candidate"]) as { readonly version?: unknown };
    if (typeof version !== "string") return;
    if (isInContract(record.record, migration) && !ofContract(migration, record.record, version)) {
      yield {
        what: "the schema migration is in its contract phase, and the version that goes out isn't of it",
        hint: `Wait until it is over: \`rollouts migrate --stack ${stack.stack}\` says where it stands.`,
      };
      return;
    }
    if (versionWanted(migration, record.record, version) === undefined) return;
    yield {
      what: "the version that goes out is one of the schema migration's, and its phase isn't there yet",
      hint: `\`rollouts migrate --stack ${stack.stack}\` brings it with its phase.`,
    };
  },
});

function isInContract(record: MigrationRecord | undefined, { id }: Migration): record is MigrationRecord {
  return record?.migration === id && record.underway?.phase === "contract";
}

/** What its own phases bring: the version before it, and the one that it leads to. */
function ofContract(migration: Migration, { phase }: MigrationRecord, version: string): boolean {
  return version === versionAt(migration, phase) || version === versionAt(migration, "contract");
}
