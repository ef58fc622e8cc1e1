import { fetchWithin } from "../lib/fetch-within.ts";
import { jsonOf } from "../lib/json-of.ts";
import type { Runtime } from "../lib/runtime.ts";

/** Where the application shows its flag. */
export interface Probe {
  readonly url: string;
  /** What the answer holds once the flag is off. Absent: see `showsOff`. */
  readonly expect?: string;
}

/** What the application showed; `ms`: from the request to the first of the answers that showed it, wall time. */
export type ProbeSeen =
  | { readonly seen: true; readonly ms: number; readonly asked: number }
  /** `lastly`: what came last, without its text. */
  | { readonly seen: false; readonly ms: number; readonly asked: number; readonly lastly: string };

/** Pause between two questions, and how long one may take, ms. */
const pollMs = 250;
const timeoutMs = 5_000;
/** Answers in a row: behind a load balancer the next one may come from another instance. */
const inRow = 3;

/** Asks until three answers in a row show the flag off, or until a time. Never throws; a text is never told. */
export async function probeOff(
  probe: Probe,
  at: { readonly flagId: string; readonly fromMs: number; readonly untilMs: number },
  runtime: Runtime,
): Promise<ProbeSeen> {
  const { wall, signal } = runtime;
  let since: number | undefined;
  let row = 0;
  let lastly = "it was not asked";
  for (let asked = 1; ; asked++) {
    const answer = await fetchWithin(runtime, { url: probe.url, timeoutMs, signal });
    const off = answer.ok && answer.status < 300 && showsOff(answer.text, probe, at.flagId);
    const nowMs = wall.now();
    row = off ? row + 1 : 0;
    if (!off) since = undefined;
    since ??= off ? nowMs : undefined;
    if (row >= inRow && since !== undefined) return { seen: true, ms: since - at.fromMs, asked };
    if (answer.ok) lastly = `HTTP ${answer.status}, ${off ? "off" : "not off"}`;
    else if (answer.reason !== "aborted") lastly = answer.message;
    if (nowMs >= at.untilMs || signal.aborted) return { seen: false, ms: nowMs - at.fromMs, asked, lastly };
    await wall.sleep(pollMs, signal);
  }
}

/**
 * Whether an answer shows a flag off: it holds the text that is expected; without one, the whole of it is `false` or
 * `off`, or it is a JSON object whose member named as the flag (else `enabled`) is `false` or `"off"`.
 */
export function showsOff(text: string, { expect }: Pick<Probe, "expect">, flagId: string): boolean {
  if (expect !== undefined) return text.includes(expect);
  if (isOff(text.trim())) return true;
  const members = Object(jsonOf(text));
  return isOff(Object.hasOwn(members, flagId) ? members[flagId] : members["enabled"]);
}

function isOff(value: unknown): boolean {
  return value === false || (typeof value === "string" && /^(false|off)$/i.test(value));
}
