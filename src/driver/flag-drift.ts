import { flagDifferences } from "../plan/flag-differences.ts";
import { parseFlag, type RawFlag } from "../plan/flag-json.ts";
import { keyValueName } from "../plan/flag-key.ts";
import { flagContentType, withEnabled } from "../plan/flag-value.ts";
import type { Deployed } from "../ports/engine.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { EffectResult } from "./effect.ts";
import type { FlagDeps } from "./flag-deps.ts";
import { hashByUrn } from "./inputs.ts";
import { journal, type Session } from "./session.ts";

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

/** How the flag in the store differs from what the stack wrote, one sentence each. Throws where it can't be read. */
export async function flagDrift(session: Session, { flags }: FlagDeps): Promise<readonly string[]> {
  if (session.flagMeant === undefined) noteMeant(session, await session.deps.engine.deployed());
  const { flagMeant } = session;
  if (flagMeant === undefined) return ["the stack has not made the flag yet"];
  const there = await flags.read();
  if (there === undefined) return [`${flags.name} is gone`];
  const type = there.contentType === flagContentType ? [] : ["its content type is not that of a flag"];
  return [...type, ...flagDifferences(parseFlag(there.value), parseFlag(flagMeant))];
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
  if (session.flagMeant === undefined) noteMeant(session, await session.deps.engine.deployed());
  if (there === undefined || session.flagMeant === undefined) return [];
  return flagDifferences(asMeant(parseFlag(there.value)), asMeant(parseFlag(session.flagMeant)));
}

/**
 * Whether somebody has switched the flag off that the stack has open, while it is the code that moves: a refresh would
 * open it again. A store that doesn't answer leaves that to the engine, which asks it too.
 */
export async function switchedOff({ deps }: Session): Promise<boolean> {
  const { flag, engine, policy } = deps;
  if (flag === undefined || policy.flag === undefined) return false;
  const meant = meantIn(await engine.deployed(), policy.flag);
  if (meant === undefined || parseFlag(meant)["enabled"] !== true) return false;
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
  session.baseline = {
    ...(deployed.record ? { record: deployed.record } : {}),
    hash: deployed.hash,
    byUrn: hashByUrn(deployed.inputs),
    part: "flag",
  };
  session.lastHash = deployed.hash;
  await journal(session, "effect", { effect: "baseline", ok: true, baseline: session.baseline });
  return { ok: true };
}
