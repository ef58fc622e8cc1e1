import { withBeginnings } from "../../lib/beginning-of.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Evidence } from "../../ports/evidence.ts";

export interface HttpEvidenceOptions {
  readonly name: string;
  readonly url: string;
  readonly runtime: Runtime;
  /** Time limit of the exchange, ms; default 30 s. */
  readonly timeoutMs?: number;
}

/** What a service answers that has found it unmet: 409 Conflict, 422 Unprocessable Content. */
const unmet: ReadonlySet<number> = new Set([409, 422]);

/**
 * A service that tells whether an item is met: GET with the version as `version`. 2xx: it is. 409 or 422: it isn't, and
 * the body's first line says why. Anything else could not check. Redirects are not followed. Never throws.
 */
export function createHttpEvidence(options: HttpEvidenceOptions): Evidence {
  const { name, runtime, timeoutMs = 30_000 } = options;
  const shortened = withBeginnings(runtime);
  return {
    name,
    read: async ({ version, signal }) => {
      const url = new URL(options.url);
      url.searchParams.set("version", version);
      const answer = await fetchWithin(shortened, { url, init: { redirect: "manual" }, timeoutMs, signal });
      const host = `${url.host}${url.pathname}`;
      if (!answer.ok) return { status: "error", message: `${host} could not check: ${answer.message}` };
      const { status, text } = answer;
      const said = (text.trim().split("\n")[0] ?? "").slice(0, 300);
      if (status >= 200 && status < 300)
        return { status: "value", met: true, message: `${host}: HTTP ${status}` };
      if (unmet.has(status))
        return { status: "value", met: false, message: said || `${host}: HTTP ${status}` };
      return { status: "error", message: `${host} could not check: HTTP ${status}` };
    },
  };
}
