import { RolloutError } from "../../errors/errors.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { SlotsApi } from "./slots-api.ts";

/** App setting that names the build. It must not be sticky: it travels with the content in a swap. */
export const buildSetting = "ROLLOUTS_BUILD_ID";

/** Milliseconds that the app gets to say its build. */
const answerMs = 5000;

/** Asks the app itself which build answers on a host; null where it gives no usable answer. Never throws. */
export type BuildProbe = (hostName: string, signal?: AbortSignal) => Promise<string | null>;

/** What both sides hold: by their settings, and what production answers over HTTPS where that is asked. */
export interface Builds {
  /** Undefined: no build was ever put there. */
  readonly production: string | undefined;
  readonly idle: string | undefined;
  /** Present with a probe; null: no usable answer. */
  readonly answered?: string | null;
}

/**
 * A probe of `https://<host><path>`. The answer is the build id as plain text, or JSON with a `buildId`. By `wall`
 * time. The path: `/version`.
 */
export function createBuildProbe(runtime: Runtime, path: string): BuildProbe {
  return async (hostName, signal) => {
    const url = `https://${hostName}${path}`;
    const init = { redirect: "error", headers: { "cache-control": "no-cache" } } as const;
    const answer = await fetchWithin(runtime, { url, init, timeoutMs: answerMs, signal });
    if (!answer.ok || answer.status !== 200) return null;
    return idIn(answer.text);
  };
}

function idIn(text: string): string | null {
  try {
    const { buildId } = Object(JSON.parse(text));
    if (typeof buildId === "string") return buildId;
  } catch {
    // Plain text, then.
  }
  const plain = text.trim();
  return plain === "" || plain.length > 200 ? null : plain;
}

/** Reads what both sides hold. Throws what ARM's client throws. */
export async function readBuilds(
  api: SlotsApi,
  probe: BuildProbe | undefined,
  signal?: AbortSignal,
): Promise<Builds> {
  const [production, idle, answered] = await Promise.all([
    api.settings("production", signal),
    api.settings("idle", signal),
    probe === undefined
      ? undefined
      : api.site("production", signal).then(({ hostName }) => probe(hostName, signal)),
  ]);
  return {
    production: named(production),
    idle: named(idle),
    ...(answered === undefined ? {} : { answered }),
  };
}

/** An empty id is what staging writes before it begins: no build. */
function named(settings: Readonly<Record<string, string>>): string | undefined {
  const id = settings[buildSetting];
  return id === "" ? undefined : id;
}

/** Whether production serves a build, by its settings and, where asked, by its own answer. */
export function serves({ production, answered }: Builds, buildId: string): boolean {
  return production === buildId && (answered === undefined || answered === buildId);
}

/** For messages: `production serves 1.2.3, the slot staging holds 1.2.4`. */
export function describeBuilds({ production, idle, answered }: Builds, slot: string): string {
  const answer =
    answered === undefined || answered === production
      ? ""
      : ` (its app ${answered === null ? "gives no answer" : `answers ${answered}`})`;
  return `production serves ${production ?? "no build"}${answer}, the slot ${slot} holds ${idle ?? "no build"}`;
}

/**
 * A sticky build id would stay where it is while the content moves: every later look would be wrong.
 *
 * @throws RolloutError `slot-sticky-build`
 */
export async function assertTravels(api: SlotsApi, signal?: AbortSignal): Promise<void> {
  const sticky = await api.stickyNames(signal);
  if (!sticky.includes(buildSetting)) return;
  throw new RolloutError(`The app setting ${buildSetting} of ${api.address.app} is sticky.`, {
    code: "slot-sticky-build",
    exit: "config",
    hint: "Take it off the app's slotConfigNames: the build id has to travel with the content.",
  });
}
