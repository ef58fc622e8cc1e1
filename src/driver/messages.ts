import { isKept } from "../decide/kept.ts";
import { initialState, reduce } from "../decide/reduce.ts";
import type { Announcement, ChannelRef } from "../types/communication.ts";
import type { SeenCounts } from "../types/counts.ts";
import type { Decision } from "../types/decision.ts";
import type { Rung } from "../types/escalation.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { IncidentRef, RolloutMessage } from "../types/message.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { RolloutState } from "../types/state.ts";
import type { GateReading } from "../types/verdict.ts";
import { alertKey, type MessageSource } from "./message-base.ts";
import { keptMessage } from "./message-kept.ts";
import {
  holdMessage,
  incrementMessage,
  promotedMessage,
  revertFailedMessage,
  rolledBackMessage,
  rollingBackMessage,
  startingMessage,
} from "./message-of.ts";
import { messageOrder } from "./message-order.ts";
import { type SaidInEntry, saidBy } from "./message-said.ts";
import type { Counted, Told } from "./message-told.ts";

/** A message with whom it is owed to, and the entry that made it. */
export interface MadeMessage {
  readonly message: RolloutMessage;
  readonly channels: readonly ChannelRef[];
  readonly entry: Pick<JournalEntry, "state" | "step" | "planHash">;
}

/** One rollout as far as its messages need it. */
interface Memory extends MessageSource {
  channels: readonly ChannelRef[];
  state: RolloutState;
  counted?: Counted;
  errorRate?: string;
  /** What it is held for at the step, as far as people were told. */
  readonly heldFor: Set<string>;
  alert: "none" | "open" | "resolved";
  /** Whom the alarm went up to. */
  readonly told: Set<Rung>;
  incident?: IncidentRef | "none";
}

/** Reasons for which a rollout stands because somebody has asked it to. */
const asked: ReadonlySet<string> = new Set(["Paused", "StoppedAfterStep"]);

/**
 * The messages of a journal, in order: each made by one of its entries and a function of those before it, so that a
 * driver that dies between an effect and its message loses none. Rollouts of versions that kept no announcement have
 * none.
 */
export function messagesOf(entries: readonly JournalEntry[]): readonly MadeMessage[] {
  const fold = messageFold();
  return entries.flatMap((entry) => fold.next(entry));
}

/** The same, entry by entry. */
export interface MessageFold {
  /** The message that this entry makes, if any; with an incident's entry also those that waited for it. */
  next(entry: JournalEntry): readonly MadeMessage[];
  /** Messages that an incident is to be opened for: their rollouts have no entry `incident` yet, neither a number nor that there is none. */
  openers(): readonly MadeMessage[];
  /** All that waits for such an entry, oldest first. */
  waiting(): readonly MadeMessage[];
}

export function messageFold(): MessageFold {
  // A rollout's incident may be told when the next one has begun.
  const rollouts = new Map<string, Memory>();
  const { push, answered, openers, waiting } = messageOrder();
  return {
    openers,
    waiting,
    next: (entry) => {
      const { announcement, plan, rehearsed } = entry.data;
      if (announcement !== undefined) {
        const source = { announcement: announcement as Announcement, plan: plan as RolloutPlan };
        rollouts.set(entry.rolloutId, begun(entry, { ...source, rehearsed: rehearsed === true }));
      }
      const memory = rollouts.get(entry.rolloutId);
      if (memory === undefined) return [];
      if (entry.data["effect"] === "incident") {
        const incident = incidentOf(entry.data);
        memory.incident = incident ?? "none";
        return answered(memory.rolloutId, incident);
      }
      const message = read(memory, entry);
      if (message === undefined) return [];
      return push(made(memory, entry, message), opensIncident(memory, message));
    },
  };
}

function begun({ rolloutId, at, state }: JournalEntry, source: Omit<MessageSource, "rolloutId">): Memory {
  const { plan, announcement } = source;
  const first = initialState(plan.steps[0]?.id ?? "", Date.parse(at));
  return {
    rolloutId,
    ...source,
    channels: announcement.channels,
    // What is done by hand begins in the middle.
    state: { ...first, name: state },
    heldFor: new Set(),
    alert: "none",
    told: new Set(),
  };
}

function read(memory: Memory, entry: JournalEntry): RolloutMessage | undefined {
  const { kind, data } = entry;
  const counts = data["counts"] as SeenCounts | undefined;
  const turnedBack = kind === "decision" && (data["decision"] as Decision).kind === "revert";
  if (counts !== undefined) memory.counted = { counts, atMs: Date.parse(entry.at), turnedBack };
  if (Array.isArray(data["channels"])) memory.channels = data["channels"] as readonly ChannelRef[];
  if (data["effect"] === "error-rate") memory.errorRate = String(data["message"] ?? "");
  if (data["said"] !== undefined) return saidBy(memory, entry, data["said"] as SaidInEntry);
  return kind === "decision" ? decided(memory, entry) : undefined;
}

function decided(memory: Memory, entry: JournalEntry): RolloutMessage | undefined {
  const decision = entry.data["decision"] as Decision;
  const before = memory.state;
  const exposure = entry.data["exposure"];
  memory.state = reduce(before, decision, {
    ms: Date.parse(entry.at),
    ...(typeof exposure === "number" ? { exposure } : {}),
  });
  if (memory.state.step !== before.step) memory.heldFor.clear();
  const told = toldAt(memory, entry);
  if (decision.kind === "hold") return heldAt(memory, told, { entry, decision });
  // Taken up, or tried again: people know of it.
  if (decision.kind === "continue" && decision.retry) return undefined;
  return memory.state.name === before.name ? undefined : entered(told, before, { entry, decision });
}

function toldAt(memory: Memory, entry: JournalEntry): Told {
  const { rolloutId, plan, announcement, rehearsed, state, counted, errorRate, incident } = memory;
  const counts = entry.data["counts"] as SeenCounts | undefined;
  const readings = (entry.data["readings"] ?? []) as readonly GateReading[];
  return {
    ...{ rolloutId, plan, announcement, rehearsed, state },
    seen: { readings, ...(counts === undefined ? {} : { counts }) },
    ...(counted === undefined ? {} : { counted }),
    ...(errorRate === undefined ? {} : { errorRate }),
    ...(incident === undefined || incident === "none" ? {} : { incident }),
  };
}

interface Made<K extends Decision["kind"]> {
  readonly entry: JournalEntry;
  readonly decision: Extract<Decision, { readonly kind: K }>;
}

/** Each reason is told once a step: looks go on, and what comes and goes must not call people each time. */
function heldAt(memory: Memory, told: Told, { entry, decision }: Made<"hold">): RolloutMessage | undefined {
  const { reason, message } = decision;
  if (memory.heldFor.has(reason)) return undefined;
  memory.heldFor.add(reason);
  return holdMessage(told, entry, { message, waits: true, asked: asked.has(reason) });
}

function entered(
  told: Told,
  before: RolloutState,
  { entry, decision }: Made<Decision["kind"]>,
): RolloutMessage | undefined {
  const { reason, message } = decision;
  if (before.name === "baseline" && decision.kind === "continue") return startingMessage(told, entry);
  switch (told.state.name) {
    case "soaking":
      return incrementMessage(told, entry);
    case "reverting-lever":
      return rollingBackMessage(told, entry);
    case "reverted":
      return rolledBackMessage(told, entry);
    case "revert-failed":
      return revertFailedMessage(told, entry, message);
    case "held":
      if (isKept(told.state)) return keptMessage(told, entry, message);
      return holdMessage(told, entry, { message, waits: false, asked: asked.has(reason) });
    case "completed":
      return promotedMessage(told, entry);
    default:
      return undefined;
  }
}

/** With its incident, what becomes of the alert, and whom it is for. */
function made(memory: Memory, { state, step, planHash }: JournalEntry, bare: RolloutMessage): MadeMessage {
  if (bare.to !== undefined) memory.told.add(bare.to.rung);
  const action = alertOf(memory, bare);
  const { incident } = memory;
  const concern = memory.state.cause?.concern;
  const known =
    bare.incident ?? (bare.kind.startsWith("revert") && incident !== "none" ? incident : undefined);
  const message = {
    ...bare,
    ...(concern === undefined ? {} : { concern }),
    ...(known === undefined ? {} : { incident: known }),
    ...(action === undefined ? {} : alertWith(memory, action)),
  };
  return { message, channels: memory.channels, entry: { state, step, planHash } };
}

/** Whom it went up to hears that it is over. */
function alertWith(memory: Memory, action: "trigger" | "resolve"): Pick<RolloutMessage, "alert" | "told"> {
  const told = action === "resolve" && memory.told.size > 0 ? { told: [...memory.told] } : {};
  return { alert: { action, key: alertKey(memory) }, ...told };
}

/** One alert a rollout: what comes after its end would open another one. */
function alertOf(memory: Memory, { kind, phase, to }: RolloutMessage): "trigger" | "resolve" | undefined {
  if (memory.alert === "resolved") return undefined;
  if (phase === "rolled-back" || phase === "promoted") {
    const open = memory.alert === "open";
    memory.alert = "resolved";
    return open ? "resolve" : undefined;
  }
  const calls = kind === "hold" || kind === "revert" || kind === "revert-failed" || to !== undefined;
  if (!calls) return undefined;
  memory.alert = "open";
  return "trigger";
}

function opensIncident({ announcement, incident }: Memory, { phase, kind }: RolloutMessage): boolean {
  const { incidents } = announcement;
  return incidents !== undefined && incident === undefined && phase === "rolling-back" && kind === "revert";
}

function incidentOf({ id, url }: JournalEntry["data"]): IncidentRef | undefined {
  if (typeof id !== "string") return undefined;
  return { id, ...(typeof url === "string" ? { url } : {}) };
}
