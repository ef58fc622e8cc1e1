import type { Input } from "@pulumi/pulumi";
import { configError, type Issue } from "../errors/errors.ts";
import type { AlertsOf } from "../plan/alerts-gauges.ts";
import type { AlertReceivers, RolloutAlertsArgs } from "./rollout-alerts-args.ts";

/** Webhooks of a group, at most. */
const maxWebhooks = 10;
const armId = /^\/subscriptions\/[^/]+\/./i;

/** Everything of the receivers that is called by a URL, by the name it has in the group. */
export function webhooksOf({
  pagerDuty,
  slack,
  teams,
  webhooks = {},
}: AlertReceivers): Readonly<Record<string, Input<string>>> {
  const named = { pagerduty: pagerDuty, slack, teams };
  const given = Object.entries(named).flatMap(([name, url]) =>
    url === undefined ? [] : [[name, url] as const],
  );
  return { ...Object.fromEntries(given), ...webhooks };
}

/** Why an action group could not use a URL; undefined: it can. The URL stands in no text, as it is a secret. */
function webhookProblem(url: string): Pick<Issue, "rule" | "hint"> | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:")
    return { rule: "must be an https URL", hint: "Copy it whole from the service that gives it out." };
  const workflow = "Give the URL of a workflow or a Logic App that reads Azure's common alert schema.";
  if (parsed.hostname === "hooks.slack.com" && parsed.pathname.startsWith("/services/"))
    return { rule: "must not be a plain incoming webhook: Slack refuses Azure's schema", hint: workflow };
  if (parsed.hostname.endsWith("webhook.office.com"))
    return { rule: "must not be an Office 365 connector: those are retired", hint: workflow };
  return undefined;
}

/**
 * Checks a webhook's URL once it is known.
 *
 * @throws RolloutError `config-invalid`
 */
export function assertWebhook(name: string, url: string): void {
  const problem = webhookProblem(url);
  if (problem !== undefined) throw configError([{ path: `receivers.${name}`, ...problem }]);
}

/** Checks what is plain data, beside what the policy comes to. Throws `config-invalid` with every problem at once. */
export function assertAlertArgs(component: string, args: RolloutAlertsArgs, alerts: AlertsOf): void {
  const issues = [
    ...alerts.issues.map((issue) => ({ ...issue, path: `policy.${issue.path}` })),
    ...receiverIssues(args.receivers),
    ...shortNameIssues(args.shortName),
    ...scopeIssues(args, alerts),
    ...idIssues(args),
    ...trafficIssues(args.appService?.requestsPerSecond),
  ];
  if (issues.length === 0) return;
  throw configError(issues.map((issue) => ({ ...issue, path: `${component}.${issue.path}` })));
}

function receiverIssues(receivers: AlertReceivers): Issue[] {
  const { emails = [], roles = [], logicApps = {} } = receivers;
  const webhooks = Object.entries(webhooksOf(receivers));
  const issues: Issue[] = [];
  if (webhooks.length + emails.length + roles.length + Object.keys(logicApps).length === 0)
    issues.push({
      path: "receivers",
      rule: "must name somebody: an alert that nobody gets is none",
      hint: 'Write { emails: ["platform@atp.example"] }, a webhook, a role or a Logic App.',
    });
  if (webhooks.length > maxWebhooks)
    issues.push({
      path: "receivers.webhooks",
      received: String(webhooks.length),
      rule: `must be at most ${maxWebhooks} webhooks, those with a name of their own included`,
      hint: "Let one of them tell the others.",
    });
  for (const [name, url] of webhooks) {
    const problem = typeof url === "string" ? webhookProblem(url) : undefined;
    if (problem !== undefined) issues.push({ path: `receivers.${name}`, ...problem });
  }
  for (const [index, email] of emails.entries()) {
    if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) continue;
    const rule = "must be an address";
    const received = JSON.stringify(email);
    issues.push({
      path: `receivers.emails[${index}]`,
      received,
      rule,
      hint: 'Write "platform@atp.example".',
    });
  }
  return issues;
}

function shortNameIssues(shortName: string | undefined): Issue[] {
  if (shortName === undefined || (shortName.trim() !== "" && shortName.length <= 12)) return [];
  const rule = "must be 1 to 12 characters";
  return [
    {
      path: "shortName",
      received: JSON.stringify(shortName),
      rule,
      hint: "Leave it out for a name of its own.",
    },
  ];
}

/** Rules need the place that they read. */
function scopeIssues({ workspace, prometheusWorkspace }: RolloutAlertsArgs, { rules }: AlertsOf): Issue[] {
  const needs = (path: string, what: string, ids: readonly string[]): Issue[] => [
    {
      path,
      rule: `required by ${ids.join(", ")}`,
      hint: `Give the ARM id of the ${what}.`,
    },
  ];
  const logs = rules.flatMap((rule) => (rule.kind === "log" && rule.scope === "workspace" ? [rule.id] : []));
  const series = rules.flatMap((rule) => (rule.kind === "prometheus" ? [rule.id] : []));
  return [
    ...(logs.length > 0 && workspace === undefined
      ? needs("workspace", "Log Analytics workspace", logs)
      : []),
    ...(series.length > 0 && prometheusWorkspace === undefined
      ? needs("prometheusWorkspace", "Azure Monitor workspace", series)
      : []),
  ];
}

/** An id of another kind (the workspace's GUID, a name) would fail only when the first rule is made. */
function idIssues({ workspace, prometheusWorkspace, appService }: RolloutAlertsArgs): Issue[] {
  const ids = {
    workspace,
    prometheusWorkspace,
    "appService.production": appService?.production,
    "appService.slot": appService?.slot,
  };
  return Object.entries(ids).flatMap(([path, id]) =>
    typeof id !== "string" || armId.test(id)
      ? []
      : [
          {
            path,
            received: JSON.stringify(id),
            rule: "must be an ARM id",
            hint: "Copy the resource id: /subscriptions/…/providers/….",
          },
        ],
  );
}

function trafficIssues(rps: number | undefined): Issue[] {
  if (rps === undefined || (Number.isFinite(rps) && rps > 0)) return [];
  const rule = "must be a number above 0";
  return [
    { path: "appService.requestsPerSecond", received: String(rps), rule, hint: "Write 50, or leave it out." },
  ];
}
