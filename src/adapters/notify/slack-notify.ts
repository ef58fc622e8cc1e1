import { slackMessage } from "../../lib/message/slack.ts";
import type { Notify } from "../../ports/notify.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf, exchange } from "./exchange.ts";

/**
 * A Slack incoming webhook: blocks to the channel that its URL is of. Its errors are words in plain text: `no_service`,
 * `channel_is_archived` and `invalid_payload` stay errors however often they are tried, `rollup_error` (500) doesn't. It
 * takes about a message a second (429 with Retry-After), and can't tell a repetition.
 */
export function createSlackNotify(options: ChannelOptions<"slack">): Notify {
  const { config, runtime } = options;
  return {
    ...refOf(options),
    send: async (message, signal) => {
      const body = slackMessage(message);
      const answer = await exchange({ runtime, url: config.webhook, body, signal });
      return deliveryOf(answer, runtime, { said });
    },
  };
}

/** Slack's own words alone: a proxy's page may quote the URL. */
function said(text: string): string {
  return /^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : "";
}
