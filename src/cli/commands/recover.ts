import { exitCodes } from "../../errors/errors.ts";
import { type Command, type CommandContext, type CommandResult, flag } from "../command.ts";
import { holderName } from "../drive.ts";
import { openStack } from "../record-view.ts";
import { atPlan } from "../start.ts";
import { noVersion } from "./plan.ts";

export const recoverCommand: Command = {
  name: "recover",
  summary: "put a stack right that a dead process left locked or half-updated",
  options: [{ flags: "--force", summary: "remove a lock of another machine too; nothing may run there" }],
  examples: ["rollouts recover --stack prod", "rollouts recover --stack prod --force"],
  handler: recover,
};

async function recover(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const at = atPlan(stack.at, stack.inFlight?.plan);
  const { version, project } = at.config;
  if (version === undefined) throw noVersion(at.stack, project);
  const deps = await context.world.openDriver(at, context, () => {});
  const { recoverStack } = await import("../../driver/recover.ts");
  const options = { holder: holderName(context.env), force: flag(context, "force"), version };
  const recovery = await recoverStack(deps, options);
  const { done, inFlight, converged } = recovery;
  const next =
    inFlight === undefined
      ? `The stack ${converged ? "is as its record says" : "has no release to converge to"}.`
      : `${inFlight.version} is ${inFlight.state} at ${inFlight.step}: \`rollouts run\` goes on, \`rollouts abort\` takes it back.`;
  const failed =
    inFlight === undefined && !converged && done.some((line) => line.includes("could not be converged"));
  return { data: recovery, text: [...done, next].join("\n"), exit: failed ? exitCodes.error : exitCodes.ok };
}
