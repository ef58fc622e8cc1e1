import * as alertsmanagement from "@pulumi/azure-native/alertsmanagement/index.js";
import * as monitor from "@pulumi/azure-native/monitor/index.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  getStack,
  log,
  type Output,
} from "@pulumi/pulumi";
import { alertsOf } from "../plan/alerts.ts";
import type { AlertsOf } from "../plan/alerts-gauges.ts";
import type { NotAlerted, PromAlert } from "../types/alerts.ts";
import { policyOf } from "./policy-of.ts";
import { type AlertGroups, renderGroups } from "./render/action-group.ts";
import {
  type GroupIds,
  type RuleContext,
  renderLogAlert,
  renderMetricAlert,
  renderRuleGroup,
} from "./render/alert-rules.ts";
import type { RolloutAlertsArgs } from "./rollout-alerts-args.ts";
import { assertAlertArgs } from "./validate-alerts.ts";

/**
 * An environment's alerts: who is told, and one rule for each automatic trigger of the policy, each row of its table of
 * objectives (warning and critical) and each burn rate. Limits are the policy's alone. What no rule can watch is said in
 * `without` and in a warning of the update.
 *
 * @throws RolloutError `config-invalid` (every problem at once), before a resource is registered
 */
export class RolloutAlerts extends ComponentResource {
  /** Id of the group that gets what wakes people up: for rules of one's own. */
  readonly actionGroupId: Output<string>;
  /** Ids of the rules: `error-rate`, `slo-availability-critical`, `burn-1h`. */
  readonly rules: readonly string[];
  /** ARM ids of the rules and of Prometheus' rule groups. */
  readonly ruleIds: Output<readonly string[]>;
  /** Triggers and objectives that no rule watches. */
  readonly without: readonly NotAlerted[];

  constructor(name: string, args: RolloutAlertsArgs, opts?: ComponentResourceOptions) {
    const policy = policyOf(name, args);
    const alerts = alertsOf({
      policy,
      ...(args.appService === undefined ? {} : { sites: sitesOf(args.appService) }),
      ...(args.healthTests === undefined ? {} : { healthTests: args.healthTests }),
    });
    assertAlertArgs(name, args, alerts);
    const names = { service: policy.service, environment: args.environment ?? getStack() };
    const rules = alerts.rules.map(({ id }) => id);
    super("rollouts:index:RolloutAlerts", name, { ...names, rules, without: alerts.without }, opts);
    const groups = this.registerGroups(name, renderGroups(names, args));
    this.ruleIds = all(this.registerRules(name, alerts, { names, args, groups }));
    this.actionGroupId = groups.page;
    this.rules = rules;
    this.without = alerts.without;
    void warn(this, alerts.without);
    this.registerOutputs({
      actionGroupId: groups.page,
      rules,
      ruleIds: this.ruleIds,
      without: alerts.without,
    });
  }

  private registerGroups(name: string, { page, notice }: AlertGroups): GroupIds & { page: Output<string> } {
    // Azure answers with the URLs that it was given, so that outputs are secrets too.
    const options = {
      parent: this,
      additionalSecretOutputs: ["webhookReceivers", "logicAppReceivers"],
    };
    const first = new monitor.ActionGroup(name, page, options);
    if (notice === undefined) return { page: first.id, notice: first.id };
    return { page: first.id, notice: new monitor.ActionGroup(`${name}-notice`, notice, options).id };
  }

  private registerRules(name: string, { rules }: AlertsOf, context: RuleContext): Output<string>[] {
    const parent = { parent: this };
    const each = rules.flatMap((rule) => {
      const child = `${name}-${rule.id}`;
      if (rule.kind === "log")
        return [new monitor.ScheduledQueryRule(child, renderLogAlert(rule, context), parent).id];
      if (rule.kind === "platform")
        return [new monitor.MetricAlert(child, renderMetricAlert(rule, context), parent).id];
      return [];
    });
    const series = rules.filter((rule): rule is PromAlert => rule.kind === "prometheus");
    const families = (["trigger", "slo", "burn"] as const).flatMap((family) => {
      const alerts = series.filter((alert) => alert.family === family);
      if (alerts.length === 0) return [];
      const group = renderRuleGroup(alerts, family, context);
      return [new alertsmanagement.PrometheusRuleGroup(`${name}-${family}`, group, parent).id];
    });
    return [...each, ...families];
  }
}

/** Nobody should think that silence means health. */
async function warn(alerts: RolloutAlerts, without: readonly NotAlerted[]): Promise<void> {
  if (without.length === 0) return;
  const list = without.map(({ id, why }) => `${id} (${why})`).join(", ");
  await log.warn(`no alert rule watches ${list}`, alerts);
}

function sitesOf({ slot, requestsPerSecond }: NonNullable<RolloutAlertsArgs["appService"]>) {
  return {
    sides: slot === undefined ? (["production"] as const) : (["production", "slot"] as const),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  };
}
