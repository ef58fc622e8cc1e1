import { messageOf } from "../../lib/error-message.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import { otlpMetrics } from "../../lib/metrics/otlp.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { MetricsNow } from "../../types/own-metrics.ts";
import type { OtlpTarget } from "./otlp-env.ts";

export interface OtlpPushOptions {
  readonly target: OtlpTarget;
  readonly runtime: Runtime;
  /** Asked each time. */
  readonly read: () => Promise<MetricsNow>;
}

export interface OtlpPush {
  /** Sends once more, and ends; 5 s at most. */
  close(): Promise<void>;
}

/** Wall time between two exports, ms. */
const everyMs = 10_000;
/** How long the last export may take, ms. */
const lastMs = 5000;

/**
 * Sends metrics by OTLP/HTTP, as JSON: every 10 s of wall time and once at the end. Never throws and nothing waits for it;
 * the first failure is logged, without the endpoint, which may hold a key. What one export misses, the next one brings.
 */
export function pushMetrics({ target, runtime, read }: OtlpPushOptions): OtlpPush {
  const { wall, logger } = runtime;
  const stop = new AbortController();
  let told = false;
  const tell = (why: string) => {
    if (!told) logger.warn(`metrics could not be sent by OTLP, and the rollout goes on without: ${why}`);
    told = true;
  };
  const send = async (timeoutMs: number) => {
    const { families, sinceMs } = await read();
    const options = { resource: target.resource, startMs: sinceMs, nowMs: wall.now() };
    const init: RequestInit = {
      method: "POST",
      redirect: "manual",
      headers: { "user-agent": "pulumi-rollouts", ...target.headers, "content-type": "application/json" },
      body: JSON.stringify(otlpMetrics(families, options)),
    };
    const answer = await fetchWithin(runtime, { url: target.url, init, timeoutMs });
    if (!answer.ok) tell(answer.message);
    else if (answer.status < 200 || answer.status > 299) tell(`it answered HTTP ${answer.status}`);
    else if (rejected(answer.text) > 0) tell(`${rejected(answer.text)} data points were rejected`);
  };
  const safely = (timeoutMs: number) => send(timeoutMs).catch((error: unknown) => tell(messageOf(error)));
  const running = (async () => {
    while (!stop.signal.aborted) {
      await Promise.race([safely(target.timeoutMs), stopped(stop.signal)]);
      await wall.sleep(everyMs, stop.signal);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await running;
      await safely(Math.min(lastMs, target.timeoutMs));
    },
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** `partialSuccess` of an answer; a server that says nothing has taken everything. */
function rejected(text: string): number {
  try {
    const count = Number(Object(Object(JSON.parse(text)).partialSuccess).rejectedDataPoints ?? 0);
    return Number.isNaN(count) ? 0 : count;
  } catch {
    return 0;
  }
}
