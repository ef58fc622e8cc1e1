import { channelWorks } from "../analysis/checklist-channel.ts";
import { type DashboardAnswer, judgeDashboards } from "../analysis/checklist-evidence.ts";
import { personConfirms } from "../analysis/checklist-people.ts";
import { revertRehearsed, revertsIn } from "../analysis/checklist-revert.ts";
import { type Found, met, notApplicable, unmet } from "../analysis/checklist-status.ts";
import { acrossStacks } from "../analysis/promotions.ts";
import { messageOf } from "../lib/error-message.ts";
import { opensFlag } from "../lib/strategies.ts";
import { flagDifferences } from "../plan/flag-differences.ts";
import { parseFlag } from "../plan/flag-json.ts";
import { flagContentType, withEnabled } from "../plan/flag-value.ts";
import { recordIn } from "../plan/migration-journal.ts";
import { migrationPhases } from "../plan/migration-phases.ts";
import type { Tested } from "../plan/migration-tested.ts";
import { type PreAsk, wordOf } from "./checklist-ask.ts";
import type { ChecklistPorts } from "./checklist-ports.ts";
import { promotionsIn } from "./checks/promoted.ts";
import { meantIn } from "./flag-drift.ts";
import { testedOf } from "./migrate-checks.ts";
import { channelRefs } from "./outbox.ts";

const nowhere: Found = unmet(
  "nobody can look it up here",
  "Ask through `rollouts`, which opens the sources.",
);

/** The way back, exercised in another stack. */
export async function revertOf({ deps, facts, config, now }: PreAsk): Promise<Found> {
  if (deps.checklist === undefined) return nowhere;
  const { stack, withinDays } = config.revertRehearsed;
  const { version, identity } = facts;
  const entries = await journalOf(deps.checklist, stack);
  if (!entries.ok) return unmet(entries.message, `Give this run the journal of ${stack}: docs/run-in-ci.md.`);
  return revertRehearsed({
    stack,
    withinDays,
    version,
    identity: identity === undefined ? undefined : acrossStacks(identity),
    promotions: promotionsIn(stack, entries.read),
    reverts: revertsIn(entries.read),
    now,
  });
}

async function journalOf(ports: ChecklistPorts, stack: string) {
  try {
    return { ok: true, read: await ports.journalOf(stack) } as const;
  } catch (error) {
    return { ok: false, message: `the journal of ${stack} can't be read: ${messageOf(error)}` } as const;
  }
}

export async function dashboardsOf({ deps, facts, now }: PreAsk): Promise<Found> {
  if (deps.checklist === undefined) return nowhere;
  const query = { version: facts.version, nowMs: now, signal: deps.runtime.signal };
  const asked = deps.checklist.dashboards.map(
    async (one): Promise<DashboardAnswer> => ({ name: one.name, answer: await one.read(query) }),
  );
  return judgeDashboards(await Promise.all(asked), now);
}

export async function channelOf(ask: PreAsk): Promise<Found> {
  const { notify, record } = ask.deps;
  const entries = await record.journal.read();
  return channelWorks({ ...wordOf(ask), channels: channelRefs(notify), entries });
}

/** The flag is in its store as the stack wrote it, or off; one that the stack has yet to make isn't there. */
export async function flagsOf({ deps, facts, now }: PreAsk): Promise<Found> {
  const { flag } = deps.policy;
  if (!opensFlag(facts.strategy) || flag === undefined) return notApplicable("no flag is opened");
  if (deps.flag === undefined) return nowhere;
  const { id } = flag.spec;
  const hint = `\`rollouts flag status ${id}\` shows both; the stack's own is written by \`pulumi up --refresh\`.`;
  const meant = meantIn(await deps.engine.deployed(), flag);
  const there = await deps.flag.flags.read(deps.runtime.signal);
  if (meant === undefined) {
    if (there === undefined) return met(`${id} is made by the first update, off`, now);
    return unmet(`${id} is in the store, and the stack has not made it`, "Import it, or remove it there.");
  }
  if (there === undefined) return unmet(`${id} is gone from its store`, hint);
  if (there.contentType !== flagContentType)
    return unmet(`the content type of ${id} is not that of a flag`, hint);
  const [stored, ours] = [parseFlag(there.value), parseFlag(meant)];
  const off = stored["enabled"] !== true;
  const found = off
    ? flagDifferences(withEnabled(stored, false), withEnabled(ours, false))
    : flagDifferences(stored, ours);
  if (found.length > 0) return unmet(`${id} is not as the stack wrote it: ${found.join("; ")}`, hint);
  return met(`${id} is as the stack wrote it${off ? ", and off" : ""}`, now);
}

/** Every way back before contract has run in the other stacks; contract has none by its nature. */
export async function migrationsOf(ask: PreAsk): Promise<Found> {
  const { deps, stack, now } = ask;
  const { migration } = deps.policy;
  if (migration === undefined) return notApplicable("no schema migration is configured");
  const ports = deps.checklist;
  if (ports === undefined) return nowhere;
  const { id, testedIn } = migration;
  const record = recordIn(await ports.migrationJournalOf(stack.split("/").at(-1) ?? stack));
  const own = record?.migration === id ? record : undefined;
  if (own?.phase === "contract") return met(`${id} is over: nothing of it moves with this version`, now);
  if (own?.frozen !== undefined) return unmet(`${id} is frozen: ${own.frozen.reason}`, statusHint(stack));
  if (own?.underway?.phase === "contract") {
    return unmet(`contract of ${id} is under way, and has no way back`, statusHint(stack));
  }
  if (testedIn.length === 0) {
    const why = "rollout.migration.testedIn names no stack";
    return personConfirms({ ...wordOf(ask), item: "migrations", why });
  }
  return await waysBack(ask, ports, migration);
}

async function waysBack(
  { deps, now }: PreAsk,
  ports: ChecklistPorts,
  migration: NonNullable<PreAsk["deps"]["policy"]["migration"]>,
): Promise<Found> {
  const { id, phases, testedIn } = migration;
  const before = migrationPhases.map(({ phase }) => phase).filter((phase) => phase !== "contract");
  const none = before.filter((phase) => !phases[phase].reverse.possible);
  if (none.length > 0) {
    const hint = "Write `undo` for it, or waive migrations by name in rollout.checklist.";
    return unmet(`${id} has no way back over ${none.join(" and ")}`, hint);
  }
  const asked = { migration, journalOf: ports.migrationJournalOf, runtime: deps.runtime };
  const tested = await Promise.all(
    before.map(async (phase) => ({ phase, all: await testedOf(asked, phase) })),
  );
  const missing = tested.flatMap(({ phase, all }) => all.filter(isMissing).map((one) => ({ phase, ...one })));
  const [first] = missing;
  if (first === undefined) return met(`every way back of ${id} has run in ${testedIn.join(" and ")}`, now);
  const why = missing.map(({ phase, stack, why }) => `${phase} in ${stack}: ${why}`).join("; ");
  return unmet(`not every way back of ${id} was tested: ${why}`, first.hint);
}

function isMissing(one: Tested): one is Extract<Tested, { readonly ok: false }> {
  return !one.ok;
}

function statusHint(stack: string): string {
  return `\`rollouts migrate --stack ${stack}\` says where it stands.`;
}
