import type * as alertsmanagement from "@pulumi/azure-native/alertsmanagement/index.js";
import type * as monitor from "@pulumi/azure-native/monitor/index.js";
import type { Input } from "@pulumi/pulumi";
import type { AlertFacts, LogAlert, PlatformAlert, PromAlert } from "../../types/alerts.ts";
import type { RolloutAlertsArgs } from "../rollout-alerts-args.ts";
import { type AlertNames, tagsOf } from "./action-group.ts";

/** Ids of the action groups that exist by then. */
export interface GroupIds {
  readonly page: Input<string>;
  readonly notice: Input<string>;
}

/** What rules are rendered with. */
export interface RuleContext {
  readonly names: AlertNames;
  readonly args: RolloutAlertsArgs;
  readonly groups: GroupIds;
}

/** A minute, the shortest span of Azure's rules, up to days: `PT1M`, `PT6H`, `P2D`. */
export function isoMinutes(minutes: number): string {
  if (minutes % 1440 === 0 && minutes > 0) return `P${minutes / 1440}D`;
  return minutes % 60 === 0 && minutes > 0 ? `PT${minutes / 60}H` : `PT${minutes}M`;
}

/** An alert without a state is quiet for this long after it has fired, minutes: the least that Azure takes. */
const muteMinutes = 5;

/** Operators as the service takes them: the SDK's own `ConditionOperator` is another API's ("gt"), which it refuses. */
const operators = { above: "GreaterThan", below: "LessThan" } as const;

/** A scheduled query rule. Pure, but for the transform. */
export function renderLogAlert(
  alert: LogAlert,
  { names, args, groups }: RuleContext,
): monitor.ScheduledQueryRuleArgs {
  const { resourceGroup, location, workspace, tags, transform } = args;
  const scope = alert.scope === "workspace" ? workspace : alert.scope.resourceId;
  const stateless = isStateless(alert);
  const rendered: monitor.ScheduledQueryRuleArgs = {
    ruleName: ruleName(names, alert.id),
    resourceGroupName: resourceGroup,
    ...(location === undefined ? {} : { location }),
    kind: "LogAlert",
    displayName: ruleName(names, alert.id),
    description: alert.description,
    enabled: true,
    severity: alert.severity,
    scopes: scope === undefined ? [] : [scope],
    evaluationFrequency: isoMinutes(alert.everyMinutes),
    windowSize: isoMinutes(alert.windowMinutes),
    autoMitigate: !stateless,
    ...(stateless ? { muteActionsDuration: isoMinutes(muteMinutes) } : {}),
    criteria: { allOf: [criterionOf(alert)] },
    actions: { actionGroups: [groupOf(alert, groups)] },
    ...tagsOf(tags),
  };
  return transform?.logAlert === undefined ? rendered : transform.logAlert(rendered, alert.id);
}

function criterionOf({ query, split, aggregation, breach, limit, periods }: LogAlert) {
  return {
    criterionType: "StaticThresholdCriterion",
    query,
    timeAggregation: aggregation,
    metricMeasureColumn: "Value",
    ...(split === undefined ? {} : { dimensions: [{ name: split, operator: "Include", values: ["*"] }] }),
    operator: operators[breach],
    threshold: limit,
    failingPeriods: { numberOfEvaluationPeriods: periods, minFailingPeriodsToAlert: periods },
  };
}

/** A metric alert. Pure, but for the transform. */
export function renderMetricAlert(
  alert: PlatformAlert,
  { names, args, groups }: RuleContext,
): monitor.MetricAlertArgs {
  const { resourceGroup, appService, tags, transform } = args;
  const { target } = alert;
  const scope = "resourceId" in target ? target.resourceId : appService?.[target.side];
  const rendered: monitor.MetricAlertArgs = {
    ruleName: ruleName(names, alert.id),
    resourceGroupName: resourceGroup,
    location: "global",
    description: alert.description,
    enabled: true,
    severity: alert.severity,
    scopes: scope === undefined ? [] : [scope],
    evaluationFrequency: isoMinutes(1),
    windowSize: isoMinutes(alert.windowMinutes),
    autoMitigate: !isStateless(alert),
    criteria: {
      odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
      allOf: [
        {
          criterionType: "StaticThresholdCriterion",
          name: alert.id,
          metricNamespace: alert.namespace,
          metricName: alert.metric,
          operator: operators[alert.breach],
          threshold: alert.limit,
          timeAggregation: alert.aggregation,
          ...(alert.dimensions.length === 0
            ? {}
            : { dimensions: alert.dimensions.map((one) => ({ ...one, values: [...one.values] })) }),
        },
      ],
    },
    actions: [{ actionGroupId: groupOf(alert, groups) }],
    ...tagsOf(tags),
  };
  return transform?.metricAlert === undefined ? rendered : transform.metricAlert(rendered, alert.id);
}

/** The rules of one family. Pure, but for the transform. */
export function renderRuleGroup(
  alerts: readonly PromAlert[],
  family: PromAlert["family"],
  { names, args, groups }: RuleContext,
): alertsmanagement.PrometheusRuleGroupArgs {
  const { resourceGroup, location, prometheusWorkspace, clusterName, tags, transform } = args;
  const rendered: alertsmanagement.PrometheusRuleGroupArgs = {
    ruleGroupName: ruleName(names, family),
    resourceGroupName: resourceGroup,
    ...(location === undefined ? {} : { location }),
    description: `${families[family]} of ${names.service} in ${names.environment}.`,
    enabled: true,
    interval: isoMinutes(1),
    scopes: prometheusWorkspace === undefined ? [] : [prometheusWorkspace],
    ...(clusterName === undefined ? {} : { clusterName }),
    rules: alerts.map((alert) => ({
      alert: ruleName(names, alert.id),
      expression: alert.expression,
      ...(alert.forMinutes === 0 ? {} : { for: isoMinutes(alert.forMinutes) }),
      severity: alert.severity,
      enabled: true,
      labels: { service: names.service, environment: names.environment },
      annotations: { description: alert.description },
      actions: [{ actionGroupId: groupOf(alert, groups) }],
      // It resolves as soon as it is over: an old alert must not be what the next one is taken for.
      resolveConfiguration: { autoResolved: true, timeToResolve: isoMinutes(isStateless(alert) ? 1 : 5) },
    })),
    ...tagsOf(tags),
  };
  return transform?.ruleGroup === undefined ? rendered : transform.ruleGroup(rendered, family);
}

const families: Readonly<Record<AlertFacts["family"], string>> = {
  trigger: "Automatic triggers",
  slo: "Objectives",
  burn: "Burn rates",
};

function isStateless({ family }: AlertFacts): boolean {
  return family === "trigger";
}

function groupOf({ severity }: AlertFacts, { page, notice }: GroupIds): Input<string> {
  return severity <= 1 ? page : notice;
}

function ruleName({ service, environment }: AlertNames, id: string): string {
  return `${service}-${environment}-${id}`;
}
