import { join } from "node:path";
import { createPhaseCommands } from "../../adapters/migration/command-phase.ts";
import { openRecord } from "../../adapters/registry.ts";
import { journalName } from "../../lib/journal-chain.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { RecordStore } from "../../ports/record.ts";
import type { CommandContext } from "../command.ts";
import type { MigrationPorts, StackAt } from "../world.ts";
import { recordOf } from "./world.ts";

/** A migration's record lies below its stack's: `.rollouts/prod/migration`. Those of other stacks lie beside it. */
export async function openMigrationPorts(
  at: StackAt,
  { env, runtime, talk }: Pick<CommandContext, "env" | "runtime" | "talk">,
): Promise<MigrationPorts> {
  const { stack, projectDir } = at;
  const secrets = secretsIn(env);
  talk.addSecrets(secrets);
  return {
    record: await openOf(at, stack, runtime),
    commands: createPhaseCommands({ runtime, cwd: projectDir, env, secrets }),
    journalOf: async (name) => {
      const other = [...stack.split("/").slice(0, -1), name].join("/");
      return await (await openOf(at, other, runtime)).journal.read();
    },
    secrets,
  };
}

async function openOf(
  { config, projectDir }: StackAt,
  stack: string,
  runtime: Runtime,
): Promise<RecordStore> {
  const { dir, ...rest } = recordOf(config.policy.record, stack);
  const name = `${journalName({ project: config.project, stack })}/migration`;
  return await openRecord({ config: { ...rest, dir: join(dir, "migration") }, name, runtime, projectDir });
}

const secretName =
  /(PASSWORD|PASSPHRASE|PASSWD|SECRET|TOKEN|CREDENTIALS?|CONNECTION_?STRING|(API|ACCESS|ACCOUNT|PRIVATE|STORAGE)_?KEY)/i;
/** A shorter value may be any word, `true` among them. */
const shortest = 8;

/**
 * What commands take from their environment and must not tell: the values of variables that are named like secrets, and
 * the passwords in URLs.
 */
export function secretsIn(env: NodeJS.ProcessEnv): readonly string[] {
  const found = Object.entries(env).flatMap(([name, value = ""]) => [
    ...(secretName.test(name) && value.length >= shortest ? [value] : []),
    ...passwordsIn(value),
  ]);
  return [...new Set(found)];
}

/** As it is written, and as whoever decodes it would quote it. */
function passwordsIn(value: string): readonly string[] {
  const password = URL.canParse(value) ? new URL(value).password : "";
  if (password === "") return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
