import { switchFlag } from "../adapters/flags/switch-flag.ts";
import type { FlagOnOutcome } from "../driver/flag-on.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { holderName } from "./drive.ts";
import type { Decided } from "./flag-asked.ts";
import type { StackWithFlag } from "./flag-stack.ts";
import { renderOn } from "./render/flag-off.ts";

/** `data` of `flag on --json`. */
export interface FlagOnView extends Decided, FlagOnOutcome {
  readonly stack: string;
  readonly flag: string;
}

/** Takes an emergency back: the switch alone, where the stack has the flag open. */
export async function flagOn(
  context: CommandContext,
  { at, flag }: StackWithFlag,
  { by, reason }: Decided,
): Promise<CommandResult> {
  const deps = await context.world.openDriver(at, context, () => {});
  const { switchOn } = await import("../driver/flag-on.ts");
  const { runtime, env, color } = context;
  const outcome = await switchOn(deps, {
    holder: holderName(env),
    by,
    reason,
    write: async () => {
      if (deps.flag === undefined) throw new Error("a stack with a flag has no ports for it");
      return await switchFlag(deps.flag.flags, true, { clock: runtime.wall });
    },
  });
  const view: FlagOnView = { stack: at.stack, flag: flag.spec.id, by, reason, ...outcome };
  return { data: view, text: renderOn(view, { color }) };
}
