import { RolloutError } from "../../errors/errors.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Notify } from "../../ports/notify.ts";
import type { NotifyConfig } from "../../types/policy.ts";

export interface WebhookNotifyOptions {
  readonly config: Extract<NotifyConfig, { kind: "webhook" }>;
  readonly runtime: Runtime;
}

const timeoutMs = 10_000;

/**
 * POSTs `{schemaVersion: 1, kind, title, text, rolloutId}` as JSON. Any answer but 2xx within 10 s throws
 * `notify-failed`. Redirects count as failures, or the message would follow them to another host. The URL
 * is a secret (most chat webhooks carry their key in it) and stands in no message.
 */
export function createWebhookNotify({ config, runtime }: WebhookNotifyOptions): Notify {
  return {
    name: "webhook",
    send: async (message, signal) => {
      if (!URL.canParse(config.url)) throw failed("its URL is not valid");
      const { kind, title, text, rolloutId } = message;
      const init: RequestInit = {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/json", "user-agent": "pulumi-rollouts" },
        body: JSON.stringify({ schemaVersion: 1, kind, title, text, rolloutId }),
      };
      const answer = await fetchWithin(runtime, { url: config.url, init, timeoutMs, signal });
      if (!answer.ok) throw failed(answer.message);
      if (answer.status < 200 || answer.status > 299) throw failed(`it answered HTTP ${answer.status}`);
    },
  };
}

function failed(why: string): RolloutError {
  return new RolloutError(`The notification webhook did not take the message: ${why}.`, {
    code: "notify-failed",
    exit: "error",
    path: "rollout.notify",
    hint: "Check the webhook's URL in the stack config, and that this machine reaches it. The rollout goes on without.",
  });
}
