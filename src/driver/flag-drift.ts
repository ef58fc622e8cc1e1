import { flagDifferences } from "../plan/flag-differences.ts";
import { parseFlag, type RawFlag } from "../plan/flag-json.ts";
import { keyValueName } from "../plan/flag-key.ts";
import { flagContentType, withEnabled } from "../plan/flag-value.ts";
import type { Deployed } from "../ports/engine.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import { takeBaseline } from "./baseline.ts";
import type { EffectResult } from "./effect.ts";
import type { FlagDeps } from "./flag-deps.ts";
import type { Session } from "./session.ts";

const keyValueType = "azure-native:appconfiguration:KeyValue";

/** The flag's value as the stack's last update wrote it; undefined where the stack has no such flag. */
export function meantIn({ inputs }: Deployed, { spec, label }: FlagConfig): string | undefined {
  const name = keyValueName({ id: spec.id, ...(label === undefined ? {} : { label }) });
  const resources: unknown = JSON.parse(inputs);
  const found = Object.entries(Object(resources)).find(
    ([urn, props]) => urn.split("::")[2]?.endsWith(keyValueType) && Object(props).keyValueName === name,
  );
  const value: unknown = Object(found?.[1]).value;
  return typeof value === "string" ? value : undefined;
}

/** Keeps what an update has written, so that no look has to ask the engine. */
export function noteMeant(session: Session, deployed: Deployed): void {
  const { flag } = session.deps.policy;
  const meant = flag === undefined ? undefined : meantIn(deployed, flag);
  if (meant !== undefined) session.flagMeant = meant;
}

/** The flag's value as the stack wrote it last; the engine is asked once. Undefined: the stack has made none. */
async function meantNow(session: Session): Promise<RawFlag | undefined> {
  if (session.flagMeant === undefined) noteMeant(session, await session.deps.engine.deployed());
  return session.flagMeant === undefined ? undefined : parseFlag(session.flagMeant);
}

/** How the flag in the store differs from what the stack wrote, one sentence each. Throws where it can't be read. */
export async function flagDrift(session: Session, { flags }: FlagDeps): Promise<readonly string[]> {
  const meant = await meantNow(session);
  if (meant === undefined) return ["the stack has not made the flag yet"];
  const there = await flags.read();
  if (there === undefined) return [`${flags.name} is gone`];
  const type = there.contentType === flagContentType ? [] : ["its content type is not that of a flag"];
  return [...type, ...flagDifferences(parseFlag(there.value), meant)];
}

/** A flag that isn't as our last update left it is not written over blindly: why not, or nothing. */
export async function foreignFlag(session: Session, flag: FlagDeps): Promise<string | undefined> {
  const found = await flagDrift(session, flag);
  return found.length === 0 ? undefined : `somebody else changed the flag: ${found.join("; ")}`;
}

/**
 * What somebody else has written into the flag, and an update would take out again; whether it is on is ours. Empty:
 * the stack may write it.
 */
export async function unknownToStack(session: Session, flag: FlagDeps): Promise<readonly string[]> {
  const there = await flag.flags.read();
  const meant = await meantNow(session);
  if (there === undefined || meant === undefined) return [];
  return flagDifferences(asMeant(parseFlag(there.value)), asMeant(meant));
}

/**
 * Whether somebody has switched the flag off that the stack has open, while it is the code that moves: a refresh would
 * open it again. A store that doesn't answer leaves that to the engine, which asks it too.
 */
export async function switchedOff(session: Session): Promise<boolean> {
  const { flag } = session.deps;
  if (flag === undefined) return false;
  const meant = await meantNow(session);
  if (meant?.["enabled"] !== true) return false;
  const there = await flag.flags.read().catch(() => undefined);
  return there !== undefined && parseFlag(there.value)["enabled"] !== true;
}

function asMeant(flag: RawFlag): RawFlag {
  return withEnabled(flag, false);
}

/** The code serves everybody: from here on the way back leads to it, with the flag as it is now. */
export async function observeFlagBaseline(session: Session, flag: FlagDeps): Promise<EffectResult> {
  const deployed = await session.deps.engine.deployed();
  noteMeant(session, deployed);
  const changed = await foreignFlag(session, flag);
  if (changed !== undefined) return { ok: false, kind: "foreign-change", message: changed };
  return await takeBaseline(session, deployed, { part: "flag" });
}
