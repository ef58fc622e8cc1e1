import * as z from "zod";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { names } from "../lib/names.ts";
import { quotePath } from "../lib/quote.ts";
import { membersOf } from "../lib/read.ts";

/** Resources of a rollout that take tags. Keys of App Configuration have tags too, which are no tags of Azure's. */
const taggable = [
  "web:AppServicePlan",
  "web:WebApp",
  "web:WebAppSlot",
  "appconfiguration:ConfigurationStore",
  "containerservice:AgentPool",
  "containerservice:ManagedCluster",
  "monitor:ActionGroup",
  "monitor:MetricAlert",
  "monitor:ScheduledQueryRule",
  "alertsmanagement:PrometheusRuleGroup",
  "applicationinsights:Component",
  "applicationinsights:Workbook",
  "operationalinsights:Workspace",
  "resources:ResourceGroup",
].map((type) => `azure-native:${type}`);

/** Whose it is, what it is of and where: what is asked first when something fails, or costs. */
export const azureTags = resourceRule({
  name: "azure-tags",
  description:
    "Azure resources of a rollout say by their tags who owns them, of which service and environment.",
  level: "advisory",
  types: taggable,
  parameters: z.object({
    everywhere,
    /** Names of tags; Azure doesn't tell their case apart. */
    tags: names("owner", "service", "environment"),
  }),
  *check(seen) {
    if (!belongs(seen, seen.parameters)) return;
    const there = new Set(Object.keys(membersOf(seen.props["tags"])).map((name) => name.toLowerCase()));
    const missing = seen.parameters.tags.filter((name) => !there.has(name.toLowerCase()));
    if (missing.length === 0) return;
    yield {
      what: `it has no tag ${missing.map((name) => quotePath(name)).join(", ")}`,
      hint: `Write tags: { ${missing.map((name) => quotePath(name)).join(", ")} }; components take tags, or a transform.`,
    };
  },
});
