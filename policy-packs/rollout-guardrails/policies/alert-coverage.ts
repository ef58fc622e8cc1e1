import * as z from "zod";
import { conditionsOf } from "../../../src/plan/alerts-conditions.ts";
import { siteAlerts } from "../../../src/plan/alerts-sites.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { alertsIn, type SeenAlert, tellsSomebody } from "../lib/alert-rules.ts";
import { componentTypes } from "../lib/components.ts";
import { stackRule } from "../lib/define.ts";
import { checkPolicy, rolloutsIn } from "../lib/in-stack.ts";
import { isProduction } from "../lib/production.ts";
import { elementsOf, membersOf } from "../lib/read.ts";
import type { Finding, StackResource } from "../lib/rule.ts";

const alertsType = `${componentTypes}RolloutAlerts`;
/** Components that take part in no rollout. */
const watchers = [alertsType, `${componentTypes}RolloutDashboard`];

/** The driver watches while a rollout goes on; an alert rule watches when nobody does. */
export const alertCoverage = stackRule({
  name: "alert-coverage",
  description: "In production each automatic trigger has an alert rule, enabled, that somebody hears of.",
  // A stack's alerts may well be another stack's: whoever keeps them here raises the level.
  level: "advisory",
  parameters: z.object({
    /** Names of alert rules of one's own, by the trigger that they watch. */
    rules: z.record(z.string(), z.array(z.string().min(1))).default({}),
  }),
  *check(seen) {
    const { resources, parameters } = seen;
    if (rolloutsIn(resources).every(({ type }) => watchers.includes(type))) return;
    yield* checkPolicy(seen, function* (policy) {
      if (!isProduction(policy)) return;
      const alerts = alertsIn(resources);
      const excepted = new Set(resources.flatMap(notWatched));
      const silent = new Map<StackResource, string[]>();
      const missing: string[] = [];
      for (const { trigger, ids } of triggersOf(policy)) {
        const own = parameters.rules[trigger] ?? [];
        const found = alerts.filter(({ name }) => own.includes(name) || ids.some((id) => isNamed(name, id)));
        if (found.length > 0 ? found.some(isHeard) : excepted.has(trigger)) continue;
        const [first] = found;
        if (first === undefined) missing.push(trigger);
        else silent.set(first.resource, [...(silent.get(first.resource) ?? []), `${trigger} ${why(first)}`]);
      }
      yield* unwatched(missing, resources);
      yield* unheard(silent);
    });
  },
});

/** The automatic triggers of a policy, but for levels that it says nothing watches; and the ids of their rules. */
function triggersOf({ gates, watch }: EnvironmentPolicy) {
  const counted = conditionsOf(gates).filter(({ family }) => family === "trigger");
  const sites = siteAlerts({ sides: ["production", "slot"] }, gates).rules;
  const health = ["health", ...sites.map(({ id }) => id).filter((id) => id.startsWith("health-"))];
  const levels = Object.entries(watch.gauges).filter(([, { kind }]) => kind !== "none");
  return [
    ...counted.map(({ id }) => ({ trigger: id, ids: [id] })),
    { trigger: "health", ids: health },
    ...levels.map(([name]) => ({ trigger: name, ids: [name] })),
  ];
}

/** What `RolloutAlerts` says that no rule can watch. */
function notWatched({ type, props }: StackResource): readonly string[] {
  if (type !== alertsType) return [];
  return elementsOf(props["without"]).map((one) => String(membersOf(one)["id"]));
}

/** As `RolloutAlerts` names its rules: by what they stand for, after a name of its own. */
function isNamed(name: string, id: string): boolean {
  return name === id || name.endsWith(`-${id}`);
}

/** An action group of another stack is believed. */
function isHeard({ enabled, calls, groups }: SeenAlert): boolean {
  return enabled && calls > 0 && (groups.length === 0 || groups.some(tellsSomebody));
}

function why({ enabled, calls }: SeenAlert): string {
  if (!enabled) return "is disabled";
  return calls === 0 ? "calls no action group" : "calls a group that tells nobody";
}

function* unwatched(missing: readonly string[], resources: readonly StackResource[]): Iterable<Finding> {
  if (missing.length === 0) return;
  const isThere = resources.some(({ type }) => type === alertsType);
  yield {
    what: `no alert rule watches ${missing.join(", ")}`,
    hint: isThere
      ? "Take back the transform, or name rules of your own: parameter rules."
      : "Add new RolloutAlerts(name, { rollout, resourceGroup, receivers }), or name rules of your own: parameter rules.",
  };
}

function* unheard(silent: ReadonlyMap<StackResource, readonly string[]>): Iterable<Finding> {
  for (const [{ urn }, reasons] of silent)
    yield {
      what: `nobody hears of the alert rule for ${reasons.join(", for ")}`,
      hint: "Enable it, and give it an action group with a receiver.",
      urn,
    };
}
