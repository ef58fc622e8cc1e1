import { RolloutError } from "../../errors/errors.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** How long one exchange may take, ms: a message waits for it. */
const timeoutMs = 5000;

export interface IncidentCall {
  readonly runtime: Runtime;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: it is read. */
  readonly body?: object;
  readonly signal: AbortSignal | undefined;
}

/** One JSON exchange. Redirects are not followed. Throws `incident-failed`; its message holds no URL and no text of the server's. */
export async function callJson({ runtime, url, headers, body, signal }: IncidentCall): Promise<unknown> {
  if (!URL.canParse(url)) throw incidentFailed("its URL is not valid");
  const init: RequestInit = {
    method: body === undefined ? "GET" : "POST",
    redirect: "manual",
    headers: { "content-type": "application/json", "user-agent": "pulumi-rollouts", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await fetchWithin(runtime, { url, init, timeoutMs, signal });
  if (!answer.ok) throw incidentFailed(answer.message);
  if (answer.status < 200 || answer.status > 299) throw incidentFailed(`it answered HTTP ${answer.status}`);
  try {
    return JSON.parse(answer.text);
  } catch {
    throw incidentFailed("its answer is no JSON");
  }
}

export function incidentFailed(why: string): RolloutError {
  return new RolloutError(`No incident could be opened: ${why}.`, {
    code: "incident-failed",
    exit: "error",
    path: "rollout.incident",
    hint: "Open one by hand; the rollout goes on without.",
  });
}
