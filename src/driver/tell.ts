import { messageOf } from "../lib/error-message.ts";
import { isInPlace } from "../plan/steps.ts";
import type { Message, Notify } from "../ports/notify.ts";
import { journal, type Session } from "./session.ts";

/** How long a channel may take, ms of wall time. */
const channelMs = 10_000;

/**
 * Sends one message to every channel, at once. A channel that fails or is slow is journaled and passed over:
 * people are told always, and no message ever stands in the way of a revert.
 */
export async function tell(session: Session, message: Omit<Message, "rolloutId">): Promise<void> {
  await Promise.all(session.deps.notify.map((channel) => send(session, channel, message)));
}

async function send(session: Session, channel: Notify, message: Omit<Message, "rolloutId">): Promise<void> {
  const { title, kind } = message;
  const about = { effect: "message", channel: channel.name, kind, title };
  try {
    await channel.send({ ...message, rolloutId: session.rolloutId }, AbortSignal.timeout(channelMs));
    await journal(session, "effect", { ...about, ok: true });
  } catch (error) {
    await journal(session, "effect", { ...about, ok: false, message: messageOf(error) });
  }
}

/** What people are told when a state is entered; nothing for the rest. */
export function messageFor(session: Session): Omit<Message, "rolloutId"> | undefined {
  const { plan, state } = session;
  const what = `${plan.service} ${plan.from} → ${plan.to}`;
  const cause = state.cause?.message ?? "";
  switch (state.name) {
    case "soaking":
      return { kind: "progress", title: `${what}: ${shareText(session)}`, text: soakText(session) };
    case "reverting-lever":
      return {
        kind: "revert",
        title: `ROLLBACK IN PROGRESS: ${what}`,
        text: `At ${state.failedAt}: ${cause}. All traffic goes back to ${plan.from}.`,
      };
    case "reverted":
      return {
        kind: "revert",
        title: `Rollback complete: ${plan.service} serves ${plan.from}`,
        text: `${plan.to} was taken back at ${state.failedAt}: ${cause}`,
      };
    case "revert-failed":
      return {
        kind: "revert-failed",
        title: `ROLLBACK FAILED: ${what}`,
        text: `A person has to look now. ${cause}`,
      };
    case "held":
      return {
        kind: "hold",
        title: `${what} is held at ${state.step}`,
        text: cause || "A person has to decide.",
      };
    case "completed":
      return {
        kind: "promoted",
        title: `${plan.service} serves ${plan.to}`,
        text:
          state.exposures.length > 0
            ? `Promoted after ${state.exposures.join(" → ")} %.`
            : "Everybody has it.",
      };
    default:
      return undefined;
  }
}

function shareText({ plan, state }: Session): string {
  if (isInPlace(plan.steps)) return "in place, serves everybody";
  const { exposure = 100 } = plan.steps.find(({ id }) => id === state.step) ?? {};
  return exposure === 100 && state.step !== "100" ? "serves everybody" : `${exposure} % of traffic`;
}

function soakText({ plan, state }: Session): string {
  const step = plan.steps.find((candidate) => candidate.id === state.step);
  const at = isInPlace(plan.steps) || step?.exposure === undefined ? "" : ` at ${step.exposure} %`;
  return `Read back${at}, watched for ${Math.round((step?.soakSeconds ?? 0) / 60)} min.`;
}
