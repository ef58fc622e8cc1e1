import type { Decision, RolloutRequest } from "../types/decision.ts";
import type { Alarm, Rung } from "../types/escalation.ts";
import type { JournalEntry } from "../types/journal.ts";

/** What an alarm is about; a worse one is an alarm of its own, whoever has acknowledged the one before. */
const grave = { hold: 1, revert: 2, "revert-failed": 3 } as const;

type Matter = keyof typeof grave;

interface Memory {
  open?: { readonly matter: Matter; readonly sinceMs: number };
  acknowledged?: { readonly by: string; readonly atMs: number };
  revertFailedAtMs?: number;
  down?: { readonly sinceMs: number; readonly why: string };
  /** Beside those of a service that is down: they last until somebody gives the all-clear. */
  sev1?: { readonly sinceMs: number; readonly why: string };
  readonly told: Set<Rung>;
}

/** Reasons for which a rollout stands because somebody has asked it to. */
const asked: ReadonlySet<string> = new Set(["Paused", "StoppedAfterStep"]);

/**
 * The alarm of one rollout, from its own entries and what people have asked in it. Pure: a driver that comes later finds
 * the times that began before it.
 */
export function alarmOf(entries: readonly JournalEntry[], requests: readonly RolloutRequest[]): Alarm {
  const memory: Memory = { told: new Set() };
  const events = [
    ...entries.map((entry) => ({ atMs: Date.parse(entry.at), see: () => readEntry(memory, entry) })),
    ...requests.map((request) => ({ atMs: Date.parse(request.at), see: () => readRequest(memory, request) })),
  ];
  for (const { see } of events.toSorted((a, b) => a.atMs - b.atMs)) see();
  const { open, acknowledged, revertFailedAtMs, down, told } = memory;
  const sev1 = worst(memory);
  return {
    ...(open === undefined ? {} : { openSinceMs: open.sinceMs }),
    ...(acknowledged === undefined ? {} : { acknowledged }),
    ...(revertFailedAtMs === undefined ? {} : { revertFailedAtMs }),
    ...(down === undefined ? {} : { down }),
    ...(sev1 === undefined ? {} : { sev1 }),
    told,
  };
}

function worst({ sev1, down }: Memory): Memory["sev1"] {
  if (down === undefined) return sev1;
  const why = `the service is down: ${down.why}`;
  return sev1 !== undefined && sev1.sinceMs <= down.sinceMs ? sev1 : { ...down, why };
}

function readEntry(memory: Memory, { at, kind, data }: JournalEntry): void {
  const atMs = Date.parse(at);
  if (kind === "decision") decided(memory, data["decision"] as Decision, atMs);
  if (Object(data["said"]).kind === "hold") open(memory, "hold", atMs);
  // What an SLO was told for is over.
  if (data["slo"] === "") closeHold(memory);
  const { rung } = Object(data["escalation"]);
  if (typeof rung === "string") memory.told.add(rung as Rung);
  const { by } = Object(data["acknowledged"]);
  if (typeof by === "string" && memory.open !== undefined) memory.acknowledged ??= { by, atMs };
  const service = data["service"];
  if (service !== undefined) seen(memory, Object(service), atMs);
}

function seen(
  memory: Memory,
  { service, why }: { readonly service?: unknown; readonly why?: unknown },
  atMs: number,
): void {
  if (service === "down") memory.down ??= { sinceMs: atMs, why: String(why) };
  if (service === "up") {
    delete memory.down;
    memory.told.delete("vp");
    if (memory.sev1 === undefined) memory.told.delete("cto");
  }
}

function decided(memory: Memory, decision: Decision, atMs: number): void {
  switch (decision.kind) {
    case "hold":
      if (!asked.has(decision.reason)) open(memory, "hold", atMs);
      return;
    case "escalate":
      if (!asked.has(decision.reason)) open(memory, "hold", atMs);
      if (decision.concern === "corruption" || decision.cause?.concern === "corruption")
        isSev1(memory, atMs, decision.message);
      return;
    case "revert":
      open(memory, "revert", atMs);
      if (decision.cause.gate === "integrity" || decision.cause.concern === "corruption")
        isSev1(memory, atMs, decision.message);
      return;
    case "complete":
      ended(memory, decision, atMs);
      return;
    case "continue":
      // It goes on by itself, or somebody has taken it up.
      closeHold(memory);
      return;
    case "wait":
      return;
  }
}

function ended(memory: Memory, decision: Extract<Decision, { kind: "complete" }>, atMs: number): void {
  if (decision.to !== "revert-failed") {
    close(memory);
    return;
  }
  open(memory, "revert-failed", atMs);
  memory.revertFailedAtMs ??= atMs;
  isSev1(memory, atMs, `the way back failed: ${decision.message}`);
}

function readRequest(memory: Memory, { kind, by, reason, at }: RolloutRequest): void {
  const atMs = Date.parse(at);
  if (kind === "acknowledge" && memory.open !== undefined) memory.acknowledged ??= { by, atMs };
  if (kind === "sev1") isSev1(memory, atMs, `${reason} (${by})`);
  if (kind !== "all-clear") return;
  close(memory);
  delete memory.sev1;
  delete memory.revertFailedAtMs;
  delete memory.down;
  memory.told.clear();
}

function isSev1(memory: Memory, sinceMs: number, why: string): void {
  memory.sev1 ??= { sinceMs, why };
}

function open(memory: Memory, matter: Matter, sinceMs: number): void {
  if (memory.open !== undefined && grave[matter] <= grave[memory.open.matter]) return;
  memory.open = { matter, sinceMs };
  delete memory.acknowledged;
  memory.told.delete("lead");
}

function closeHold(memory: Memory): void {
  if (memory.open?.matter === "hold") close(memory);
}

function close(memory: Memory): void {
  delete memory.open;
  delete memory.acknowledged;
}
