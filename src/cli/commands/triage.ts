import { type TriageInput, triage, triageError, triageIssues } from "../../analysis/triage.ts";
import { parsePercent } from "../../config/percent.ts";
import type { Issue } from "../../errors/errors.ts";
import { type Command, type CommandContext, type CommandResult, flag, textOption } from "../command.ts";
import { renderTriage } from "../render/triage.ts";
import { requestOptions } from "../requests.ts";
import { applyTriage } from "../triage-apply.ts";

export const triageCommand: Command = {
  name: "triage",
  summary: "say what an issue asks for, by the rollback decision tree, and do it if asked",
  needsStack: false,
  options: [
    {
      flags: "--sev <level>",
      summary: "1: data loss or corruption; 2: service degradation; 3: minor bug",
      required: true,
      choices: ["1", "2", "3"],
    },
    { flags: "--error-rate <percent>", summary: "of severity 2: the share of failed requests, 0.4%" },
    {
      flags: "--trend <trend>",
      summary: "of severity 2 up to 1 %: what 10 min of watching have shown",
      choices: ["improves", "worsens", "unknown"],
    },
    { flags: "--user-facing", summary: "of severity 3: users meet the bug" },
    { flags: "--not-user-facing", summary: "of severity 3: no user meets it" },
    { flags: "--stack <name>", summary: "the stack that the commands name" },
    {
      flags: "--apply",
      summary: "do it to the rollout in flight: abort, pause, resume, or a note in its journal",
    },
    ...requestOptions,
  ],
  examples: [
    "rollouts triage --sev 1 --stack prod",
    "rollouts triage --sev 2 --error-rate 0.4%",
    "rollouts triage --sev 2 --error-rate 0.4% --trend worsens --stack prod",
    "rollouts triage --sev 3 --not-user-facing --json",
    "rollouts triage --sev 1 --stack prod --apply --by dana",
  ],
  handler,
};

async function handler(context: CommandContext): Promise<CommandResult> {
  const written = textOption(context, "errorRate");
  const input = inputOf(context, written);
  const issues = [
    ...contradiction(context),
    ...triageIssues(input).map((issue) => asWritten(issue, written)),
  ];
  if (issues.length > 0) throw triageError(issues);
  const found = triage(input);
  const text = renderTriage(found, { color: context.color });
  if (!flag(context, "apply")) return { data: found, text };
  const applied = await applyTriage(context, found);
  return { ...applied, data: { ...found, applied: applied.data }, text: `${text}\n\n${applied.text}` };
}

function inputOf(context: CommandContext, written: string | undefined): TriageInput {
  const trend = textOption(context, "trend") as TriageInput["trend"];
  const known = flag(context, "userFacing") || flag(context, "notUserFacing");
  return {
    severity: Number(textOption(context, "sev")) as TriageInput["severity"],
    // What isn't a percentage is refused below: NaN is no error rate.
    ...(written === undefined ? {} : { errorRatePercent: parsePercent(written) ?? Number.NaN }),
    ...(trend === undefined ? {} : { trend }),
    ...(known ? { userFacing: flag(context, "userFacing") } : {}),
    ...(context.stack === "" ? {} : { stack: context.stack }),
  };
}

function contradiction(context: CommandContext): readonly Issue[] {
  if (!flag(context, "userFacing") || !flag(context, "notUserFacing")) return [];
  const hint = "Users meet it or they don't: leave one of the two out.";
  return [{ path: "--not-user-facing", rule: "not together with --user-facing", hint }];
}

function asWritten(issue: Issue, written: string | undefined): Issue {
  if (issue.path !== "--error-rate" || written === undefined) return issue;
  return { ...issue, received: JSON.stringify(written) };
}
