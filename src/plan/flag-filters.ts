/** Filters by the names that every library of Microsoft's takes; JavaScript's takes no other. */
export const targetingFilter = "Microsoft.Targeting";
export const timeWindowFilter = "Microsoft.TimeWindow";
/** At random at each evaluation, and known to .NET alone. */
export const percentageFilter = "Microsoft.Percentage";

const builtIn = [targetingFilter, timeWindowFilter, percentageFilter];

/** The built-in filter that .NET takes a name for (it needs no prefix and ignores case); undefined: none. */
export function builtInFilter(name: string): string | undefined {
  const full = /^microsoft\./i.test(name) ? name : `Microsoft.${name}`;
  return builtIn.find((known) => known.toLowerCase() === full.toLowerCase());
}
