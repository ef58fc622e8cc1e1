import * as z from "zod";
import { fetchWithin } from "../../lib/fetch-within.ts";
import { jsonOf } from "../../lib/json-of.ts";
import { redact } from "../../lib/redact.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Evidence } from "../../ports/evidence.ts";
import type { SyntheticConfig } from "../../types/checklist-config.ts";
import type { EvidenceAnswer } from "../../types/evidence.ts";

export interface PingdomOptions {
  readonly config: Extract<SyntheticConfig, { kind: "pingdom" }>;
  readonly runtime: Runtime;
  /** Time limit of one exchange, ms; default 10 s. */
  readonly timeoutMs?: number;
}

const detailed = z.object({
  check: z.object({
    name: z.string(),
    status: z.string(),
    /** Seconds since the epoch. */
    lasttesttime: z.number().optional(),
    /** Minutes between two tests. */
    resolution: z.number().optional(),
  }),
});

/** A test is late after two of its intervals, and never before so many ms. */
const staleMs = 900_000;

type CheckSeen =
  | { readonly known: true; readonly up: boolean; readonly text: string; readonly atMs?: number }
  | { readonly known: false; readonly text: string };

/**
 * Checks of Pingdom (API 3.1, `GET /checks/{id}`): met where each is `up`, by a test that isn't late. `down`,
 * `unconfirmed_down`, `unknown` and `paused` are not. One that can't be read is an error. Never throws.
 */
export function createPingdomEvidence({ config, runtime, timeoutMs = 10_000 }: PingdomOptions): Evidence {
  const base = config.endpoint.replace(/\/+$/, "").replace(/\/api\/3\.1$/, "");
  const look = async (id: number, nowMs: number, signal: AbortSignal | undefined): Promise<CheckSeen> => {
    const init = { redirect: "manual", headers: headersOf(config.token) } as const;
    const url = `${base}/api/3.1/checks/${id}`;
    const answer = await fetchWithin(runtime, { url, init, timeoutMs, signal });
    if (!answer.ok) return { known: false, text: `check ${id} can't be read: ${answer.message}` };
    if (answer.status !== 200)
      return { known: false, text: `check ${id} can't be read: ${meaning(answer.status)}` };
    return checkSeen(redact(answer.text, [config.token]), id, nowMs);
  };
  return {
    name: "pingdom",
    read: async ({ nowMs, signal }) =>
      answerOf(await Promise.all(config.checks.map((id) => look(id, nowMs, signal)))),
  };
}

function headersOf(token: string): Record<string, string> {
  return { accept: "application/json", authorization: `Bearer ${token}`, "user-agent": "pulumi-rollouts" };
}

function checkSeen(text: string, id: number, nowMs: number): CheckSeen {
  const parsed = detailed.safeParse(jsonOf(text));
  if (!parsed.success) return { known: false, text: `check ${id} can't be read: the answer is no check` };
  const { name, status, lasttesttime, resolution = 1 } = parsed.data.check;
  if (status !== "up") return { known: true, up: false, text: `${name} is ${status}` };
  if (lasttesttime === undefined) return { known: true, up: false, text: `${name} was not tested yet` };
  const atMs = lasttesttime * 1000;
  if (nowMs - atMs > Math.max(staleMs, 2 * resolution * 60_000)) {
    const minutes = Math.round((nowMs - atMs) / 60_000);
    return { known: true, up: false, text: `${name} is up, but was tested ${minutes} min ago last` };
  }
  return { known: true, up: true, text: `${name} is up` };
}

function answerOf(checks: readonly CheckSeen[]): EvidenceAnswer {
  if (checks.length === 0) return { status: "empty", message: "no check is named" };
  const text = (some: readonly CheckSeen[]) => some.map((one) => one.text).join(", ");
  const unknown = checks.filter(({ known }) => !known);
  // One that is down is that, whatever else can't be read.
  const down = checks.filter((one) => one.known && !one.up);
  if (down.length > 0) return { status: "value", met: false, message: text([...down, ...unknown]) };
  if (unknown.length > 0) return { status: "error", message: text(unknown) };
  return { status: "value", met: true, message: text(checks) };
}

function meaning(status: number): string {
  if (status === 401) return "the token was refused (HTTP 401)";
  if (status === 403) return "the token may not read it (HTTP 403)";
  if (status === 404) return "there is no such check (HTTP 404)";
  return `HTTP ${status}`;
}
