import type * as alertsmanagement from "@pulumi/azure-native/alertsmanagement/index.js";
import type * as monitor from "@pulumi/azure-native/monitor/index.js";
import type { Input } from "@pulumi/pulumi";
import type { AlertedPolicy } from "../plan/alerts.ts";
import type { PolicyArgs } from "./policy-of.ts";

/** Roles of Azure's own whose holders can be mailed. */
export const mailedRoles = {
  Owner: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
  "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
} as const;

/** A Logic App that is told, and its secret URL. */
export interface LogicApp {
  readonly resourceId: Input<string>;
  readonly callbackUrl: Input<string>;
}

/**
 * Who is told. Each gets Azure's common alert schema, so Slack and Teams need something that reads it: a workflow's
 * trigger, a Logic App; their plain incoming webhooks refuse it. URLs are secrets.
 */
export interface AlertReceivers {
  /** The URL of PagerDuty's Azure integration; told of what wakes people up (severity 0 and 1) alone. */
  readonly pagerDuty?: Input<string>;
  readonly slack?: Input<string>;
  readonly teams?: Input<string>;
  /** More webhooks, by name. */
  readonly webhooks?: Readonly<Record<string, Input<string>>>;
  readonly logicApps?: Readonly<Record<string, LogicApp>>;
  readonly emails?: readonly string[];
  /** Holders of these roles in the subscription, by mail. */
  readonly roles?: readonly (keyof typeof mailedRoles)[];
}

/** One function per kind of child; each sees what the component is about to register, and its id. Must be pure. */
export interface AlertTransforms {
  readonly actionGroup?: (args: monitor.ActionGroupArgs) => monitor.ActionGroupArgs;
  readonly logAlert?: (args: monitor.ScheduledQueryRuleArgs, id: string) => monitor.ScheduledQueryRuleArgs;
  readonly metricAlert?: (args: monitor.MetricAlertArgs, id: string) => monitor.MetricAlertArgs;
  /** `family`: triggers, slo or burn. */
  readonly ruleGroup?: (
    args: alertsmanagement.PrometheusRuleGroupArgs,
    family: string,
  ) => alertsmanagement.PrometheusRuleGroupArgs;
}

/** Arguments of `RolloutAlerts`. */
export interface RolloutAlertsArgs extends PolicyArgs<AlertedPolicy> {
  /** Name of the environment; default: the stack's. Plain data. */
  readonly environment?: string;
  readonly resourceGroup: Input<string>;
  /** Of rules on logs and Prometheus; default: the resource group's. */
  readonly location?: Input<string>;
  readonly receivers: AlertReceivers;
  /** What the group calls itself in mails, at most 12 characters; default: the beginning of `<environment>-<service>`. */
  readonly shortName?: string;
  /** ARM id of the Log Analytics workspace, where metrics or a level come from one. */
  readonly workspace?: Input<string>;
  /** ARM id of the Azure Monitor workspace that keeps Prometheus' metrics, where they are Prometheus'. */
  readonly prometheusWorkspace?: Input<string>;
  /** Rules read this cluster's metrics alone; default: all of the workspace's. */
  readonly clusterName?: Input<string>;
  /** ARM ids of the app and its slot, where the service is on App Service. */
  readonly appService?: {
    readonly production: Input<string>;
    readonly slot?: Input<string>;
    /** Requests that it has at least: what a count of failures is a share of. Plain data. */
    readonly requestsPerSecond?: number;
  };
  /** Names of Application Insights' availability tests of the health endpoints. Plain data. */
  readonly healthTests?: readonly string[];
  /** Tags of what it makes; default: none. */
  readonly tags?: Readonly<Record<string, Input<string>>>;
  readonly transform?: AlertTransforms;
}
