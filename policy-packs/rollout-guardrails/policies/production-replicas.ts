import * as z from "zod";
import { stackRule } from "../lib/define.ts";
import { checkPolicy } from "../lib/in-stack.ts";
import { presetsAsked } from "../lib/production.ts";
import { tooFewPods, workloadsIn } from "../lib/workloads.ts";

/** With six pods a rolling update is at five sixths of its capacity, and a canary of 20 % at two pods. */
export const productionReplicas = stackRule({
  name: "production-replicas",
  description: "In production a service has six pods, as the guide's.",
  level: "advisory",
  parameters: z.object({
    /** Pods of stable, or its autoscaler's minimum, at the least. */
    replicas: z.number().int().min(1).default(6),
    /** Presets of the stacks that are asked. */
    presets: presetsAsked,
  }),
  *check(seen) {
    const { replicas, presets: asked } = seen.parameters;
    const workloads = workloadsIn(seen.resources, { everywhere: false });
    if (workloads.length === 0) return;
    yield* checkPolicy(seen, function* ({ preset }) {
      if (!asked.includes(preset)) return;
      for (const workload of workloads)
        yield* tooFewPods(workload, { least: replicas, parameter: "replicas" });
    });
  },
});
