import { withBeginnings } from "../../lib/beginning-of.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Integrity } from "../../ports/gauge.ts";
import type { IntegrityConfig } from "../../types/watch.ts";

export interface HttpIntegrityOptions {
  readonly config: Extract<IntegrityConfig, { kind: "http" }>;
  readonly runtime: Runtime;
  /** Time limit of the exchange, ms; default 30 s. */
  readonly timeoutMs?: number;
}

/** What a service answers that has found its data broken: 409 Conflict, 422 Unprocessable Content. */
const broken: ReadonlySet<number> = new Set([409, 422]);

/**
 * A service that verifies the candidate's data: GET with the span as `since` and `now` (ISO dates). 200: whole. 409 or
 * 422: broken, and the body's first line says what. Anything else could not check, and proves nothing. Redirects are not
 * followed. Never throws.
 */
export function createHttpIntegrity({
  config,
  runtime,
  timeoutMs = 30_000,
}: HttpIntegrityOptions): Integrity {
  const shortened = withBeginnings(runtime);
  return {
    name: "http",
    check: async ({ sinceMs, nowMs, signal }) => {
      const url = new URL(config.url);
      url.searchParams.set("since", new Date(sinceMs).toISOString());
      url.searchParams.set("now", new Date(nowMs).toISOString());
      const answer = await fetchWithin(shortened, { url, init: { redirect: "manual" }, timeoutMs, signal });
      const host = `${url.host}${url.pathname}`;
      if (!answer.ok) return { status: "error", message: `${host} could not check: ${answer.message}` };
      const said = (answer.text.trim().split("\n")[0] ?? "").slice(0, 300);
      if (answer.status === 200) return { status: "whole", message: said || `${host} finds nothing broken` };
      if (broken.has(answer.status))
        return { status: "broken", message: said || `${host} finds the data broken: HTTP ${answer.status}` };
      return { status: "error", message: `${host} could not check: HTTP ${answer.status}` };
    },
  };
}
