import type { Command, CommandContext, CommandResult } from "../command.ts";
import { flagAsked, flagOptions } from "../flag-asked.ts";
import { stackWithFlag } from "../flag-stack.ts";

export const flagCommand: Command = {
  name: "flag",
  summary: "show the stack's feature flag, switch it off in an emergency, or say who a phase lets in",
  argument: {
    name: "<action>",
    summary: "status, off (the emergency), on (takes that back), cohort (who enters with each phase)",
  },
  secondArgument: { name: "[id]", summary: "id of the flag: refused where it isn't the stack's" },
  options: flagOptions,
  examples: [
    "rollouts flag status --stack prod",
    "rollouts flag status --stack prod --tenant tenant-0001",
    'rollouts flag off AuditTrail.NewTamperProofAlgorithm --stack prod --by dana --reason "broken hashes"',
    'rollouts flag off --stack prod --by dana --reason "broken hashes" --probe https://atp.example/features',
    'rollouts flag on --stack prod --by dana --reason "false alarm"',
    "rollouts flag cohort --stack prod --at 25",
  ],
  handler: run,
};

/** Each action loads what it needs: an emergency waits for nothing else. */
async function run(context: CommandContext): Promise<CommandResult> {
  const fromMs = context.runtime.wall.now();
  const asked = flagAsked(context);
  const stack = await stackWithFlag(context);
  switch (asked.action) {
    case "off":
      return await (await import("../flag-off.ts")).flagOff(context, stack, { ...asked, fromMs });
    case "on":
      return await (await import("../flag-on.ts")).flagOn(context, stack, asked);
    case "status":
      return await (await import("../flag-status.ts")).flagStatus(context, stack, asked);
    case "cohort":
      return await (await import("../flag-cohort.ts")).flagCohort(context, stack, asked.at);
  }
}
