import type { JournalEntry } from "../types/journal.ts";
import type { RolloutMessage } from "../types/message.ts";
import { messageWith } from "./message-base.ts";
import type { Told } from "./message-told.ts";
import { whatMoves } from "./message-words.ts";

/** Traffic is off, and the candidate stays as evidence until a person lets it go. */
export function keptMessage(
  told: Told,
  entry: Pick<JournalEntry, "seq" | "at">,
  message: string,
): RolloutMessage {
  const { plan, state, announcement, incident } = told;
  const { stack } = announcement;
  return messageWith(told, entry, {
    phase: "hold",
    kind: "hold",
    severity: "error",
    title: `${whatMoves(plan)} is kept as evidence`,
    text: `${message}. It turned back at ${state.failedAt}: ${state.cause?.message ?? ""}`,
    status: "Traffic is off; the candidate is kept until a person lets it go",
    step: state.failedAt ?? state.step,
    exposure: 0,
    reason: state.cause?.message ?? message,
    ...(incident === undefined ? {} : { incident }),
    nextSteps: [
      `Save it: \`rollouts evidence export --stack ${stack}\``,
      `Let it go, once nobody needs it: \`rollouts evidence release --stack ${stack} --by NAME\``,
    ],
  });
}
