import { elementsOf, type Members, membersOf, written } from "./read.ts";
import type { StackResource } from "./rule.ts";

/** One alert rule, whichever resource it stands in. */
export interface SeenAlert {
  readonly resource: StackResource;
  /** The resource's name in the program, or the alert's in a Prometheus rule group: Azure's are not known before. */
  readonly name: string;
  readonly enabled: boolean;
  /** How many action groups it calls. */
  readonly calls: number;
  /** Those of the same stack. */
  readonly groups: readonly StackResource[];
}

const logRule = "azure-native:monitor:ScheduledQueryRule";
const metricRule = "azure-native:monitor:MetricAlert";
const seriesRules = "azure-native:alertsmanagement:PrometheusRuleGroup";
const actionGroup = "azure-native:monitor:ActionGroup";

/** The alert rules of a stack. */
export function alertsIn(resources: readonly StackResource[]): readonly SeenAlert[] {
  return resources.flatMap((resource): readonly SeenAlert[] => {
    const { type, name, props } = resource;
    const enabled = isEnabled(props);
    if (type === seriesRules)
      return elementsOf(props["rules"])
        .map(membersOf)
        .map((rule) => ({
          resource,
          name: String(rule["alert"] ?? ""),
          enabled: enabled && isEnabled(rule),
          calls: elementsOf(rule["actions"]).length,
          groups: calledBy(resource, "rules"),
        }));
    if (type !== logRule && type !== metricRule) return [];
    const actions = written(props, "actions");
    const calls = elementsOf(type === logRule ? membersOf(actions)["actionGroups"] : actions).length;
    return [{ resource, name, enabled, calls, groups: calledBy(resource, "actions") }];
  });
}

/** Whether an action group tells anybody: it is enabled, and has a receiver of some kind. */
export function tellsSomebody({ props }: StackResource): boolean {
  const receivers = Object.keys(props).filter((key) => key.endsWith("Receivers"));
  return isEnabled(props) && receivers.some((key) => elementsOf(written(props, key)).length > 0);
}

function calledBy({ propertyDependencies }: StackResource, property: string): readonly StackResource[] {
  return (propertyDependencies[property] ?? []).filter(({ type }) => type === actionGroup);
}

/** Azure's own default. */
function isEnabled(of: Members): boolean {
  return written(of, "enabled") !== false;
}
