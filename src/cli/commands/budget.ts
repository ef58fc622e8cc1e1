import { type Budget, budgetOfAnswer } from "../../analysis/budget.ts";
import { budgetTerms, halvedFirst, type Priority } from "../../analysis/budget-terms.ts";
import { type BudgetWindow, budgetSpan, budgetWindows } from "../../analysis/budget-window.ts";
import { availabilityTarget } from "../../analysis/slo.ts";
import { recoveryOf } from "../../driver/budget.ts";
import { exitCodes, RolloutError } from "../../errors/errors.ts";
import type { ChangeKind } from "../../types/change.ts";
import type { TotalsAnswer } from "../../types/gauge.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { openTotals } from "../compose/totals.ts";
import { type BudgetView, renderBudget } from "../render/budget.ts";
import { atChange, changeOption } from "../start.ts";
import { priorityOption } from "../urgency.ts";

export const budgetCommand: Command = {
  name: "budget",
  summary: "show what is left of the error budget, and what that means for a rollout",
  options: [
    {
      flags: "--window <window>",
      summary: "the span that is counted (default: the stack's slo.window, else rolling-30d)",
      choices: budgetWindows,
    },
    changeOption,
    priorityOption,
  ],
  examples: [
    "rollouts budget --stack prod",
    "rollouts budget --stack prod --change bug-fix --priority reliability",
    "rollouts budget --stack prod --window calendar-month --json",
  ],
  handler: budget,
};

/** What is asked of a stack. */
interface Asked {
  readonly window: BudgetWindow;
  readonly change: ChangeKind | undefined;
  readonly priority: Priority | undefined;
}

async function budget(context: CommandContext): Promise<CommandResult> {
  const { projectDir, stack, world, runtime } = context;
  const kind = textOption(context, "change") as ChangeKind | undefined;
  const at = { projectDir, stack, config: await world.loadConfig({ projectDir, stack }) };
  const { policy } = atChange(at, kind).config;
  const totals = await openTotals(policy, runtime);
  if (totals === undefined) throw notHere();
  const { slo } = policy.gates;
  const asked: Asked = {
    window: (textOption(context, "window") as BudgetWindow | undefined) ?? slo?.window ?? "rolling-30d",
    change: kind ?? (policy.preset === "hotfix" ? "hotfix" : undefined),
    priority: textOption(context, "priority") as Priority | undefined,
  };
  const nowMs = runtime.wall.now();
  const answer = await totals.count({ ...budgetSpan(asked.window, nowMs), signal: runtime.signal });
  const found = budgetOfAnswer(answer, availabilityTarget(policy));
  const below = found.band === "defer" || found.band === "freeze";
  const promised = { availabilityPercent: availabilityTarget(policy), window: asked.window };
  const recovers = below ? await recoveryOf(totals, promised, { nowMs, signal: runtime.signal }) : undefined;
  const view: BudgetView = {
    stack,
    service: policy.service,
    source: totals.name,
    ...viewOf(found, policy, { ...asked, nowMs }),
    ...(recovers === undefined ? {} : { recoversAt: new Date(recovers).toISOString() }),
  };
  return { data: view, text: renderBudget(view, { color: context.color }), ...troubleOf(answer) };
}

/** Numbers and meaning of a budget; what nobody knows is left out. */
function viewOf(
  found: Budget,
  { increments }: EnvironmentPolicy,
  { window, change, priority, nowMs }: Asked & { readonly nowMs: number },
) {
  const { fromMs, toMs } = budgetSpan(window, nowMs);
  const { band, targetPercent: target } = found;
  const means = budgetTerms({
    band,
    ...(priority === undefined ? {} : { priority }),
    ...(change === undefined ? {} : { change }),
  });
  const [planned, halved] = [increments[0], halvedFirst(increments)[0]];
  const halves = means.halveFirst && increments.length > 1 && planned !== undefined && halved !== undefined;
  return {
    window,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    target,
    band,
    ...(found.band === "unknown"
      ? { why: found.why }
      : {
          actual: found.actualPercent,
          total: found.totalPercent,
          used: found.usedPercent,
          remaining: found.leftPercent,
          remainingPercent: found.remainingPercent,
          requests: found.total,
          badAllowed: found.badAllowed,
          badUsed: found.badUsed,
        }),
    means: {
      ...means,
      ...(halves ? { firstWeight: { planned: planned.exposure, halved: halved.exposure } } : {}),
    },
  };
}

/** A source that could not answer is no success; that there was no traffic is an answer. */
function troubleOf(answer: TotalsAnswer): Pick<CommandResult, "exit" | "problem"> {
  if (answer.status !== "error") return {};
  const hint = "Nobody knows the budget now: a rollout goes under the terms of caution. Ask again.";
  return { exit: exitCodes.error, problem: { code: "totals-unreadable", message: answer.message, hint } };
}

function notHere(): RolloutError {
  return new RolloutError("rollout.metrics.kind is sandbox, which counts no requests of real users.", {
    code: "not-here",
    exit: "config",
    path: "rollout.metrics.kind",
    hint: "A budget is of real traffic: configure a real metrics source (docs/configuration.md).",
  });
}
