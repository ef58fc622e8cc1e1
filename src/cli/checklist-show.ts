import { openItems } from "../analysis/checklist-items.ts";
import type { PreFacts } from "../driver/checklist-ask.ts";
import type { DriverDeps } from "../driver/session.ts";
import { exitCodes, RolloutError } from "../errors/errors.ts";
import { messageOf } from "../lib/error-message.ts";
import type { ChangeKind } from "../types/change.ts";
import type { ChecklistPhase } from "../types/checklist.ts";
import { type CommandContext, type CommandResult, textOption } from "./command.ts";
import { noVersion } from "./commands/plan.ts";
import { type OpenStack, openStack } from "./record-view.ts";
import { type ChecklistView, renderChecklist } from "./render/checklist.ts";
import { atChange, atPlan } from "./start.ts";

/** One list of a stack, as it is now. Takes no lease and writes nothing. */
export async function show(context: CommandContext, phase: ChecklistPhase): Promise<CommandResult> {
  const opened = await openStack(context);
  const { policy } = opened.at.config;
  if (policy.checklist === undefined) throw checklistOff(context.stack);
  const list = phase === "pre" ? await pre(context, opened) : await running(context, opened, phase);
  const { items } = list;
  const open = openItems(items);
  const ok = open.length === 0;
  const view: ChecklistView = { stack: context.stack, service: policy.service, phase, ok, ...list };
  const result = { data: view, text: renderChecklist(view, { color: context.color }) };
  if (ok) return result;
  const message = `${open.length} unmet: ${open.map(({ item }) => item).join(", ")}.`;
  return { ...result, exit: exitCodes.blocked, problem: { code: "checklist-unmet", message } };
}

type List = Pick<ChecklistView, "version" | "items" | "rolloutId">;

/** The ten items before a start: of the rollout that is in flight, else of the one that `run` would begin. */
async function pre(context: CommandContext, { at, inFlight }: OpenStack): Promise<List> {
  const kind = textOption(context, "change") as ChangeKind | undefined;
  const version = textOption(context, "version") ?? inFlight?.plan.to ?? at.config.version;
  if (version === undefined) throw noVersion(at.stack, at.config.project);
  const plan = inFlight?.plan.to === version ? inFlight.plan : undefined;
  const under = plan === undefined ? atChange(at, kind) : atPlan(at, plan);
  const deps = await context.world.openDriver(under, context, () => {});
  const change = plan?.change ?? kind ?? (deps.policy.preset === "hotfix" ? "hotfix" : undefined);
  const named = textOption(context, "changeRequest");
  const bare: PreFacts = {
    version,
    strategy: plan?.strategy ?? deps.policy.strategy,
    ...(change === undefined ? {} : { change }),
    ...(named === undefined ? {} : { changeRequest: named }),
  };
  const identity = plan?.identity.candidate ?? (await surveyed(context, deps, bare));
  const { preItemsOf } = await import("../driver/checklist-pre.ts");
  const items = await preItemsOf(deps, { ...bare, ...(identity === undefined ? {} : { identity }) });
  return { version, items };
}

/** Which image it is, the program alone knows; where it can't be asked, what needs it is unmet. */
async function surveyed(
  { talk }: CommandContext,
  deps: DriverDeps,
  { version, change }: PreFacts,
): Promise<string | undefined> {
  const { identityOf } = await import("../driver/checklist-identity.ts");
  try {
    return await identityOf(deps, { version, ...(change === undefined ? {} : { change }) });
  } catch (error) {
    talk.line(`the program does not say which image ${version} is: ${messageOf(error).split("\n")[0]}`);
    return undefined;
  }
}

/** What the driver has seen last, or how the last promotion stands. */
async function running(
  context: CommandContext,
  { at, entries, inFlight }: OpenStack,
  phase: "during" | "post",
): Promise<List> {
  if (phase === "during") {
    const { duringItemsOf } = await import("../driver/checklist-during.ts");
    const list = duringItemsOf(entries);
    if (list === undefined) throw nothingYet(context.stack, "no driver has written a list while it watched");
    const version = inFlight?.plan.to ?? at.config.version ?? "unknown";
    return { version, rolloutId: list.rolloutId, items: list.items };
  }
  const { postItemsOf } = await import("../driver/checklist-post.ts");
  const deps = await context.world.openDriver(at, context, () => {});
  const list = await postItemsOf(deps, entries);
  if (list === undefined) throw nothingYet(context.stack, "no version was promoted with a list");
  return { version: list.version, rolloutId: list.rolloutId, items: list.items };
}

function nothingYet(stack: string, why: string): RolloutError {
  return new RolloutError(`${stack} has no such checklist yet: ${why}.`, {
    code: "no-checklist",
    exit: "nothingToDo",
    hint: `\`rollouts status --stack ${stack}\` shows the last rollout.`,
  });
}

/** The stack has no checklist: nothing holds, and nothing was looked at. */
export function checklistOff(stack: string): RolloutError {
  return new RolloutError(`The stack ${stack} has no checklist.`, {
    code: "checklist-off",
    exit: "nothingToDo",
    path: "rollout.checklist",
    hint: "Write checklist: {} to switch it on; the presets production and hotfix have it.",
  });
}
