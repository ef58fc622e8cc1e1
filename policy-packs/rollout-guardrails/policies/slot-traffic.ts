import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { quoteNumber } from "../lib/quote.ts";
import { elementsOf, isShare, type Members, membersOf } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";
import { webApp, webAppSlot } from "../lib/sites.ts";

const where = "siteConfig.experiments.rampUpRules";
/** What App Service would change by itself. */
const ramps = [
  "changeStep",
  "changeIntervalInMinutes",
  "changeDecisionCallbackUrl",
  "minReroutePercentage",
  "maxReroutePercentage",
];

/** Who gets to a slot is what production's rules say, and nobody but the rollout changes them. */
export const slotTraffic = resourceRule({
  name: "slot-traffic",
  description:
    "Traffic of slots is routed by production alone, to 100 % at most, and never moved by Azure itself.",
  level: "mandatory",
  types: [webApp, webAppSlot],
  parameters: z.object({ everywhere, mostPercent: z.number().min(0).max(100).default(100) }),
  *check(seen) {
    if (!belongs(seen, seen.parameters)) return;
    const config = membersOf(seen.props["siteConfig"]);
    const rules = elementsOf(membersOf(config["experiments"])["rampUpRules"]).map(membersOf);
    if ((config["autoSwapSlotName"] ?? "") !== "")
      yield {
        what: "siteConfig.autoSwapSlotName is set, so Azure swaps before anybody has validated",
        hint: "Take it out: the rollout swaps once every validation has passed.",
      };
    if (seen.type === webAppSlot && rules.length > 0)
      yield {
        what: `${where} stands on a slot, where it does nothing`,
        hint: "Write the rule on the app itself: production routes.",
      };
    if (seen.type === webApp) yield* routed(rules, seen.parameters);
  },
});

function* routed(
  rules: readonly Members[],
  { mostPercent }: { readonly mostPercent: number },
): Iterable<Finding> {
  const shares = rules.map((rule) => rule["reroutePercentage"]);
  for (const [at, share] of shares.entries()) {
    if (isShare(share)) continue;
    yield {
      what: `${where}[${at}].reroutePercentage is ${quoteNumber(share)}, not a share from 0 to 100 %`,
      hint: "Write a number from 0 to 100.",
    };
  }
  const total = shares.reduce<number>((sum, share) => sum + (typeof share === "number" ? share : 0), 0);
  // Without what binary fractions leave over.
  const sum = Number(total.toPrecision(12));
  if (sum > mostPercent)
    yield {
      what: `${where} routes ${sum} % to slots, more than ${mostPercent} %`,
      hint: "Lower the shares; the rest stays with production.",
    };
  const names = rules.map((rule) => rule["name"]);
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (twice >= 0)
    yield {
      what: `${where}[${twice}] has the name of an earlier rule`,
      hint: "Give each rule a name of its own: the slot's.",
    };
  const ramp = rules.findIndex((rule) => ramps.some((member) => rule[member] !== undefined));
  if (ramp >= 0)
    yield {
      what: `${where}[${ramp}] lets App Service change its share by itself`,
      hint: `Take ${ramps.join(", ")} out: the rollout owns the steps.`,
    };
}
