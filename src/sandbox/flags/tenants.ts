import type { TenantTraffic } from "../../plan/flag-cohort.ts";
import type { FlagSpec } from "../../types/flag-config.ts";

/** How many there are where nobody has named any. */
const usual = 200;
/** One in so many is in each group that the flag names. */
const groupEvery = 20;

/** Tenants of a stack that names no file of its own, all with the same traffic: those that the flag names are among them. */
export function inventedTenants({ beta, exclude }: FlagSpec): readonly TenantTraffic[] {
  const groups = [...new Set([...beta.groups.map(({ name }) => name), ...exclude.groups])];
  const numbered = Array.from({ length: usual }, (_, index): TenantTraffic => {
    const own = groups.filter((_name, at) => index % groupEvery === at % groupEvery);
    const id = `tenant-${String(index + 1).padStart(4, "0")}`;
    return { id, ...(own.length === 0 ? {} : { groups: own }) };
  });
  const known = new Set(numbered.map(({ id }) => id));
  const named = [...new Set([...beta.users, ...exclude.users])].filter((id) => !known.has(id));
  return [...named.map((id) => ({ id })), ...numbered];
}
