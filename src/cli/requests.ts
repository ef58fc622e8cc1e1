import type { Recorded } from "../driver/resume.ts";
import { type Concern, concerns } from "../types/concern.ts";
import type { RolloutRequest } from "../types/decision.ts";
import { type CommandContext, type OptionSpec, textOption } from "./command.ts";
import { userName } from "./drive.ts";
import type { OpenStack } from "./record-view.ts";

type Kind = RolloutRequest["kind"];

/** What an issue is beside a bad version. */
export const concernOption: OptionSpec = {
  flags: "--concern <concern>",
  summary: "calls its people, and keeps the candidate as evidence, without a user (docs/evidence.md)",
  choices: concerns,
};

/** Options of every request. */
export const requestOptions = [
  { flags: "--by <name>", summary: "who asks (default: the account)" },
  { flags: "--reason <text>", summary: "why: the journal keeps it" },
] as const;

/** Who asks and why, as the journal keeps it. */
export function asked(context: CommandContext): { readonly by: string; readonly reason: string } {
  return {
    by: textOption(context, "by") ?? userName(context.env),
    reason: textOption(context, "reason") ?? "no reason given",
  };
}

/** Hands a request to the driver of a rollout. On disk when it resolves. */
export async function submit(
  context: CommandContext,
  { stack, rollout }: { readonly stack: OpenStack; readonly rollout: Recorded },
  request:
    | { readonly kind: Exclude<Kind, "approve" | "confirm" | "abort"> }
    | { readonly kind: "abort"; readonly concern?: Concern }
    | { readonly kind: "approve"; readonly step: string },
): Promise<RolloutRequest> {
  const at = new Date(context.runtime.wall.now()).toISOString();
  const full: RolloutRequest = { ...request, ...asked(context), at };
  await stack.record.requests.submit({ ...full, rolloutId: rollout.rolloutId });
  return full;
}

/** Who pauses the rollout now, if anybody. */
export async function pausedBy({ record }: OpenStack, rollout: Recorded): Promise<string | undefined> {
  const requests = await record.requests.read(rollout.rolloutId);
  const last = requests.findLast(({ kind }) => kind === "pause" || kind === "resume");
  return last?.kind === "pause" ? last.by : undefined;
}

/** What comes next, where no driver is alive to hear the request. */
export function nobodyDrives(stack: string): string {
  return `No driver is alive: \`rollouts run --stack ${stack}\` goes on from there.`;
}
