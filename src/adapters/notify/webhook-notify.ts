import type { Notify } from "../../ports/notify.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf, exchange } from "./exchange.ts";

/** POSTs the whole message as JSON, `schemaVersion: 1`; its `id` tells a repetition from news. */
export function createWebhookNotify(options: ChannelOptions<"webhook">): Notify {
  const { config, runtime } = options;
  return {
    ...refOf(options),
    send: async (message, signal) =>
      deliveryOf(await exchange({ runtime, url: config.url, body: message, signal }), runtime),
  };
}
