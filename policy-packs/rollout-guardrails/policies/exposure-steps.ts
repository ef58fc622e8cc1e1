import * as z from "zod";
import { resourceRule } from "../lib/define.ts";
import { intentOf } from "../lib/intent.ts";
import { quoteNumber } from "../lib/quote.ts";

/** Exposure moves along the plan's increments, one at a time, or back to nothing. */
export const exposureSteps = resourceRule({
  name: "exposure-steps",
  description: "The candidate's share of the traffic grows along the plan's increments, one at a time.",
  level: "mandatory",
  types: ["rollouts:index:"],
  parameters: z.object({}),
  *check({ type, props }) {
    // A flag opens by phases, of tenants: flag-phases.
    if (type === "rollouts:index:FeatureFlagRollout") return;
    const intent = intentOf(props);
    if (intent === undefined) return;
    const { from, to, increments = [] } = intent;
    for (const [name, share] of [
      ["from", from],
      ["to", to],
    ] as const) {
      if (typeof share === "number" && share >= 0 && share <= 100) continue;
      yield {
        what: `intent.${name} is ${quoteNumber(share)}, not a share of the traffic from 0 to 100 %`,
        hint: "Let the component say it: it takes it from the rollout.",
      };
      return;
    }
    if (to <= from) return;
    const next = increments.find((share) => share > from);
    if (next === to) return;
    yield {
      what: `exposure goes from ${from} % to ${to} %, and the next increment is ${next === undefined ? "none: there is no plan" : `${next} %`}`,
      hint:
        next === undefined
          ? "Give the rollout its increments: rollout.increments."
          : `Write: pulumi config set step ${next}.`,
    };
  },
});
