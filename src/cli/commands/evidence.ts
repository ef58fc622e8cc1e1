import { isKept } from "../../decide/kept.ts";
import { exitCodes, type Issue, RolloutError } from "../../errors/errors.ts";
import { usageError } from "../args.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { isDriven, type OpenStack, openStack } from "../record-view.ts";
import { exportLines } from "../render/evidence.ts";
import { submit } from "../requests.ts";
import { driveBack } from "../turn-back.ts";

export const evidenceCommand: Command = {
  name: "evidence",
  summary: "save what is known of the last rollout, or let go the candidate that is kept as evidence",
  argument: {
    name: "<action>",
    summary: "export: write a bundle; release: the way back goes on, and the candidate is removed",
  },
  options: [
    {
      flags: "--out <dir>",
      summary: "with export: the bundle's folder (default: evidence/<rollout> beside the journal)",
    },
    { flags: "--by <name>", summary: "who asks; required with release" },
    { flags: "--reason <text>", summary: "with release: why; the journal keeps it" },
  ],
  examples: [
    "rollouts evidence export --stack prod",
    "rollouts evidence export --stack prod --out /srv/cases/4711",
    'rollouts evidence release --stack prod --by sam --reason "case 4711 has what it needs"',
  ],
  handler: evidence,
};

async function evidence(context: CommandContext): Promise<CommandResult> {
  const { argument, options } = context;
  const issues: Issue[] = [];
  const release = argument === "release";
  if (!release && argument !== "export") {
    const received = JSON.stringify(argument);
    issues.push({ path: "<action>", received, rule: "export or release", hint: "Write export." });
  }
  if (release && options["by"] === undefined)
    issues.push({ path: "--by", rule: "required with release", hint: "Write --by and who lets it go." });
  if (release && options["out"] !== undefined)
    issues.push({ path: "--out", rule: "only with export", hint: "Leave --out out." });
  if (issues.length > 0) throw usageError(evidenceCommand, issues);
  return release ? await letGo(context) : await save(context);
}

async function save(context: CommandContext): Promise<CommandResult> {
  const { projectDir, stack, world } = context;
  const at = { projectDir, stack, config: await world.loadConfig({ projectDir, stack }) };
  const { exportHere } = await import("../evidence/here.ts");
  const exported = await exportHere(context, at, textOption(context, "out"));
  if (exported === undefined) throw new Error("this world has no evidence");
  const text = exportLines(exported).join("\n");
  const { problems } = exported.manifest;
  if (problems.length === 0) return { data: exported, text };
  const message = `The bundle is incomplete: ${problems.join("; ")}`;
  const hint = "Everything else is written. Mend what it names and export again: the earlier bundle stays.";
  return {
    data: exported,
    text,
    exit: exitCodes.error,
    problem: { code: "bundle-incomplete", message, hint },
  };
}

async function letGo(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const rollout = stack.inFlight;
  if (rollout === undefined || !isKept(rollout.state)) throw nothingKept(stack);
  const { by } = await submit(context, { stack, rollout }, { kind: "release" });
  const { to } = rollout.plan;
  if (!(await isDriven(stack))) return await driveBack(context, { stack, rollout });
  const text = `Released: the driver of ${to} removes it; \`rollouts status\` follows it.`;
  return { data: { rolloutId: rollout.rolloutId, releasedBy: by, driven: true }, text };
}

function nothingKept({ at, inFlight }: OpenStack): RolloutError {
  const what =
    inFlight === undefined ? "no rollout" : `${inFlight.plan.to} is ${inFlight.state.name}, and nothing`;
  return new RolloutError(`There is nothing to release: ${what} of ${at.stack} is kept as evidence.`, {
    code: "nothing-kept",
    exit: "nothingToDo",
    hint: "`rollouts status` shows what the rollout does.",
  });
}
