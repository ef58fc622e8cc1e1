import { type Priority, priorities } from "../analysis/budget-terms.ts";
import type { RunOptions } from "../driver/run.ts";
import { RolloutError } from "../errors/errors.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { type CommandContext, type OptionSpec, textOption } from "./command.ts";

/** What a rollout may be asked for with, where the error budget is low. */
export type Urgency = Pick<RunOptions, "priority" | "incident">;

export const priorityOption: OptionSpec = {
  flags: "--priority <priority>",
  summary: "how urgent the rollout is (default: normal; of a hotfix: hotfix)",
  choices: priorities,
};

export const incidentOption: OptionSpec = {
  flags: "--incident <id>",
  summary: "the incident that it mends: starts a p0 or a security fix on a frozen error budget",
  needs: "priority",
};

/** Reads `--priority` and `--incident`. Throws (exit 2) for an incident without a name. */
export function urgencyOf(context: CommandContext): Urgency {
  // One of the choices, or the command line was refused.
  const priority = textOption(context, "priority") as Priority | undefined;
  const incident = textOption(context, "incident")?.trim();
  if (incident === "") {
    throw new RolloutError("--incident is empty.", {
      code: "usage",
      exit: "config",
      path: "--incident",
      hint: "Name the incident: --incident INC-1234.",
    });
  }
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(incident === undefined ? {} : { incident }),
  };
}

/** People have approved the plan with its priority and its incident: another one would be another plan (exit 23). */
export function refuseOtherUrgency({ to, budget }: RolloutPlan, { priority, incident }: Urgency): void {
  const planned = budget?.priority ?? "normal";
  const samePriority = priority === undefined || priority === planned;
  const sameIncident = incident === undefined || incident === budget?.incident;
  if (budget === undefined || (samePriority && sameIncident)) return;
  const option = samePriority ? "--incident" : "--priority";
  const as = [
    `priority ${planned}`,
    ...(budget.incident === undefined ? [] : [`incident ${budget.incident}`]),
  ];
  throw new RolloutError(`${to} is in flight with ${as.join(" and ")}; ${option} can't change that.`, {
    code: "rollout-in-flight",
    exit: "blocked",
    path: option,
    hint: `Leave ${option} out to finish it, or take it back (\`rollouts abort\`).`,
  });
}
