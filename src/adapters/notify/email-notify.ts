import { messageText } from "../../lib/message/text.ts";
import type { Delivery, Notify } from "../../ports/notify.ts";
import type { RolloutMessage } from "../../types/message.ts";
import { type ChannelOptions, refOf } from "./channel.ts";

/** For each stage of the talk with the server, ms. */
const timeoutMs = 10_000;

/**
 * Mail by SMTP, as plain text. One that is repeated has the same Message-ID, and all of a rollout are one thread. 4xx
 * and no answer are tried again; 5xx (no such user, a password that is wrong) are not.
 */
export function createEmailNotify(options: ChannelOptions<"email">): Notify {
  const { config } = options;
  return {
    ...refOf(options),
    send: async (message, signal) => {
      const { createTransport } = await import("nodemailer");
      const times = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
      const safe = { disableFileAccess: true, disableUrlAccess: true };
      const mail = mailOf(message, config);
      const refused = refuse(config.smtp);
      if (refused !== undefined) return refused;
      if (signal?.aborted) return { status: "later", reason: "stopped" };
      const transport = createTransport({ url: config.smtp, ...times, ...safe });
      const stop = () => transport.close();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        await transport.sendMail(mail);
        return { status: "sent" };
      } catch (error) {
        return deliveryOf(error);
      } finally {
        signal?.removeEventListener("abort", stop);
        transport.close();
      }
    },
  };
}

function mailOf(message: RolloutMessage, { from, to }: ChannelOptions<"email">["config"]) {
  const { id, rolloutId, title, rehearsed } = message;
  const thread = `<${idOf(rolloutId)}@pulumi-rollouts.invalid>`;
  return {
    from,
    to: [...to],
    subject: rehearsed ? `[rehearsal] ${title}` : title,
    text: messageText(message),
    messageId: `<${idOf(id)}@pulumi-rollouts.invalid>`,
    inReplyTo: thread,
    references: thread,
  };
}

/** What a Message-ID may hold. */
function idOf(text: string): string {
  return text.replace(/[^\w.-]/g, ".");
}

function refuse(smtp: string): Delivery | undefined {
  const url = URL.canParse(smtp) ? new URL(smtp) : undefined;
  if (url !== undefined && /^smtps?:$/.test(url.protocol)) return undefined;
  return { status: "refused", reason: "its URL is not valid" };
}

/** The server's own text may quote who logs in: codes alone are told. */
function deliveryOf(error: unknown): Delivery {
  const { code, responseCode } = Object(error) as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  const answered = typeof responseCode === "number" ? ` (SMTP ${responseCode})` : "";
  const reason = `${typeof code === "string" ? code : "the mail was not taken"}${answered}`;
  const final = typeof responseCode === "number" && responseCode >= 500;
  return { status: final ? "refused" : "later", reason };
}
