import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Health } from "../../ports/metrics.ts";
import type { HealthStatus } from "../../types/observation.ts";
import type { HealthConfig } from "../../types/policy.ts";

export interface HttpHealthOptions {
  readonly config: Extract<HealthConfig, { kind: "http" }>;
  readonly runtime: Runtime;
  /** Pause between two tries of one probe, ms of the wall clock. Default 1 s: three tries within a hiccup are one. */
  readonly pauseMs?: number;
}

interface Probe {
  readonly tries: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Health by GET: only 200 is healthy, a redirect is not. Each URL of each side gets its own tries, all
 * URLs at one time; one 200 ends a URL's tries. An answer other than 200 weighs more than silence: it is
 * `unhealthy`, where no try was answered at all it is `no-answer`. Never throws.
 */
export function createHttpHealth({ config, runtime, pauseMs = 1_000 }: HttpHealthOptions): Health {
  const side = async (urls: readonly string[], probe: Probe): Promise<HealthStatus> => {
    if (urls.length === 0)
      return { status: "no-answer", message: "no health URL is configured for this side" };
    const all = await Promise.all(urls.map((url) => ask(runtime, url, { ...probe, pauseMs })));
    const worst =
      all.find((one) => one.status === "unhealthy") ?? all.find((one) => one.status === "no-answer");
    return worst ?? { status: "ok" };
  };
  return {
    name: "http",
    probe: async (options) => {
      const [candidate, stable] = await Promise.all([
        side(config.candidate, options),
        side(config.stable, options),
      ]);
      return { candidate, stable };
    },
  };
}

async function ask(
  runtime: Runtime,
  text: string,
  probe: Probe & { readonly pauseMs: number },
): Promise<HealthStatus> {
  if (!URL.canParse(text)) return { status: "no-answer", message: "a health URL is not a valid URL" };
  const url = new URL(text);
  const path = url.pathname;
  const tries = Math.max(1, probe.tries);
  let result: HealthStatus = { status: "no-answer", message: `GET ${path}: not tried` };
  for (let attempt = 1; attempt <= tries; attempt++) {
    if (attempt > 1) await runtime.wall.sleep(probe.pauseMs, probe.signal);
    const { timeoutMs, signal } = probe;
    const answer = await fetchWithin(runtime, { url, init: { redirect: "manual" }, timeoutMs, signal });
    if (answer.ok && answer.status === 200) return { status: "ok" };
    if (answer.ok) result = { status: "unhealthy", httpStatus: answer.status, path };
    else if (result.status === "no-answer") {
      result = {
        status: "no-answer",
        message: `GET ${path}: ${answer.message} (try ${attempt} of ${tries})`,
      };
    }
    if (signal?.aborted) break;
  }
  return result;
}
