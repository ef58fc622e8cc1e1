import * as z from "zod";
import { everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { containersOf, memberAt, podTypes } from "../lib/kubernetes.ts";

const resources = z.array(z.enum(["cpu", "memory"]));

/** A pod that asks for nothing is put anywhere and is the first to go; one without a limit takes what others need. */
export const resourceLimits = resourceRule({
  name: "resource-limits",
  description: "Every container says how much CPU and memory it asks for, and how much it may take.",
  level: "advisory",
  types: podTypes,
  parameters: z.object({
    everywhere,
    requests: resources.default(["cpu", "memory"]),
    limits: resources.default(["cpu", "memory"]),
  }),
  *check({ parameters, ...resource }) {
    for (const { path, members } of containersOf(resource, parameters))
      for (const kind of ["requests", "limits"] as const) {
        const missing = parameters[kind].filter(
          (name) => !isQuantity(memberAt(members, "resources", kind, name)),
        );
        if (missing.length === 0) continue;
        yield {
          what: `${path}.resources.${kind} lacks ${missing.join(" and ")}`,
          hint: "Write resources: { requests: { cpu, memory }, limits: { cpu, memory } }, by what the service uses.",
        };
      }
  },
});

/** Kubernetes takes `500m`, `1Gi` and plain numbers; nothing at all is no request, and no limit. */
function isQuantity(value: unknown): boolean {
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof number === "number" && number > 0;
}
