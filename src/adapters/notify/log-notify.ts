import type { Runtime } from "../../lib/runtime.ts";
import type { Notify } from "../../ports/notify.ts";

/** Messages as lines of the log: a warning for whatever a person should look at. Never fails. */
export function createLogNotify({ runtime }: { readonly runtime: Runtime }): Notify {
  return {
    name: "log",
    send: async (message) => {
      const line = `[${message.rolloutId}] ${message.title}: ${message.text}`;
      const calm = message.kind === "progress" || message.kind === "promoted";
      if (calm) runtime.logger.info(line);
      else runtime.logger.warn(line);
    },
  };
}
