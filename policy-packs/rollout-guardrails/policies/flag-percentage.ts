import * as z from "zod";
import { percentageFilter, targetingFilter } from "../../../src/plan/flag-filters.ts";
import { flagProblems } from "../../../src/plan/flag-schema.ts";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { isFlagKey, keyValueType, placesOf, readText } from "../lib/flag.ts";
import { isProduction } from "../lib/production.ts";

/** Outside of production chance is allowed; what it is, is said. `flag-schema` refuses it in production. */
export const flagPercentage = resourceRule({
  name: "flag-percentage",
  description: "A flag opens by tenant, not by chance at each evaluation.",
  level: "advisory",
  types: [keyValueType],
  parameters: z.object({ everywhere }),
  *check(seen) {
    if (!belongs(seen, seen.parameters) || !isFlagKey(seen.props)) return;
    const read = readText(seen.props["value"]);
    if (!read.ok || flagProblems(read.flag).length > 0) return;
    const [at] = placesOf(read.flag, percentageFilter);
    const found = seen.stack.policy();
    if (at === undefined || !found.ok || isProduction(found.policy)) return;
    yield {
      what: `conditions.client_filters[${at}] is ${percentageFilter}: a tenant is in and out by turns, and only .NET knows it`,
      hint: `Write ${targetingFilter} with DefaultRolloutPercentage; of a rollout by: targeting.`,
    };
  },
});
