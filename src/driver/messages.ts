import { initialState, reduce } from "../decide/reduce.ts";
import type { Announcement, ChannelRef } from "../types/communication.ts";
import type { SeenCounts } from "../types/counts.ts";
import type { Decision } from "../types/decision.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { IncidentRef, MessageKind, MessagePhase, RolloutMessage } from "../types/message.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { RolloutState } from "../types/state.ts";
import type { GateReading } from "../types/verdict.ts";
import { alertKey, type MessageSource, messageWith } from "./message-base.ts";
import {
  holdMessage,
  incrementMessage,
  promotedMessage,
  revertFailedMessage,
  rolledBackMessage,
  rollingBackMessage,
  startingMessage,
} from "./message-of.ts";
import type { Counted, Told } from "./message-told.ts";

/** What an entry says by itself, where no decision does: an approval that is missing, an SLO, something done by hand. */
export interface SaidInEntry {
  readonly phase: MessagePhase;
  readonly kind: MessageKind;
  readonly title: string;
  readonly text: string;
}

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
  incident?: IncidentRef | "none";
  /** Wait for the incident's number, or for its failure: the one that it is for, and what came after it. */
  waiting: readonly MadeMessage[];
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
  /** What waits first for an entry `incident`: the number of one, or that there is none. */
  waiting(): MadeMessage | undefined;
}

export function messageFold(): MessageFold {
  let memory: Memory | undefined;
  return {
    waiting: () => memory?.waiting[0],
    next: (entry) => {
      const { announcement, plan, rehearsed } = entry.data;
      if (announcement !== undefined) {
        memory = begun(entry, {
          announcement: announcement as Announcement,
          plan: plan as RolloutPlan,
          rehearsed: rehearsed === true,
        });
      }
      if (memory === undefined || entry.rolloutId !== memory.rolloutId) return [];
      return read(memory, entry);
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
    waiting: [],
  };
}

function read(memory: Memory, entry: JournalEntry): readonly MadeMessage[] {
  const { kind, data } = entry;
  const counts = data["counts"] as SeenCounts | undefined;
  const turnedBack = kind === "decision" && (data["decision"] as Decision).kind === "revert";
  if (counts !== undefined) memory.counted = { counts, atMs: Date.parse(entry.at), turnedBack };
  if (Array.isArray(data["channels"])) memory.channels = data["channels"] as readonly ChannelRef[];
  if (data["effect"] === "error-rate") memory.errorRate = String(data["message"] ?? "");
  if (data["effect"] === "incident") return incidentTold(memory, data);
  if (data["said"] !== undefined)
    return made(memory, entry, saidBy(memory, entry, data["said"] as SaidInEntry));
  return kind === "decision" ? made(memory, entry, decided(memory, entry)) : [];
}

function saidBy(memory: Memory, entry: JournalEntry, said: SaidInEntry): RolloutMessage {
  const severity =
    said.kind === "revert-failed"
      ? "critical"
      : said.kind === "revert"
        ? "error"
        : said.kind === "hold"
          ? "warning"
          : "info";
  return messageWith(memory, entry, { ...said, severity, status: said.text });
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
      return holdMessage(told, entry, { message, waits: false, asked: asked.has(reason) });
    case "completed":
      return promotedMessage(told, entry);
    default:
      return undefined;
  }
}

/**
 * With what becomes of the alert. An incident that is about to be opened is waited for: its number goes with it, and what
 * comes after it stays behind it.
 */
function made(
  memory: Memory,
  { state, step, planHash }: JournalEntry,
  bare: RolloutMessage | undefined,
): readonly MadeMessage[] {
  if (bare === undefined) return [];
  const action = alertOf(memory, bare);
  const key = alertKey(memory);
  const message = action === undefined ? bare : { ...bare, alert: { action, key } };
  const made: MadeMessage = { message, channels: memory.channels, entry: { state, step, planHash } };
  if (memory.waiting.length === 0 && !opensIncident(memory, message)) return [made];
  memory.waiting = [...memory.waiting, made];
  return [];
}

/** One alert a rollout: what comes after its end would open another one. */
function alertOf(memory: Memory, { kind, phase }: RolloutMessage): "trigger" | "resolve" | undefined {
  if (memory.alert === "resolved") return undefined;
  if (phase === "rolled-back" || phase === "promoted") {
    const open = memory.alert === "open";
    memory.alert = "resolved";
    return open ? "resolve" : undefined;
  }
  if (kind !== "hold" && kind !== "revert" && kind !== "revert-failed") return undefined;
  memory.alert = "open";
  return "trigger";
}

function opensIncident({ announcement, incident }: Memory, { phase, kind }: RolloutMessage): boolean {
  const { incidents } = announcement;
  return incidents !== undefined && incident === undefined && phase === "rolling-back" && kind === "revert";
}

function incidentTold(memory: Memory, data: JournalEntry["data"]): readonly MadeMessage[] {
  const { id, url } = data;
  const incident = typeof id === "string" ? { id, ...(typeof url === "string" ? { url } : {}) } : "none";
  const { waiting } = memory;
  memory.incident = incident;
  memory.waiting = [];
  if (incident === "none") return waiting;
  return waiting.map((made) => ({ ...made, message: { ...made.message, incident } }));
}
