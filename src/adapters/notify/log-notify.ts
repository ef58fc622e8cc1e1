import type { Notify } from "../../ports/notify.ts";
import { type ChannelOptions, refOf } from "./channel.ts";

/** Messages as lines of the log: a warning for whatever a person should look at. Never fails. */
export function createLogNotify(options: ChannelOptions<"log">): Notify {
  const { logger } = options.runtime;
  return {
    ...refOf(options),
    send: async ({ rolloutId, title, text, kind }) => {
      const line = `[${rolloutId}] ${title}: ${text}`;
      if (kind === "progress" || kind === "promoted") logger.info(line);
      else logger.warn(line);
      return { status: "sent" };
    },
  };
}
