import type { FlagOffOutcome } from "../driver/flag-off.ts";
import { type ExitName, exitCodes, RolloutError } from "../errors/errors.ts";
import { movesFlag } from "../plan/flag-steps.ts";
import type { Decision } from "../types/decision.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { holderName } from "./drive.ts";
import type { Decided } from "./flag-asked.ts";
import type { StackWithFlag } from "./flag-stack.ts";
import { type OpenStack, openStack } from "./record-view.ts";
import { flagOffLine } from "./render/flag-off.ts";
import { turnBack } from "./turn-back.ts";

/** What became of the stack after an emergency off. */
export interface Converged {
  /**
   * `turned-back`: the rollout in flight goes, or went, back. `switched-off`, `off-already`, `kept-off`, `off-failed`: as
   * the driver says. `in-flight`: a rollout of the code is under way, and the stack has the flag open. `later`: not asked
   * for. `failed`: it could not be asked to.
   */
  readonly stack: FlagOffOutcome["outcome"] | "turned-back" | "in-flight" | "later" | "failed";
  readonly problems: readonly string[];
  /** Of `switched-off`, ms. */
  readonly stackMs?: number;
  /** The version that stays out until somebody says why it may come again. */
  readonly version?: string;
  readonly journal?: string;
  /** Of `turned-back`: what `rollback` says. */
  readonly rollout?: { readonly data: unknown; readonly text: string };
  /** Why it did not end well. */
  readonly exit?: ExitName;
  readonly problem?: NonNullable<CommandResult["problem"]>;
}

interface Emergency extends Decided {
  readonly store: { readonly at: string; readonly ms: number };
}

/** Lets the stack follow a flag that is off in its store. Never throws: the flag is off, and that has to be said. */
export async function convergeFlag(
  context: CommandContext,
  { at, flag }: StackWithFlag,
  emergency: Emergency,
): Promise<Converged> {
  try {
    const stack = await openStack(context);
    const { inFlight } = stack;
    if (inFlight === undefined) return await switchedOff(context, { at, flag }, emergency);
    const { plan, state } = inFlight;
    if (!movesFlag(plan.steps, state.failedAt ?? state.step))
      return await besideRollout(context, { at, flag }, plan.to);
    const back = await turnedBack(context, emergency).catch(unlessOver);
    return back ?? (await switchedOff(context, { at, flag }, emergency));
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    const { code, message, hint, exit } = error;
    const problem = { code, message, ...(hint === undefined ? {} : { hint }) };
    return { stack: "failed", problems: [message], exit, problem };
  }
}

/** It was over by the time that it was asked. */
function unlessOver(error: unknown): undefined {
  if (error instanceof RolloutError && error.code === "nothing-in-flight") return undefined;
  throw error;
}

/** As `rollback` does: through the live driver, or from here. Undefined: it was promoted before it heard. */
async function turnedBack(context: CommandContext, { reason }: Decided): Promise<Converged | undefined> {
  const asked = { verb: "rollback", reason: `flag off: ${reason}` } as const;
  let result = await turnBack(context, asked);
  let stack = await openStack(context);
  // The driver held because the flag had changed under it, before it heard the request.
  if (result.exit === exitCodes.held && heldBy(stack)?.reason !== "FlagKeptOff") {
    result = await turnBack(context, asked);
    stack = await openStack(context);
  }
  const { data, text, exit = exitCodes.ok, problem } = result;
  if (problem?.code === "too-late") return undefined;
  const rollout = { data, text };
  const kept = heldBy(stack);
  if (exit === exitCodes.held && kept?.reason === "FlagKeptOff") {
    return { stack: "turned-back", rollout, problems: [kept.message], ...keptOff([kept.message]) };
  }
  if (problem === undefined) return { stack: "turned-back", rollout, problems: [] };
  const name = (Object.keys(exitCodes) as ExitName[]).find((one) => exitCodes[one] === exit) ?? "error";
  return { stack: "turned-back", rollout, problems: [problem.message], exit: name, problem };
}

function heldBy({ inFlight, entries }: OpenStack): Decision | undefined {
  if (inFlight?.state.name !== "held") return undefined;
  const own = entries.filter(({ rolloutId }) => rolloutId === inFlight.rolloutId);
  return own.findLast(({ kind }) => kind === "decision")?.data["decision"] as Decision | undefined;
}

/** Its code is under way, and that is another's to finish; whether the stack has the flag open is only read. */
async function besideRollout(
  context: CommandContext,
  { at, flag }: StackWithFlag,
  version: string,
): Promise<Converged> {
  const deps = await context.world.openDriver(at, context, () => {});
  const { flagStackOf, isOpen } = await import("../driver/flag-stack.ts");
  const stack = await flagStackOf(deps);
  if (stack === undefined || !isOpen(stack)) return { stack: "off-already", problems: [] };
  const { id } = flag.spec;
  const message = `The stack still has ${id} open, and ${version} is in flight: its way back, or a \`pulumi up --refresh\`, would open it in the store again.`;
  const hint = `Finish ${version} or take it back, see that ${id} is still off, then \`rollouts flag off ${id} --stack ${at.stack}\` again.`;
  return {
    stack: "in-flight",
    problems: [message],
    exit: "held",
    problem: { code: "rollout-in-flight", message, hint },
  };
}

async function switchedOff(
  context: CommandContext,
  { at, flag }: StackWithFlag,
  { by, reason, store }: Emergency,
): Promise<Converged> {
  const deps = await context.world.openDriver(at, context, (entry) => {
    const line = flagOffLine(entry);
    if (line !== undefined) context.talk.line(line);
  });
  const { switchOffStack } = await import("../driver/flag-off.ts");
  const holder = holderName(context.env);
  const { at: wroteAt, ms } = store;
  const outcome = await switchOffStack(deps, { holder, by, reason, store: { at: wroteAt, ms } });
  const { outcome: name, ...rest } = outcome;
  const converged = { stack: name, ...rest };
  if (name === "kept-off") return { ...converged, ...keptOff(outcome.problems) };
  if (name !== "off-failed") return converged;
  const { id } = flag.spec;
  const problem = {
    code: "flag-off-failed",
    message: `${id} is off in the store, and the stack still has it open: ${outcome.problems.join("; ")}.`,
    hint: `An update with --refresh would open it again. Look at the stack now (\`rollouts recover\`), then \`rollouts flag off ${id} --stack ${at.stack}\` again.`,
  };
  return { ...converged, exit: "revertFailed", problem };
}

function keptOff(problems: readonly string[]): Required<Pick<Converged, "exit" | "problem">> {
  const problem = {
    code: "flag-kept-off",
    message: `The flag is off and stays as it is: the stack doesn't know what else stands in it (${problems.join("; ")}).`,
    hint: "Take it into rollout.flag of the stack's config, or out of the store, then `rollouts flag off` again. Until then no `pulumi up --refresh`: it would write the stack's own value, open.",
  };
  return { exit: "held", problem };
}
