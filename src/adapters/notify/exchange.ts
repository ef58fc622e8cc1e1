import { type Fetched, fetchWithin, type NotFetched } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Delivery } from "../../ports/notify.ts";

/** How long one exchange may take, ms. */
const timeoutMs = 10_000;

/** One call of a service. */
export interface Call {
  readonly runtime: Runtime;
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal | undefined;
}

/**
 * One JSON exchange within 10 s. Redirects are answers of their own, or a message would follow them to another host.
 * The URL is a secret (most chat webhooks carry their key in it) and stands in no message.
 */
export async function exchange(call: Call): Promise<Fetched | NotFetched> {
  const { runtime, url, method = "POST", headers = {}, body, signal } = call;
  if (!URL.canParse(url)) return { ok: false, reason: "network", message: "its URL is not valid" };
  const init: RequestInit = {
    method,
    redirect: "manual",
    headers: { "content-type": "application/json", "user-agent": "pulumi-rollouts", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return await fetchWithin(runtime, { url, init, timeoutMs, signal });
}

/** How a service's answers differ from what HTTP means by them. */
export interface AnswerRules {
  /** Statuses that are no success of HTTP's, and are to be tried again. */
  readonly later?: readonly number[];
  /** Patience after a 429 that says nothing, ms. */
  readonly patienceMs?: number;
  /** What the service says of it, for people: never a text that could quote a secret. */
  readonly said?: (text: string) => string;
}

/**
 * What an answer means: 2xx is sent; 408, 429 and 5xx, and no answer at all, are tried again, after `Retry-After` where
 * it is given; everything else would be refused again.
 */
export function deliveryOf(
  answer: Fetched | NotFetched,
  runtime: Runtime,
  { later = [], patienceMs, said }: AnswerRules = {},
): Delivery {
  if (!answer.ok) return { status: "later", reason: answer.message };
  const { status, headers, text } = answer;
  if (status >= 200 && status <= 299) return { status: "sent" };
  const detail = said?.(text) ?? "";
  const reason = `it answered HTTP ${status}${detail === "" ? "" : `: ${detail}`}`;
  if (status !== 408 && status !== 429 && status < 500 && !later.includes(status))
    return { status: "refused", reason };
  const asked = retryAfterMs(headers.get("retry-after"), runtime.wall.now());
  const afterMs = asked ?? (status === 429 ? patienceMs : undefined);
  return { status: "later", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Seconds, or a date. Undefined for what is neither. */
function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
