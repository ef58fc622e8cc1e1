import { standsBeside } from "../decide/kept.ts";
import { isEnd } from "../decide/states.ts";
import { exitOf, keptIn, type Outcome } from "../driver/outcome.ts";
import { lastRollout, type Recorded } from "../driver/resume.ts";
import { exitCodes, RolloutError } from "../errors/errors.ts";
import { movesFlag } from "../plan/flag-steps.ts";
import type { Concern } from "../types/concern.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { drive } from "./drive.ts";
import { isDriven, type OpenStack, openStack, requireInFlight } from "./record-view.ts";
import { problemOf, renderOutcome } from "./render/outcome.ts";
import { stepLabel } from "./render/words.ts";
import { submit } from "./requests.ts";
import { atPlan } from "./start.ts";

/** How long a live driver gets until the traffic is off, ms of wall time: it reacts within a look. */
const patienceMs = 60_000;
const pollMs = 250;

/**
 * Takes the rollout in flight back: asks the live driver, or, where none is alive, drives the way back here. A
 * reverted rollout is what was asked for: exit 0.
 */
export async function turnBack(
  context: CommandContext,
  options: { readonly verb: "abort" | "rollback"; readonly reason?: string; readonly concern?: Concern },
): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = requireInFlight(stack, options.verb === "abort" ? "abort" : "roll back");
  const { reason, concern } = options;
  const reasoned = reason === undefined ? context : { ...context, options: { ...context.options, reason } };
  await submit(reasoned, { stack, rollout }, { kind: "abort", ...(concern ? { concern } : {}) });
  const from = { stack, rollout, ...(concern ? { concern } : {}) };
  if (!(await isDriven(stack))) return await driveBack(context, from);
  context.talk.line(`Asked the driver of ${rollout.plan.to} to turn back.`);
  const seen = await watchDriver(context, from);
  if (seen !== undefined) return seen;
  if (context.runtime.signal.aborted) {
    throw new RolloutError("Stopped waiting for the driver; it turns back by itself.", {
      code: "cancelled",
      exit: "cancelled",
      hint: "The request stays; `rollouts status` shows what became of it.",
    });
  }
  if (!(await isDriven({ ...stack, entries: await stack.record.journal.read() }))) {
    return await driveBack(context, from);
  }
  throw new RolloutError(
    `The driver of ${rollout.plan.to} has not turned back within ${patienceMs / 1000} s.`,
    {
      code: "driver-silent",
      exit: "timeout",
      hint: `The request stays. End that process (\`rollouts status --stack ${context.stack}\` names it), then ${options.verb} again: it is driven from here.`,
    },
  );
}

/** What is taken back; `concern`: what the caller has said of it. */
interface From {
  readonly stack: OpenStack;
  readonly rollout: Recorded;
  readonly concern?: Concern;
}

/** No driver is alive: the way back is driven in this process. */
export async function driveBack(context: CommandContext, from: From): Promise<CommandResult> {
  const { stack, rollout } = from;
  context.talk.line(`No driver is alive: turning ${rollout.plan.to} back from here.`);
  const outcome = await drive(context, atPlan(stack.at, rollout.plan), {
    version: rollout.plan.to,
    onlyResume: true,
  });
  return resultOf(context, outcome, from);
}

/** Who has named a concern has asked that it is kept. */
function resultOf(context: CommandContext, outcome: Outcome, { concern }: From): CommandResult {
  const text = renderOutcome(outcome, { color: context.color });
  const kept = concern !== undefined && outcome.kept !== undefined;
  if (kept || outcome.outcome === "reverted" || outcome.outcome === "blocked") return { data: outcome, text };
  const problem = problemOf(outcome) ?? {
    code: "too-late",
    message: `${outcome.version} was promoted before the request was heard.`,
    hint: "Going back is a rollout of its own: `rollouts run --version`.",
  };
  return { data: outcome, text, exit: exitOf(outcome) || exitCodes.error, problem };
}

/** Polls the journal until the traffic is off or the rollout is over; undefined where neither comes in time. */
async function watchDriver(context: CommandContext, from: From): Promise<CommandResult | undefined> {
  const { record } = from.stack;
  const { rolloutId } = from.rollout;
  const { wall, signal } = context.runtime;
  const until = wall.now() + patienceMs;
  for (;;) {
    const entries = (await record.journal.read()).filter((entry) => entry.rolloutId === rolloutId);
    const now = lastRollout(entries);
    if (now !== undefined && isEnd(now.state.name) && now.ended !== undefined) {
      return resultOf(context, endedOutcome(now, record.journal.location, now.ended), from);
    }
    const off = entries.some(({ data }) => data["effect"] === "read-back" && data["ok"] === true);
    if (now !== undefined && off && now.state.name.startsWith("reverting-"))
      return turned(now, record.journal.location);
    if (wall.now() >= until || signal.aborted) return undefined;
    await wall.sleep(pollMs, signal);
  }
}

function turned({ rolloutId, plan, state }: Recorded, journal: string): CommandResult {
  const data = {
    outcome: "reverting",
    version: plan.to,
    rolloutId,
    state: state.name,
    failedAt: state.failedAt,
    journal,
  };
  const off = state.failedAt !== undefined && movesFlag(plan.steps, state.failedAt);
  const now = off ? `${plan.flag?.id} is off` : "no traffic on it any more";
  const keeps = state.cause?.concern !== undefined && standsBeside(plan.steps, state.failedAt);
  const then = keeps ? "keeps it as evidence" : "restores the stack";
  const text = `${plan.to} turned back at ${stepLabel(state.failedAt ?? "?")}: ${now}. The driver ${then}; \`rollouts status\` follows it.`;
  return { data, text };
}

/** The outcome that another process wrote, read from its journal. */
function endedOutcome(recorded: Recorded, journal: string, ended: string): Outcome {
  const { plan, state, rolloutId } = recorded;
  return {
    outcome: ended as Outcome["outcome"],
    version: plan.to,
    exposures: state.exposures,
    ...(state.cause ? { cause: state.cause } : {}),
    ...(state.failedAt === undefined ? {} : { failedAt: state.failedAt }),
    ...(state.name === "held" ? { heldAt: state.step } : {}),
    ...keptIn(state),
    journal,
    rolloutId,
  };
}
