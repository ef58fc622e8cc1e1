import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { memberAt, types } from "../lib/kubernetes.ts";
import { names } from "../lib/names.ts";

/** Who is called, and whose pods those are that a metric speaks of. */
export const labels = resourceRule({
  name: "labels",
  description: "Deployments and Services say by label whose they are, and pods which side they are of.",
  level: "advisory",
  types: [types.deployment, types.service],
  parameters: z.object({
    everywhere,
    /** Of the object. */
    labels: names("app", "owner", "service", "environment"),
    /** Of a Deployment's pods: what tells their series apart. */
    podLabels: names("app", "version"),
  }),
  *check({ parameters, ...resource }) {
    if (!belongs(resource, parameters)) return;
    const places: [path: readonly string[], names: readonly string[]][] = [
      [["metadata", "labels"], parameters.labels],
    ];
    if (resource.type === types.deployment)
      places.push([["spec", "template", "metadata", "labels"], parameters.podLabels]);
    for (const [path, wanted] of places) {
      const missing = wanted.filter((name) => {
        const label = memberAt(resource.props, ...path, name);
        return typeof label !== "string" || label === "";
      });
      if (missing.length === 0) continue;
      yield {
        what: `${path.join(".")} lacks ${missing.join(", ")}`,
        hint: "Write them by the component's transform (docs/components.md), or set the parameters labels and podLabels to what your organisation asks for.",
      };
    }
  },
});
