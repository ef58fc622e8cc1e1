import { withBeginnings } from "../../lib/beginning-of.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Evidence } from "../../ports/evidence.ts";

export interface ReachableOptions {
  /** What people call it: `Grafana`. */
  readonly name: string;
  readonly url: string;
  readonly runtime: Runtime;
  /** Time limit of the exchange, ms; default 5 s. */
  readonly timeoutMs?: number;
}

/**
 * A page that people will look at: one GET without credentials, redirects not followed. What answers, or asks for a
 * login (2xx, 3xx, 401, 403), is there; everything else isn't. Never throws; its URL stands in no message.
 */
export function createReachable({ name, url, runtime, timeoutMs = 5_000 }: ReachableOptions): Evidence {
  const shortened = withBeginnings(runtime);
  return {
    name,
    read: async ({ signal }) => {
      const answer = await fetchWithin(shortened, { url, init: { redirect: "manual" }, timeoutMs, signal });
      if (!answer.ok) return { status: "error", message: answer.message };
      const { status } = answer;
      const there = (status >= 200 && status < 400) || status === 401 || status === 403;
      return { status: "value", met: there, message: `HTTP ${status}` };
    },
  };
}
