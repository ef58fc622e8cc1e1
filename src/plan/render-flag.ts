import { stableJson } from "../lib/stable-json.ts";
import { betaExposure } from "../lib/strategies.ts";
import type { FlagPhase } from "../types/flag.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { FlagRelease } from "../types/release.ts";
import { targetingFilter } from "./flag-filters.ts";
import { printFlag, type RawFlag } from "./flag-json.ts";
import { isOff } from "./flag-release.ts";
import { newFlag, withPhase } from "./flag-value.ts";
import { flagSpec } from "./snapshots.ts";

/** The flag as a release has it: the text that stands in the store. Pure; the same release is the same text. */
export function flagText(release: FlagRelease): string {
  return printFlag(renderFlag(release));
}

/** The flag as a release has it. */
export function renderFlag(release: FlagRelease): RawFlag {
  return flagAt(shownSpec(release), shownExposure(release));
}

/** The definition that stands in the store: the candidate's from its first phase on. */
export function shownSpec({ stable, candidate, exposure }: FlagRelease): FlagSpec {
  return flagSpec(candidate !== undefined && exposure > 0 ? candidate : stable);
}

/** How far a release opens its flag: share of the tenants that nobody has named, 0-100 %. */
export function shownExposure({ stable, candidate, exposure }: FlagRelease): number {
  if (candidate !== undefined && exposure > 0) return exposure;
  return isOff(stable) ? 0 : 100;
}

/** A definition, open to a share: 0 is off, `betaExposure` its named tenants alone. */
export function flagAt(spec: FlagSpec, exposure: number): RawFlag {
  const base = { ...baseOf(spec), ...(spec.telemetry ? { telemetry: { enabled: true } } : {}) };
  const percentage = exposure === betaExposure ? 0 : exposure;
  if (spec.by === "variant" && spec.variants !== undefined)
    return byVariant(base, spec, { exposure, percentage });
  if (exposure === 0) return base;
  const phase: FlagPhase = {
    ...(spec.beta.users.length === 0 ? {} : { users: spec.beta.users }),
    ...(spec.beta.groups.length === 0 ? {} : { groups: spec.beta.groups }),
    percentage,
    by: spec.by === "percentage" ? "percentage" : "targeting",
  };
  return withPhase(base, phase);
}

/** Off, with who is never in: an exclusion stands whatever is opened later, by whomever. */
function baseOf({ id, description, exclude }: FlagSpec): RawFlag {
  const parameters = { Audience: { DefaultRolloutPercentage: 0, ...exclusionOf(exclude) } };
  return {
    ...newFlag({ id, description }),
    conditions: { client_filters: [{ name: targetingFilter, parameters }] },
  };
}

/**
 * Both sides get a variant, so that they can be compared: named tenants and a growing range of buckets the new one. The
 * range begins at 0, so each phase keeps those before it. Exclusions get the old one by their filter: they don't pass it.
 */
function byVariant(
  base: RawFlag,
  { variants, beta, exclude }: FlagSpec,
  { exposure, percentage }: { readonly exposure: number; readonly percentage: number },
): RawFlag {
  if (variants === undefined) return base;
  const { on, off } = variants;
  const named = exposure > 0;
  const everybody = { Audience: { DefaultRolloutPercentage: 100, ...exclusionOf(exclude) } };
  const groups = beta.groups.map(({ name }) => name);
  return {
    ...base,
    enabled: named,
    ...(named ? { conditions: { client_filters: [{ name: targetingFilter, parameters: everybody }] } } : {}),
    variants: [variantOf(off), variantOf(on)],
    allocation: {
      default_when_disabled: off.name,
      default_when_enabled: off.name,
      ...(named && beta.users.length > 0 ? { user: [{ variant: on.name, users: [...beta.users] }] } : {}),
      ...(named && groups.length > 0 ? { group: [{ variant: on.name, groups }] } : {}),
      percentile: [
        ...(percentage > 0 ? [{ variant: on.name, from: 0, to: percentage }] : []),
        ...(percentage < 100 ? [{ variant: off.name, from: percentage, to: 100 }] : []),
      ],
    },
  };
}

function exclusionOf({ users, groups }: FlagSpec["exclude"]): RawFlag {
  if (users.length + groups.length === 0) return {};
  const Exclusion = {
    ...(users.length === 0 ? {} : { Users: [...users] }),
    ...(groups.length === 0 ? {} : { Groups: [...groups] }),
  };
  return { Exclusion };
}

/** A value that has been in the record comes back with its members in another order, and null as nothing. */
function variantOf({ name, value }: { readonly name: string; readonly value?: unknown }): RawFlag {
  return { name, configuration_value: JSON.parse(stableJson(value)) as unknown };
}
