import { type AlarmStand, type AloneDeps, escalateAlone } from "../../driver/escalate-alone.ts";
import { lastRollout } from "../../driver/resume.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { JournalEntry } from "../../types/journal.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { holderName } from "../drive.ts";
import { type OpenStack, openStack } from "../record-view.ts";
import { standText } from "../render/alarm.ts";
import { submit } from "../requests.ts";

/** How often a watch asks whether the service is down, and looks at the journal, ms. */
const lookMs = 10_000;

export const escalateCommand: Command = {
  name: "escalate",
  summary: "call whom the alarm of the last rollout goes up to by now, where no driver is alive",
  options: [
    { flags: "--watch", summary: "stay until it is over, and call each one in time" },
    {
      flags: "--sev <number>",
      summary: "it is a SEV1: the CTO is called where it lasts",
      choices: ["1"],
      needs: "by",
    },
    { flags: "--by <name>", summary: "who says so" },
    { flags: "--reason <text>", summary: "why: whoever is called reads it" },
  ],
  examples: [
    "rollouts escalate --stack prod",
    "rollouts escalate --stack prod --watch",
    'rollouts escalate --stack prod --sev 1 --by @alice --reason "events are lost"',
  ],
  handler: escalate,
};

async function escalate(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  if (textOption(context, "sev") !== undefined) await declare(context, stack);
  const deps = await openAlone(context, stack);
  const stand = flag(context, "watch") ? await watch(context, deps) : await once(context, deps);
  return { data: viewOf(stand), text: standText(stand, context.runtime.clock.now()) };
}

async function declare(context: CommandContext, stack: OpenStack): Promise<void> {
  const rollout = lastRollout(stack.entries);
  if (rollout === undefined) return;
  if (textOption(context, "reason") === undefined) throw noReason();
  await submit(context, { stack, rollout }, { kind: "sev1" });
}

async function openAlone(context: CommandContext, { at, record, entries }: OpenStack): Promise<AloneDeps> {
  const { world, runtime } = context;
  if (world.openTeller === undefined) throw new Error("this world has no channels");
  const teller = await world.openTeller(at, context);
  const service = await world.openService?.(at, context, lastRollout(entries)?.plan);
  const { policy } = at.config;
  return { ...teller, record, runtime, policy, ...(service === undefined ? {} : { service }) };
}

async function once(context: CommandContext, deps: AloneDeps): Promise<AlarmStand> {
  const stand = await escalateAlone(deps, holderName(context.env));
  if (stand !== undefined) return stand;
  throw new RolloutError("A driver is alive, and calls people itself.", {
    code: "lease-held",
    exit: "leaseHeld",
    hint: "`rollouts status` shows what it does; `rollouts acknowledge` reaches it.",
  });
}

/** Stays beside a driver too: it takes over where that one ends. */
async function watch(context: CommandContext, deps: AloneDeps): Promise<AlarmStand> {
  const { runtime, talk } = context;
  const { clock, signal } = runtime;
  let last: AlarmStand | undefined;
  for (;;) {
    const stand = await escalateAlone(deps, holderName(context.env));
    if (stand !== undefined) {
      if (last === undefined || stand.now.length > 0) talk.line(standText(stand, clock.now()));
      last = stand;
      if (isOver(stand, await deps.record.journal.read())) return stand;
    }
    if (signal.aborted) return last ?? (await once(context, deps));
    const woken = new AbortController();
    const untilMs = Math.min(clock.now() + lookMs, stand?.nextAtMs ?? Number.POSITIVE_INFINITY);
    await Promise.race([
      clock.sleep(Math.max(0, untilMs - clock.now()), AbortSignal.any([signal, woken.signal])),
      deps.record.requests.changed(AbortSignal.any([signal, woken.signal])),
    ]);
    woken.abort();
  }
}

/** Nothing is open, and nothing is under way that could open it. */
function isOver({ alarm, nextAtMs }: AlarmStand, entries: readonly JournalEntry[]): boolean {
  const { openSinceMs, acknowledged, down, sev1 } = alarm;
  const quiet = (openSinceMs === undefined || acknowledged !== undefined) && down === undefined;
  return quiet && sev1 === undefined && nextAtMs === undefined && lastRollout(entries)?.ended !== undefined;
}

function viewOf({ rolloutId, alarm, now, nextAtMs }: AlarmStand): object {
  const { told, openSinceMs, acknowledged, revertFailedAtMs, down, sev1 } = alarm;
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    rolloutId,
    ...(openSinceMs === undefined ? {} : { openSince: at(openSinceMs) }),
    ...(acknowledged === undefined
      ? {}
      : { acknowledged: { by: acknowledged.by, at: at(acknowledged.atMs) } }),
    ...(revertFailedAtMs === undefined ? {} : { revertFailedAt: at(revertFailedAtMs) }),
    ...(down === undefined ? {} : { down: { since: at(down.sinceMs), why: down.why } }),
    ...(sev1 === undefined ? {} : { sev1: { since: at(sev1.sinceMs), why: sev1.why } }),
    told: [...told],
    now,
    ...(nextAtMs === undefined ? {} : { nextAt: at(nextAtMs) }),
  };
}

function noReason(): RolloutError {
  return new RolloutError("--sev 1 was given without a reason.", {
    code: "usage",
    exit: "config",
    path: "--reason",
    hint: 'Say why: --reason "events are lost".',
  });
}
