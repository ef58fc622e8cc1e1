import { join } from "node:path";
import { openDashboards, openEvidence, openScan } from "../../adapters/evidence/open.ts";
import { openSynthetics } from "../../adapters/open-synthetics.ts";
import { openRecord } from "../../adapters/registry.ts";
import type { ChecklistPorts } from "../../driver/checklist-ports.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { RecordConfig } from "../../types/policy.ts";
import { secretsIn } from "./migration-ports.ts";
import type { StartAt } from "./start-ports.ts";
import { recordOf } from "./world.ts";

/** Where a stack's checklists are looked up; undefined where it has none. */
export async function openChecklist(at: StartAt, runtime: Runtime): Promise<ChecklistPorts | undefined> {
  const { policy, stack, projectDir, env } = at;
  const { checklist: config, communication } = policy;
  if (config === undefined) return undefined;
  const open = { runtime, projectDir, env, secrets: secretsIn(env) };
  const { loadTest, securityScan, smoke } = config;
  return {
    stack,
    journalOf: async (name) => await journalAt(recordOf(policy.record, beside(stack, name)), at, runtime),
    migrationJournalOf: async (name) => {
      const { dir, ...rest } = recordOf(policy.record, beside(stack, name));
      return await journalAt({ ...rest, dir: join(dir, "migration") }, at, runtime);
    },
    dashboards: await openDashboards(communication?.dashboards ?? [], runtime),
    ...(loadTest === undefined ? {} : { loadTest: await openEvidence("load-test", loadTest, open) }),
    ...(securityScan === undefined ? {} : { securityScan: await openScan(securityScan, open) }),
    ...(smoke === undefined ? {} : { smoke: await openEvidence("smoke", smoke, open) }),
    synthetics: await openSynthetics(config.synthetics, { runtime }),
  };
}

/** `org/project/staging` beside `org/project/prod`. */
function beside(stack: string, name: string): string {
  return [...stack.split("/").slice(0, -1), name].join("/");
}

async function journalAt(
  config: RecordConfig,
  { projectDir }: StartAt,
  runtime: Runtime,
): Promise<readonly JournalEntry[]> {
  return await (await openRecord({ config, runtime, projectDir })).journal.read();
}
