import { concernWords } from "../lib/concern.ts";
import { messageOf } from "../lib/error-message.ts";
import type { Incidents } from "../ports/incident.ts";
import type { MadeMessage } from "./messages.ts";
import type { DriverDeps } from "./session.ts";

/** How long the message of a way back waits for its incident, ms of wall time. */
const patienceMs = 5000;

/**
 * What the journal keeps of an incident that was to be opened: its number, or why there is none. Never throws, and comes
 * in 5 s: a message waits for it, and nothing else.
 */
export async function openIncident(
  { incidents, runtime }: Pick<DriverDeps, "incidents" | "runtime">,
  { message }: MadeMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const effect = "incident";
  if (incidents === undefined)
    return { effect, ok: false, message: "no incident system is configured any more" };
  const over = new AbortController();
  const late = runtime.wall
    .sleep(patienceMs, over.signal)
    .then(() => ({ effect, ok: false, message: `no answer within ${patienceMs / 1000} s` }));
  try {
    return await Promise.race([opened(incidents, message, over.signal), late]);
  } catch (error) {
    return { effect, ok: false, message: messageOf(error) };
  } finally {
    over.abort();
  }
}

async function opened(incidents: Incidents, message: MadeMessage["message"], signal: AbortSignal) {
  const { title, service, environment, alert, rolloutId, concern, reason, impact } = message;
  const about = concern === undefined ? undefined : `Concern: ${concernWords[concern]}`;
  const text = [about, reason, impact?.text].filter((part) => part !== undefined).join("\n");
  const key = alert?.key ?? rolloutId;
  const { id, url } = await incidents.open({ key, title, text, service, environment }, signal);
  return { effect: "incident", ok: true, id, ...(url === undefined ? {} : { url }) };
}
