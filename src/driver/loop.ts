import { type DecideInput, decide, type Observations } from "../decide/decide.ts";
import { reduce } from "../decide/reduce.ts";
import { isEnd, isWatched } from "../decide/states.ts";
import type { Decision, RolloutRequest } from "../types/decision.ts";
import type { StateName } from "../types/state.ts";
import { type AlarmWatch, alarmWatch } from "./alarm-watch.ts";
import { keptUnread, writeDuring } from "./checklist-during.ts";
import { checkStart } from "./checks.ts";
import { noEffect, type RunningEffect, startEffect, stopEffect } from "./effect.ts";
import { observeBaseline, stepForward } from "./forward.ts";
import { writeNotes } from "./notes.ts";
import { observe } from "./observe.ts";
import { pullLever, restoreBaseline, stackToZero } from "./revert.ts";
import { journal, type Session } from "./session.ts";
import { sloNews } from "./tell-slo.ts";
import { validateStaged } from "./validate.ts";
import { verifyRevert } from "./verify.ts";

/** How the loop ended: in an end state, or before one. */
export type LoopEnd = "ended" | "lease-lost" | "interrupted";

/**
 * Look, decide, write down, act; until the rollout is over, the lease is lost, or the process is asked to stop.
 * It has no rule of its own: every turn is a decision of `decide`.
 */
export async function runLoop(session: Session): Promise<LoopEnd> {
  const turn: Turn = {
    effect: enterState(session, noEffect),
    lastVerdicts: "",
    lastProgress: "",
    lastHold: "",
    lastSlo: await lastSlo(session),
    requests: [],
    notes: 0,
    alarm: alarmWatch(session),
  };
  while (!isEnd(session.state.name)) {
    if (mustStop(session)) return await interrupted(session, turn.effect);
    const observations = await observe(session, turn.effect);
    session.deps.looked?.(observations.readings);
    const decision = await decideNow(session, observations, turn);
    if (observations.lease === "lost") return "lease-lost";
    await writeProgress(session, { observations, decision, turn });
    await writeVerdicts(session, { observations, decision, turn });
    await tellSlo(session, { observations, decision, turn });
    await writeDuring(session, observations.checklist, decision);
    await act(session, { decision, observations, turn });
    turn.notes = await writeNotes(session, turn.requests, turn.notes);
    const again = await turn.alarm.look(observations, turn.requests);
    if (decision.kind === "wait" || decision.kind === "hold")
      await pause(session, untilOf(session, decision, again), seenRunning(observations, turn.effect));
  }
  await session.outbox?.flush();
  return "ended";
}

interface Turn {
  effect: RunningEffect;
  lastVerdicts: string;
  lastProgress: string;
  lastHold: string;
  lastSlo: string;
  /** What people have asked, as this look has seen it. */
  requests: readonly RolloutRequest[];
  /** Notes among it that were seen so far. */
  notes: number;
  readonly alarm: AlarmWatch;
}

/** One turn of the loop: what was seen and what it came to. */
interface Look {
  readonly decision: Decision;
  readonly observations: Observations;
  readonly turn: Turn;
}

async function decideNow(session: Session, observations: Observations, turn: Turn): Promise<Decision> {
  const { deps, plan, state, options, rolloutId } = session;
  const requests = await deps.record.requests.read(rolloutId).catch(keptUnread(session, turn.requests));
  turn.requests = requests;
  const now = deps.runtime.clock.now();
  const stop = options.stopAfter === undefined ? {} : { stopAfter: options.stopAfter };
  const input: DecideInput = { plan, state, observations, requests, now, ...stop };
  return decide(input);
}

async function act(session: Session, { decision, observations, turn }: Look): Promise<void> {
  if (decision.kind === "wait") return;
  if (decision.kind === "hold" && decision.extendMs === 0 && turn.lastHold === decision.reason) return;
  turn.lastHold = decision.kind === "hold" ? decision.reason : "";
  const { clock, wall } = session.deps.runtime;
  if (decision.kind === "revert") {
    session.turnedBackAtWallMs = wall.now();
    session.turnedBackAtMs = clock.now();
  }
  const before = session.state.name;
  const exposure = observations.route?.exposure;
  const next = reduce(session.state, decision, {
    ms: clock.now(),
    ...(exposure === undefined ? {} : { exposure }),
  });
  const entry = { decision, exposure, ...figures(observations) };
  // The lever may not wait for the disk: the decision that turns back is written while it is pulled.
  if (decision.kind === "revert") {
    session.state = next;
    turn.effect = enterState(session, turn.effect);
    await journal(session, "decision", entry);
  } else {
    await journal(session, "decision", entry);
    session.state = next;
    // A promotion that stops may have its update under way: nobody would watch it once the lease is gone. A check that
    // is cut short has nothing to stop.
    if (isEnd(next.name) && before.startsWith("promoting-")) await stopEffect(turn.effect, wall);
    if (runsEffect(decision, before)) turn.effect = enterState(session, turn.effect);
  }
}

/** What was seen when it was decided: people are told these numbers, and no others. */
function figures({ readings, counts }: Observations): Partial<Observations> {
  return readings.length === 0 ? {} : { readings, ...(counts === undefined ? {} : { counts }) };
}

/** An SLO past a threshold is told when it is seen: the soak goes on meanwhile. What turns back is told by itself. */
async function tellSlo(session: Session, { observations, decision, turn }: Look): Promise<void> {
  if (decision.kind === "revert") return;
  const { said, message } = sloNews(session, observations.readings, turn.lastSlo);
  if (said === turn.lastSlo) return;
  turn.lastSlo = said;
  const told = message === undefined ? {} : { said: message };
  await journal(session, "observed", { slo: said, ...told, ...figures(observations) });
}

/** What a driver before this one has said of it. */
async function lastSlo({ deps, rolloutId }: Session): Promise<string> {
  const entries = await deps.record.journal.read();
  const last = entries.findLast((entry) => entry.rolloutId === rolloutId && entry.data["slo"] !== undefined);
  return String(last?.data["slo"] ?? "");
}

/** A confirmed route or a hold doesn't run the state's effect again; a retry does. */
function runsEffect(decision: Decision, before: StateName): boolean {
  return decision.kind === "continue" && (decision.retry === true || decision.to !== before);
}

/** Starts what the state does. `before`: what may still be running (an update, when a verdict falls in its middle). */
function enterState(session: Session, before: RunningEffect): RunningEffect {
  switch (session.state.name) {
    case "checking":
      return startEffect(() => checkStart(session));
    case "baseline":
      return startEffect(() => observeBaseline(session));
    case "applying":
    case "promoting-stable":
    case "promoting-switch":
    case "promoting-clean":
      return startEffect((signal) => stepForward(session, signal));
    case "validating":
      return startEffect((signal) => validateStaged(session, signal));
    case "reverting-lever":
      return startEffect(() => pullLever(session, before));
    case "reverting-stack":
      return startEffect(() => stackToZero(session));
    case "reverting-clean":
      return startEffect(() => restoreBaseline(session));
    case "reverting-verify":
      return startEffect(() => verifyRevert(session));
    default:
      return noEffect;
  }
}

/** An effect that this look saw running wakes the loop, also where it has settled since. */
function seenRunning(observations: Observations, effect: RunningEffect): Promise<void> | undefined {
  return observations.effect.status === "running" ? effect.settled : undefined;
}

/** The next look: at the decision's time, when somebody is to be told, and in any case once a look's time is over. */
function untilOf(
  { deps, plan }: Session,
  decision: Extract<Decision, { kind: "wait" | "hold" }>,
  again: number | undefined,
): number {
  const lookMs = deps.runtime.clock.now() + plan.look.seconds * 1000;
  const asked = decision.kind === "wait" ? decision.untilMs : lookMs;
  return Math.min(lookMs, asked, again ?? lookMs);
}

/** Sleeps until a moment of the rollout's clock, or until the effect settles, a request comes or the process is to stop. */
async function pause(session: Session, untilMs: number, settled: Promise<void> | undefined): Promise<void> {
  const { clock, signal } = session.deps.runtime;
  const woken = new AbortController();
  const wake = () => woken.abort();
  signal.addEventListener("abort", wake, { once: true });
  const running = settled ? [settled] : [];
  await Promise.race([
    clock.sleep(Math.max(0, untilMs - clock.now()), woken.signal),
    // A store that can't be watched wakes nobody; the next look reads it again.
    session.deps.record.requests.changed(woken.signal).catch(() => new Promise(() => {})),
    ...running,
  ]);
  wake();
  signal.removeEventListener("abort", wake);
}

/** How far pods are, when that changes: of a rollout in place, and of stable before it gets its traffic back. */
async function writeProgress(session: Session, { observations, decision, turn }: Look): Promise<void> {
  const { route } = observations;
  const waits = session.state.name === "promoting-stable" && route?.stable?.complete === false;
  const progress = waits ? `stable: ${route?.stable?.progress}` : route?.progress;
  // As with verdicts: nothing may stand between one that turns back and the lever.
  if (progress === undefined || progress === turn.lastProgress || decision.kind === "revert") return;
  turn.lastProgress = progress;
  // Before the first new pod it says what was there anyway.
  if (observations.route?.hasCandidate === false && !session.state.name.startsWith("reverting-")) return;
  await journal(session, "observed", { progress });
}

/** Verdicts are written when one changes and with each decision that leaves a state: a journal to read, not a log. */
async function writeVerdicts(session: Session, { observations, decision, turn }: Look): Promise<void> {
  const { readings } = observations;
  // Nothing may stand between a verdict and the lever: the decision itself carries the reading that turned it.
  if (readings.length === 0 || decision.kind === "revert") return;
  const now = readings.map(({ gate, verdict, reason }) => `${gate}=${verdict}/${reason}`).join(",");
  const leaves = decision.kind === "continue" && decision.to !== session.state.name;
  if (now === turn.lastVerdicts && !leaves) return;
  turn.lastVerdicts = now;
  await journal(session, "verdict", { readings });
}

/** A stop asked of the process (SIGTERM) leaves a resumable record. It never stops a revert. */
function mustStop(session: Session): boolean {
  return session.deps.runtime.signal.aborted && !session.state.name.startsWith("reverting-");
}

async function interrupted(session: Session, effect: RunningEffect): Promise<LoopEnd> {
  if (effect.status().status === "running") {
    effect.stop();
    await effect.settled;
  }
  const watched = isWatched(session.state.name)
    ? "the candidate keeps its traffic and nobody watches it"
    : "nothing is under way";
  await journal(session, "observed", {
    interrupted: true,
    message: `asked to stop in ${session.state.name}: ${watched}; \`rollouts run\` goes on`,
  });
  return "interrupted";
}
