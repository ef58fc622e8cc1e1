import { confirmRefusal } from "../analysis/checklist-confirm.ts";
import { checklistKey } from "../driver/checklist-confirmations.ts";
import { type Issue, RolloutError } from "../errors/errors.ts";
import { type ChecklistItem, duringItems, postItems, preItems } from "../types/checklist.ts";
import type { RolloutRequest } from "../types/decision.ts";
import { usageError } from "./args.ts";
import { checklistOff } from "./checklist-show.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "./command.ts";
import { noVersion } from "./commands/plan.ts";
import { openStack } from "./record-view.ts";

const items: readonly ChecklistItem[] = [...preItems, ...duringItems, ...postItems];

/** Writes a person's word for an item of a version into the record. No lease, and no engine. */
export async function confirm(context: CommandContext, command: Command): Promise<CommandResult> {
  const { item, by } = askedOf(context, command);
  const note = textOption(context, "note") ?? "";
  const { at: stack, record } = await openStack(context);
  const { config } = stack;
  if (config.policy.checklist === undefined) throw checklistOff(stack.stack);
  const version = textOption(context, "version") ?? config.version;
  if (version === undefined) throw noVersion(stack.stack, config.project);
  const refusal = confirmRefusal({ item, by, note }, config.policy);
  if (refusal !== undefined) {
    throw new RolloutError(`${refusal.why}.`, {
      code: "confirm-refused",
      exit: "config",
      hint: refusal.hint,
    });
  }
  const at = new Date(context.runtime.wall.now()).toISOString();
  const request: RolloutRequest = { kind: "confirm", item, by, reason: note, at };
  await record.requests.submit({ ...request, rolloutId: checklistKey(version) });
  const text = `${item} of ${version} is confirmed by ${by}${note === "" ? "" : `: ${note}`}.`;
  return { data: { item, version, by, note, at }, text };
}

/** What is asked; everything that is wrong with it at once. */
function askedOf(
  context: CommandContext,
  command: Command,
): { readonly item: ChecklistItem; readonly by: string } {
  const written = context.secondArgument;
  const item = items.find((one) => one === written);
  const by = textOption(context, "by")?.trim() ?? "";
  const issues: Issue[] = [];
  if (item === undefined) {
    const received = written === undefined ? {} : { received: JSON.stringify(written) };
    issues.push({ path: "[item]", ...received, rule: "an item", hint: `One of ${items.join(", ")}.` });
  }
  if (by === "") {
    issues.push({
      path: "--by",
      rule: "required with confirm",
      hint: "Write --by NAME: who vouches for it.",
    });
  }
  if (issues.length > 0 || item === undefined) throw usageError(command, issues);
  return { item, by };
}
