import * as z from "zod";
import { strategies } from "../../../src/config/schema.ts";
import { changeKinds, environmentOf, recommend } from "../../../src/plan/matrix.ts";
import { componentTypes, flagRollout } from "../lib/components.ts";
import { resourceRule } from "../lib/define.ts";
import { unjudged } from "../lib/in-stack.ts";
import { intentOf } from "../lib/intent.ts";
import { quoteWord } from "../lib/quote.ts";

/** The change picks how it goes; whoever takes another way says why. */
export const strategyMatrix = resourceRule({
  name: "strategy-matrix",
  description:
    "A version comes by the strategy that the decision matrix gives its change, or a reason is recorded.",
  level: "mandatory",
  types: [componentTypes],
  parameters: z.object({}),
  *check({ props, type, stack }) {
    const intent = intentOf(props);
    const strategy = intent?.strategy;
    // Nothing is on its way; and a flag is opened by its phases, whatever brings the code.
    if (strategy === undefined || type === flagRollout) return;
    const known = strategies.find((one) => one === strategy);
    const change = changeKinds.find((kind) => kind === intent?.change);
    if (known === undefined || (intent?.change !== undefined && change === undefined)) {
      yield {
        what: `intent names the strategy ${quoteWord(strategy, strategies)} for ${quoteWord(intent?.change, changeKinds)}, and the matrix knows no such thing`,
        hint: `Strategies are ${strategies.join(", ")}; changes ${changeKinds.join(", ")}.`,
      };
      return;
    }
    const found = stack.policy();
    if (!found.ok) {
      yield unjudged(found.why);
      return;
    }
    const { preset, strategyReason } = found.policy;
    const picked = recommend({
      environment: environmentOf(preset),
      ...(change === undefined ? {} : { change }),
    }).strategy;
    const fits = known === picked || (preset === "hotfix" && known === "direct");
    const reason = intent?.reason ?? strategyReason;
    if (fits || (reason !== undefined && reason.trim() !== "")) return;
    yield {
      what: `the version comes by ${known}, and the matrix gives ${change === undefined ? `${preset}'s own rollouts` : `a ${change} there`} ${picked}`,
      hint: "Leave rollout.strategy out, or write rollout.strategyReason beside it.",
    };
  },
});
