import { RolloutError } from "../errors/errors.ts";
import type { Alarm, Rung } from "../types/escalation.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { ServiceReading } from "../types/observation.ts";
import { type Acknowledged, acknowledgedElsewhere } from "./acknowledged.ts";
import { announcedIn } from "./announced.ts";
import { append } from "./append.ts";
import { riseOf } from "./escalate.ts";
import { keepLease } from "./lease-keeper.ts";
import { notesLeft } from "./notes.ts";
import { openOutbox } from "./outbox.ts";
import { lastRollout, type Recorded } from "./resume.ts";
import type { DriverDeps } from "./session.ts";

/** What is needed where no driver is alive. */
export interface AloneDeps
  extends Pick<DriverDeps, "record" | "runtime" | "secrets" | "notify" | "incidents" | "policy"> {
  /** Whether the service is down; absent: nobody can say. Never throws. */
  readonly service?: () => Promise<ServiceReading>;
}

/** How an alarm stands, and what was told now. */
export interface AlarmStand {
  readonly rolloutId: string;
  readonly alarm: Alarm;
  /** Who was told by this call, in order. */
  readonly now: readonly Rung[];
  /** When somebody is told next, ms; absent: nobody is, as it stands. */
  readonly nextAtMs?: number;
}

/**
 * Goes on with the alarm of the last rollout where its driver has ended: whom it goes up to by now is told, and what
 * people have said since is written down. The lease is held only while something is written. Undefined: another one
 * holds it, so a driver is alive that does this itself.
 *
 * @throws RolloutError `no-alarm` (exit 7) where no rollout was ever begun, or its stack has no escalation
 */
export async function escalateAlone(deps: AloneDeps, holder: string): Promise<AlarmStand | undefined> {
  const before = await standOf(deps);
  const service = before.isQuiet ? undefined : await deps.service?.();
  const news = serviceNews(before.own, service);
  if (before.left.length === 0 && before.rise.due.length === 0 && news.length === 0)
    return { ...resultOf(before), now: [] };
  const termMs = deps.policy.record.leaseSeconds * 1000;
  const lease = await keepLease(deps.record.lease, deps.runtime, { holder, termMs }).catch(
    (error: unknown) => {
      if (error instanceof RolloutError && error.exit === "leaseHeld") return undefined;
      throw error;
    },
  );
  if (lease === undefined) return undefined;
  try {
    const outbox = openOutbox(deps, lease, await deps.record.journal.read());
    try {
      const { state, planHash, rolloutId } = before.recorded;
      const at = { rolloutId, leaseToken: lease.token, planHash, state: state.name, step: state.step };
      const write = async (data: Readonly<Record<string, unknown>>) =>
        outbox.saw(await append(deps, { ...at, kind: "observed", data }));
      for (const data of [...news, ...before.left]) await write(data);
      const acknowledged = await acknowledgedBy(deps, await standOf(deps));
      if (acknowledged !== undefined) await write({ acknowledged });
      const { due } = (await standOf(deps)).rise;
      for (const { data } of due) await write(data);
      return { ...resultOf(await standOf(deps)), now: due.map(({ rung }) => rung) };
    } finally {
      await outbox.close();
    }
  } finally {
    await lease.release();
  }
}

/** Asked only where the lead would be told now. */
async function acknowledgedBy(
  deps: AloneDeps,
  { recorded, rise, own }: Stand,
): Promise<Acknowledged | undefined> {
  if (rise.due.every(({ rung }) => rung !== "lead")) return undefined;
  const { rolloutId, plan } = recorded;
  const stack = String(announcedIn(own)?.announcement.stack);
  return await acknowledgedElsewhere(deps, { rolloutId, plan, stack });
}

interface Stand {
  readonly recorded: Recorded;
  readonly own: readonly JournalEntry[];
  readonly rise: NonNullable<ReturnType<typeof riseOf>>;
  /** What people have said that no entry tells yet. */
  readonly left: readonly Readonly<Record<string, unknown>>[];
  /** Nothing is open, so there is no reason to ask for the service. */
  readonly isQuiet: boolean;
}

async function standOf({ record, runtime }: AloneDeps): Promise<Stand> {
  const entries = await record.journal.read();
  const recorded = lastRollout(entries);
  if (recorded === undefined) throw noAlarm("no rollout was ever begun on this stack");
  const own = entries.filter(({ rolloutId }) => rolloutId === recorded.rolloutId);
  const requests = await record.requests.read(recorded.rolloutId);
  const rise = riseOf({ entries: own, requests }, runtime.clock.now());
  if (rise === undefined) throw noAlarm("its last rollout has no escalation");
  const { openSinceMs, down, sev1 } = rise.alarm;
  const isQuiet = openSinceMs === undefined && down === undefined && sev1 === undefined;
  return { recorded, own, rise, left: notesLeft(own, requests, recorded.plan), isQuiet };
}

function resultOf({ recorded, rise }: Stand): Omit<AlarmStand, "now"> {
  const { alarm, nextAtMs } = rise;
  return { rolloutId: recorded.rolloutId, alarm, ...(nextAtMs === undefined ? {} : { nextAtMs }) };
}

/** What is new of the service; that it is up is only news once it was down. */
export function serviceNews(
  own: readonly Pick<JournalEntry, "data">[],
  seen: ServiceReading | undefined,
): readonly Readonly<Record<string, unknown>>[] {
  if (seen === undefined || seen.service === "unknown") return [];
  const last: unknown = own.findLast(({ data }) => data["service"] !== undefined)?.data["service"];
  const before: unknown = Object(last).service;
  if (seen.service === before || (seen.service === "up" && before !== "down")) return [];
  return [{ service: seen }];
}

function noAlarm(why: string): RolloutError {
  return new RolloutError(`There is no alarm to go on with: ${why}.`, {
    code: "no-alarm",
    exit: "nothingToDo",
    hint: "rollout.escalation says after how long an alarm goes up (docs/escalation.md).",
  });
}
