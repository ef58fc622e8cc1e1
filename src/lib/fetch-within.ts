import type { Runtime } from "./runtime.ts";

export interface FetchWithin {
  readonly url: string | URL;
  readonly init?: RequestInit;
  /** Over the whole exchange, body included; ms of the wall clock. */
  readonly timeoutMs: number;
  /** Stops the exchange early. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer that came in time, with its whole body. */
export interface Fetched {
  readonly ok: true;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** No answer. The message never holds the URL, which may carry a secret. */
export interface NotFetched {
  readonly ok: false;
  readonly reason: "timeout" | "aborted" | "network";
  readonly message: string;
}

/** One HTTP exchange with a time limit. Never throws. */
export async function fetchWithin(runtime: Runtime, request: FetchWithin): Promise<Fetched | NotFetched> {
  const { url, init, timeoutMs, signal } = request;
  if (signal?.aborted) return aborted;
  const ended = new AbortController();
  const late = new AbortController();
  void runtime.wall.sleep(timeoutMs, ended.signal).then(() => {
    if (!ended.signal.aborted) late.abort();
  });
  try {
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    const response = await runtime.fetch(url, { ...init, signal: either });
    const text = await response.text();
    return { ok: true, status: response.status, headers: response.headers, text };
  } catch (error) {
    if (signal?.aborted) return aborted;
    if (late.signal.aborted) {
      return { ok: false, reason: "timeout", message: `no answer within ${timeoutMs / 1000} s` };
    }
    return { ok: false, reason: "network", message: codeOf(error) ?? "the connection failed" };
  } finally {
    ended.abort();
  }
}

const aborted: NotFetched = { ok: false, reason: "aborted", message: "the request was cancelled" };

/** `ECONNREFUSED` and the like, from wherever in the chain of causes it stands. */
function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return undefined;
}
