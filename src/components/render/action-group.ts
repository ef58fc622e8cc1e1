import type * as monitor from "@pulumi/azure-native/monitor/index.js";
import { type Input, type Output, output, secret } from "@pulumi/pulumi";
import { type AlertReceivers, mailedRoles, type RolloutAlertsArgs } from "../rollout-alerts-args.ts";
import { assertWebhook, webhooksOf } from "../validate-alerts.ts";

/** Names of an environment's alerts. */
export interface AlertNames {
  readonly service: string;
  readonly environment: string;
}

/** Longest short name that Azure takes. */
const shortLength = 12;

/** Groups by who is woken up: `page` all receivers, `notice` those that read in the morning. */
export interface AlertGroups {
  readonly page: monitor.ActionGroupArgs;
  /** Absent: the same people get both. */
  readonly notice?: monitor.ActionGroupArgs;
}

/** The action groups of an environment: a second one only where PagerDuty is to be spared. Pure, but for the transform. */
export function renderGroups(names: AlertNames, args: RolloutAlertsArgs): AlertGroups {
  const { pagerDuty, ...others } = args.receivers;
  const page = renderGroup(names, { args, receivers: args.receivers, suffix: "" });
  if (pagerDuty === undefined || isNobody(others)) return { page };
  return { page, notice: renderGroup(names, { args, receivers: others, suffix: "-notice" }) };
}

/** Whether there is nobody to tell. */
export function isNobody({ emails, roles, logicApps, ...rest }: AlertReceivers): boolean {
  const mailed = (emails?.length ?? 0) + (roles?.length ?? 0);
  return mailed + Object.keys(logicApps ?? {}).length + Object.keys(webhooksOf(rest)).length === 0;
}

/** What a group calls itself where nobody said it. */
export function shortNameOf({ service, environment }: AlertNames): string {
  return `${environment}-${service}`.slice(0, shortLength).replace(/-+$/, "");
}

function renderGroup(
  names: AlertNames,
  of: { readonly args: RolloutAlertsArgs; readonly receivers: AlertReceivers; readonly suffix: string },
): monitor.ActionGroupArgs {
  const { args, receivers, suffix } = of;
  const { resourceGroup, shortName, tags, transform } = args;
  const rendered: monitor.ActionGroupArgs = {
    actionGroupName: `${names.service}-${names.environment}${suffix}`,
    resourceGroupName: resourceGroup,
    location: "global",
    enabled: true,
    groupShortName: shortName ?? shortNameOf(names),
    ...receiversOf(receivers),
    ...tagsOf(tags),
  };
  return transform?.actionGroup === undefined ? rendered : transform.actionGroup(rendered);
}

const schema = { useCommonAlertSchema: true } as const;

function receiversOf(receivers: AlertReceivers): Partial<monitor.ActionGroupArgs> {
  const { emails = [], roles = [], logicApps = {} } = receivers;
  return withoutEmpty({
    webhookReceivers: Object.entries(webhooksOf(receivers)).map(([name, url]) => ({
      name,
      serviceUri: checkedUrl(name, url),
      ...schema,
    })),
    emailReceivers: emails.map((emailAddress) => ({ name: `mail-${emailAddress}`, emailAddress, ...schema })),
    armRoleReceivers: roles.map((role) => ({ name: `role-${role}`, roleId: mailedRoles[role], ...schema })),
    logicAppReceivers: Object.entries(logicApps).map(([name, { resourceId, callbackUrl }]) => ({
      name,
      resourceId,
      callbackUrl: secret(callbackUrl),
      ...schema,
    })),
  });
}

/** A URL that is not known before the update is checked when it is; its text stands in no message. */
function checkedUrl(name: string, url: Input<string>): Output<string> {
  return secret(
    output(url).apply((known) => {
      assertWebhook(name, known);
      return known;
    }),
  );
}

/** An empty list would be an update for ever. */
function withoutEmpty<T extends Readonly<Record<string, readonly unknown[]>>>(lists: T): Partial<T> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<T>;
}

/** An empty map would be, too. */
export function tagsOf(tags: RolloutAlertsArgs["tags"]): {
  readonly tags?: Readonly<Record<string, Input<string>>>;
} {
  return tags === undefined || Object.keys(tags).length === 0 ? {} : { tags: { ...tags } };
}
