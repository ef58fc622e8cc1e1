import { type MigrateOutcome, migrate } from "../../driver/migrate.ts";
import { testedOf } from "../../driver/migrate-checks.ts";
import type { Deploy } from "../../driver/migrate-deploy.ts";
import { type ExitName, exitCodes, RolloutError } from "../../errors/errors.ts";
import { nextPhase } from "../../plan/migration.ts";
import { recordIn } from "../../plan/migration-journal.ts";
import { phaseAfter } from "../../plan/migration-phases.ts";
import { versionAt, versionsIn } from "../../plan/migration-version.ts";
import type { MigrationConfig } from "../../types/migration-config.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { holderName, openTold } from "../drive.ts";
import { migrationView } from "../migration-view.ts";
import { isDriven, type OpenStack, openStack } from "../record-view.ts";
import { problemOfMove, renderMigration, renderMove } from "../render/migration.ts";
import { migrationLine } from "../render/migration-line.ts";
import { renderOutcome } from "../render/outcome.ts";
import { changeOption, startOf, startOptions } from "../start.ts";
import type { MigrationPorts, StackAt } from "../world.ts";

export const migrateCommand: Command = {
  name: "migrate",
  summary:
    "move the stack's schema migration by one phase, forward or back; without a phase: show where it stands",
  argument: {
    name: "[phase]",
    summary: "expand, dual-write, backfill, switch-reads, contract, or start: back before the first",
  },
  options: [
    { flags: "--thaw", summary: "take the freeze off first: somebody has looked", needs: "by" },
    { flags: "--by <name>", summary: "who says so; required for a phase without a way back, as contract" },
    { flags: "--cause <text>", summary: "why a version that was reverted may come again", needs: "by" },
    ...startOptions.filter((option) => option !== changeOption),
  ],
  examples: [
    "rollouts migrate --stack prod",
    "rollouts migrate expand --stack prod",
    "rollouts migrate dual-write --stack prod --change-request CHG0012345",
    "rollouts migrate start --stack staging",
    "rollouts migrate contract --stack prod --by dana",
    "rollouts migrate backfill --stack prod --thaw --by dana",
  ],
  handler: run,
};

/** A stack with its migration. */
interface Opened {
  readonly stack: OpenStack;
  readonly migration: MigrationConfig;
  readonly ports: MigrationPorts;
}

async function run(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const { migration } = stack.at.config.policy;
  if (migration === undefined) throw noMigration(stack.at);
  const { world, argument } = context;
  if (world.openMigration === undefined) throw new Error("this world has no migrations");
  const opened = { stack, migration, ports: await world.openMigration(stack.at, context) };
  return argument === undefined && !flag(context, "thaw")
    ? await show(context, opened)
    : await move(context, opened);
}

async function show(context: CommandContext, { stack, migration, ports }: Opened): Promise<CommandResult> {
  const { record: store, journalOf } = ports;
  const { runtime, color } = context;
  const entries = await store.journal.read();
  const stored = recordIn(entries);
  const here = nextPhase(stored, { migration, now: runtime.clock.now() });
  if (!here.ok) throw new RolloutError(here.message, { code: here.code, exit: "config", hint: here.hint });
  const { record } = here;
  const next = record.underway === undefined ? phaseAfter(record.phase) : undefined;
  const view = migrationView({
    stack: stack.at.stack,
    migration,
    record,
    begun: stored === record,
    driven: await isDriven({ ...stack, record: store, entries }),
    tested: next === undefined ? [] : await testedOf({ migration, journalOf, runtime }, next),
    journal: store.journal.location,
  });
  return { data: view, text: renderMigration(view, { color }) };
}

async function move(context: CommandContext, { stack, migration, ports }: Opened): Promise<CommandResult> {
  const { argument, runtime, talk, color, env } = context;
  const { at } = stack;
  const by = textOption(context, "by");
  const deps = {
    ...ports,
    migration,
    stack: at.stack,
    leaseSeconds: at.config.policy.record.leaseSeconds,
    deploy: deployOf(context, stack),
    runtime,
    observer: (entry: Parameters<typeof migrationLine>[0]) => {
      const line = migrationLine(entry, { color: talk.color });
      if (line !== undefined) talk.line(line);
    },
  };
  const outcome = await migrate(deps, {
    holder: holderName(env),
    thaw: flag(context, "thaw"),
    ...(argument === undefined ? {} : { asked: argument }),
    ...(by === undefined ? {} : { by }),
  });
  const problem = problemOfMove(outcome);
  const text = [renderMove(outcome, { color }), ...configHint(at, outcome, migration)].join("\n");
  return { data: outcome, text, exit: exitCodes[exits[outcome.outcome]], ...(problem ? { problem } : {}) };
}

const exits: Readonly<Record<MigrateOutcome["outcome"], ExitName>> = {
  done: "ok",
  "nothing-to-do": "ok",
  thawed: "ok",
  "taken-back": "reverted",
  frozen: "held",
  interrupted: "cancelled",
};

/** A rollout like that of `run`. Engine and cloud are opened when a phase deploys: most phases don't. */
function deployOf(context: CommandContext, stack: OpenStack): Deploy {
  return async (asked) => {
    const { at, options } = startOf(context, stack);
    const cause = textOption(context, "cause");
    const by = textOption(context, "by");
    const { createDeploy } = await import("../../driver/migrate-deploy.ts");
    const deploy = createDeploy(() => openTold(context, at), {
      ...options,
      holder: holderName(context.env),
      ended: (outcome) => {
        // The text that approvers are asked with stands nowhere else.
        if (outcome.approvalRequest === undefined) return;
        context.talk.line(renderOutcome(outcome, { color: context.talk.color }));
      },
      ...(cause === undefined || by === undefined ? {} : { clearance: { cause, by } }),
    });
    return await deploy(asked);
  };
}

/**
 * Stack config is the user's file: it is said, not written. Before its first deploy a migration has no say in the
 * version, but for those that are its own.
 */
function configHint({ config, stack }: StackAt, { record }: MigrateOutcome, migration: MigrationConfig) {
  const { version } = config;
  const meant = versionAt(migration, record.phase);
  const own = versionsIn(migration);
  const brought = meant !== undefined && own.includes(meant);
  if (version === undefined || meant === undefined || record.underway !== undefined) return [];
  if (version === meant || !(brought || own.includes(version))) return [];
  const set = `pulumi config set version ${meant} --stack ${stack}`;
  return [`Pulumi.${stack}.yaml names ${version}, and \`rollouts run\` would go there: \`${set}\`.`];
}

function noMigration({ stack }: StackAt): RolloutError {
  return new RolloutError(`Pulumi.${stack}.yaml has no migration.`, {
    code: "no-migration",
    exit: "config",
    path: "rollout.migration",
    hint: "Write it there: docs/migrations.md has an example.",
  });
}
