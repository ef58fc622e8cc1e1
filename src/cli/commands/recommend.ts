import { changeKinds, environmentNames, environmentOf, recommend } from "../../plan/matrix.ts";
import { changeRows, environmentRows } from "../../plan/matrix-data.ts";
import type { ChangeKind, StrategyOverride } from "../../types/change.ts";
import type { StrategyKind } from "../../types/plan.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { renderAcross, renderMatrix, renderRecommendation } from "../render/recommend.ts";

const strategies: readonly StrategyKind[] = [
  "canary",
  "direct",
  "rolling",
  "blue-green",
  "feature-flag",
  "combined",
];

export const recommendCommand: Command = {
  name: "recommend",
  summary: "say which strategy a change takes, by the decision matrix",
  needsStack: false,
  options: [
    {
      flags: "--change <kind>",
      summary: "what the rollout brings (default: the whole matrix)",
      choices: changeKinds,
    },
    { flags: "--stack <name>", summary: "the stack whose environment gives the terms (default: all four)" },
    {
      flags: "--strategy <kind>",
      summary: "another strategy than the matrix picks",
      choices: strategies,
      needs: "reason",
    },
    { flags: "--reason <text>", summary: "why another one; `run` records it", needs: "strategy" },
  ],
  examples: [
    "rollouts recommend",
    "rollouts recommend --change bug-fix",
    "rollouts recommend --change breaking-api --stack prod --json",
    'rollouts recommend --change major-version --stack prod --strategy canary --reason "schema unchanged"',
  ],
  handler,
};

async function handler(context: CommandContext): Promise<CommandResult> {
  const change = textOption(context, "change") as ChangeKind | undefined;
  const override = overrideOf(context);
  const { stack, color } = context;
  if (stack !== "") return await forStack(context, { change, override });
  if (change === undefined && override === undefined) {
    return { data: { matrix: changeRows, environments: environmentRows }, text: renderMatrix({ color }) };
  }
  const options = { ...(change === undefined ? {} : { change }), ...(override ? { override } : {}) };
  const all = environmentNames.map((environment) => recommend({ ...options, environment }));
  return { data: { recommendations: all }, text: renderAcross(all, { color }) };
}

interface Asked {
  readonly change: ChangeKind | undefined;
  readonly override: StrategyOverride | undefined;
}

/** With a stack: its preset is the environment, a strategy in its config overrides, and other approvals are told. */
async function forStack(context: CommandContext, asked: Asked): Promise<CommandResult> {
  const { projectDir, stack, world, color } = context;
  const { policy } = await world.loadConfig({ projectDir, stack });
  const change = asked.change ?? (policy.preset === "hotfix" ? "hotfix" : undefined);
  const override = asked.override ?? configured(policy, stack);
  const one = recommend({
    ...(change === undefined ? {} : { change }),
    ...(override === undefined ? {} : { override }),
    environment: environmentOf(policy.preset),
  });
  return { data: one, text: renderRecommendation(one, { color, notes: notesOf(policy, stack) }) };
}

function configured(
  { origins, strategy, strategyReason }: EnvironmentPolicy,
  stack: string,
): StrategyOverride | undefined {
  const reason = strategyReason ?? `Pulumi.${stack}.yaml sets it`;
  return origins["strategy"] === "config" ? { strategy, reason } : undefined;
}

function notesOf({ origins, approvals }: EnvironmentPolicy, stack: string): readonly string[] {
  if (origins["approvals.required"] !== "config" && origins["approvals.cab"] !== "config") return [];
  const { required, cab } = approvals;
  const people = `${required} approver${required === 1 ? "" : "s"}${cab ? " + CAB" : ""}`;
  return [`Pulumi.${stack}.yaml sets the approvals of its rollouts against the table: ${people}`];
}

function overrideOf(context: CommandContext): StrategyOverride | undefined {
  const strategy = textOption(context, "strategy") as StrategyKind | undefined;
  const reason = textOption(context, "reason");
  return strategy === undefined ? undefined : { strategy, reason: reason ?? "" };
}
