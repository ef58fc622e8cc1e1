import * as z from "zod";
import { stackRule } from "../lib/define.ts";
import { quoteNumber } from "../lib/quote.ts";
import { leastPods, workloadsIn } from "../lib/workloads.ts";

/** Going back moves all traffic in one call: the pods that take it have to be there. */
export const stableCapacity = stackRule({
  name: "stable-capacity",
  description: "Stable keeps all of its pods while a candidate stands beside it.",
  level: "mandatory",
  parameters: z.object({}),
  *check({ resources }) {
    for (const workload of workloadsIn(resources, { everywhere: false })) {
      const { owner, side, deployment, autoscaler } = workload;
      // Said by a component while there is a candidate, and else not.
      const needed: unknown = owner?.props["stableReplicas"];
      if (side === "canary" || needed === undefined) continue;
      const pods = leastPods(workload);
      if (typeof pods === "number" && typeof needed === "number" && pods >= needed) continue;
      yield {
        what: `${autoscaler === undefined ? "stable's replicas" : "the minimum of stable's autoscaler"} is ${quoteNumber(pods)}, and stable had ${quoteNumber(needed)} pods when the candidate came`,
        hint: `Write ${quoteNumber(needed)} or more until the candidate is promoted, or take it back first.`,
        urn: (autoscaler ?? deployment).urn,
      };
    }
  },
});
