import { join } from "node:path";
import { loadStackConfig } from "../../config/load.ts";
import { journalName } from "../../lib/journal-chain.ts";
import type { RecordConfig } from "../../types/policy.ts";
import type { World } from "../world.ts";

/** Real stacks. Engine, program and cloud clients are only loaded by `openDriver`. */
export const realWorld: World = {
  loadConfig: (at) => loadStackConfig(at),
  openRecord: async (at, context) => {
    const { openRecord } = await import("../../adapters/registry.ts");
    const config = recordOf(at.config.policy.record, at.stack);
    const name = journalName({ project: at.config.project, stack: at.stack });
    return await openRecord({ config, name, runtime: context.runtime, projectDir: at.projectDir });
  },
  openDriver: async (at, context, observer) => {
    const { composeReal } = await import("./real.ts");
    return await composeReal(at, context, observer);
  },
  openMigration: async (at, context) => {
    const { openMigrationPorts } = await import("./migration-ports.ts");
    return await openMigrationPorts(at, context);
  },
  openFlags: async ({ config: { policy } }, { runtime }) => {
    if (policy.flag === undefined) throw new Error("a flag was opened of a stack that has none");
    const { openFlags } = await import("./flag-ports.ts");
    return await openFlags(policy.flag, runtime);
  },
  readAnchor: async (at, context) => {
    const { readAnchor } = await import("./anchor.ts");
    return await readAnchor(at, context);
  },
  openTeller: async (at, context) => {
    const { openTeller } = await import("./channels.ts");
    return await openTeller(at, context);
  },
  openEvidence: async (at, context, plan) => {
    const { openEvidence } = await import("./evidence-ports.ts");
    return await openEvidence(at, context, plan);
  },
  openService: async (at, context, versions) => {
    const { openService } = await import("./service-port.ts");
    return await openService(at, context, versions);
  },
  openRevisions: async (at) => {
    const { openRevisions } = await import("./revisions.ts");
    return await openRevisions(at.config.policy);
  },
};

/** Each stack has a folder of its own in the record's: `.rollouts/prod`, `.rollouts/org/project/prod`. */
export function recordOf(config: RecordConfig, stack: string): RecordConfig {
  return { ...config, dir: join(config.dir, ...stack.split("/")) };
}
