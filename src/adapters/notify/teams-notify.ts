import { cardMessage } from "../../lib/message/card.ts";
import type { Notify } from "../../ports/notify.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf, exchange } from "./exchange.ts";

/**
 * A Teams workflow ("when a webhook request is received"): one adaptive card. 202 means that the workflow has been
 * started; what it then does isn't told. Connectors of Office 365 (`webhook.office.com`) are retired and take no cards
 * of this form.
 */
export function createTeamsNotify(options: ChannelOptions<"teams">): Notify {
  const { config, runtime } = options;
  return {
    ...refOf(options),
    send: async (message, signal) => {
      const body = cardMessage(message);
      return deliveryOf(await exchange({ runtime, url: config.workflow, body, signal }), runtime);
    },
  };
}
