import type { TenantTraffic } from "../../plan/flag-cohort.ts";
import { evaluateFlag } from "../../plan/flag-evaluation.ts";
import { exposureOfFlag } from "../../plan/flag-exposure.ts";
import { builtInFilter, percentageFilter } from "../../plan/flag-filters.ts";
import { parseFlag, type RawFlag } from "../../plan/flag-json.ts";
import { readFlag } from "../../plan/flag-schema.ts";
import { filtersOf, flagContentType, nameOf, objectAt } from "../../plan/flag-value.ts";
import type { FlagSpec } from "../../types/flag-config.ts";
import type { KeyValue } from "./store.ts";

/** What a flag that was read makes of an application's requests. */
export interface FlagEffect {
  /** Share of the requests that have the feature, 0-1. */
  readonly share: number;
  /** How far it is open by its own terms, 0-100 %. */
  readonly exposure: number;
}

const nobody: FlagEffect = { share: 0, exposure: 0 };

/**
 * What a key-value does to tenants' requests: each tenant is evaluated as Microsoft's libraries do, and counts with its
 * traffic (all alike where not everybody's is counted); chance (`by: percentage`) is its own share. What is no flag to an
 * application gives the feature to nobody. Undefined: an application can't read it, and goes on with what it had.
 */
export function effectOf(
  keyValue: KeyValue | undefined,
  spec: FlagSpec,
  tenants: readonly TenantTraffic[],
): FlagEffect | undefined {
  if (keyValue === undefined || keyValue.content_type !== flagContentType) return nobody;
  try {
    const raw = parseFlag(keyValue.value ?? "");
    return { share: shareOf(raw, spec, tenants), exposure: exposureOfFlag(raw, spec) };
  } catch {
    return undefined;
  }
}

function shareOf(raw: RawFlag, spec: FlagSpec, tenants: readonly TenantTraffic[]): number {
  const flag = readFlag(raw);
  const counted = tenants.every(({ requests }) => requests !== undefined);
  const total = counted ? tenants.reduce((sum, { requests = 0 }) => sum + requests, 0) : 0;
  const weightOf = ({ requests = 0 }: TenantTraffic) =>
    total > 0 ? requests / total : 1 / Math.max(1, tenants.length);
  const chance = spec.by === "percentage" && raw["enabled"] === true ? chanceOf(raw) : 0;
  return tenants.reduce((sum, tenant) => {
    const { id, groups = [] } = tenant;
    // Of a tenant's time only: no filter of time is rendered.
    const answer = evaluateFlag(flag, { target: { userId: id, groups }, now: 0 });
    const isOn =
      spec.variants === undefined ? answer.enabled : answer.variant?.name === spec.variants.on.name;
    return sum + weightOf(tenant) * (isOn ? 1 : chance);
  }, 0);
}

/** Of each evaluation, 0-1. */
function chanceOf(raw: RawFlag): number {
  const filter = filtersOf(raw).find((one) => builtInFilter(nameOf(one)) === percentageFilter);
  const value = Number(objectAt(filter ?? {}, "parameters")["Value"] ?? 0);
  return Number.isFinite(value) ? Math.min(100, Math.max(0, value)) / 100 : 0;
}
