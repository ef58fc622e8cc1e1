import { targetingFilter } from "../../plan/flag-filters.ts";
import { parseFlag, printFlag, type RawFlag } from "../../plan/flag-json.ts";
import { filtersOf, nameOf, objectAt } from "../../plan/flag-value.ts";
import type { FlagStore, KeyValueId } from "./store.ts";

/** The tenant that the fault `flag-edit` lets in. */
export const foreignTenant = "tenant-of-somebody-else";

/** Somebody else adds a tenant to the flag, by the data plane. Nothing where there is no flag. */
export function editFlag(store: FlagStore, id: KeyValueId): void {
  const there = store.get(id);
  if (there === undefined || there.value === null) return;
  store.put(id, { ...there, value: printFlag(withTenant(parseFlag(there.value)), there.value) });
}

function withTenant(flag: RawFlag): RawFlag {
  const filters = filtersOf(flag);
  const targeting = filters.find((filter) => nameOf(filter) === targetingFilter);
  const audience = objectAt(objectAt(targeting ?? {}, "parameters"), "Audience");
  const users: readonly unknown[] = Array.isArray(audience["Users"]) ? audience["Users"] : [];
  const Audience = { DefaultRolloutPercentage: 0, ...audience, Users: [...users, foreignTenant] };
  const edited = { ...targeting, name: targetingFilter, parameters: { Audience } };
  const others = filters.filter((filter) => filter !== targeting);
  return {
    ...flag,
    conditions: { ...objectAt(flag, "conditions"), client_filters: [edited, ...others] },
  };
}
