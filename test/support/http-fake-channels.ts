import * as z from "zod";
import type { NotifyConfig } from "../../src/types/notify.ts";
import { type FakeAnswer, json, type SeenRequest } from "./http-fake.ts";
import { component } from "./http-fake-annotations.ts";

/** Keys and URLs in tests: whoever prints one fails. */
export const plantedKey = "0123456789abcdef0123456789planted";

/** A service as its documentation has it: what it takes, and what it says to everything else. */
export interface FakeService {
  /** Answers a request by the service's contract. */
  answer(request: SeenRequest): FakeAnswer;
  /** What it has taken, as texts, in order. */
  readonly taken: readonly string[];
}

const text = (limit: number) =>
  z.strictObject({ type: z.enum(["plain_text", "mrkdwn"]), text: z.string().min(1).max(limit) });

const slackBlock = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("header"), text: text(150).extend({ type: z.literal("plain_text") }) }),
  z.strictObject({ type: z.literal("section"), text: text(3000) }),
  z.strictObject({ type: z.literal("context"), elements: z.array(text(3000)).min(1).max(10) }),
]);
const slackBody = z.strictObject({ text: z.string().min(1), blocks: z.array(slackBlock).min(1).max(50) });

/** Slack's incoming webhooks: `ok` as plain text, errors as words. */
export function fakeSlack(): FakeService {
  const taken: string[] = [];
  return {
    taken,
    answer: ({ method, body, headers }) => {
      if (method !== "POST" || headers["content-type"] !== "application/json")
        return { status: 400, body: "invalid_payload" };
      const parsed = slackBody.safeParse(JSON.parse(body));
      if (!parsed.success) return { status: 400, body: "invalid_blocks" };
      taken.push(parsed.data.text);
      return { status: 200, body: "ok" };
    },
  };
}

const card = z.strictObject({
  type: z.literal("message"),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        content: z.looseObject({
          type: z.literal("AdaptiveCard"),
          version: z.literal("1.4"),
          body: z.array(z.looseObject({ type: z.enum(["TextBlock", "FactSet"]) })).min(1),
        }),
      }),
    )
    .length(1),
});

/** A Teams workflow: 202, and no more. */
export function fakeTeams(): FakeService {
  const taken: string[] = [];
  return {
    taken,
    answer: ({ body }) => {
      const parsed = card.safeParse(JSON.parse(body));
      if (!parsed.success || body.length > 28_000) return { status: 400 };
      taken.push(String(parsed.data.attachments[0]?.content.body[0]?.["text"]));
      return { status: 202 };
    },
  };
}

const payload = z.looseObject({
  summary: z.string().min(1).max(1024),
  source: z.string().min(1),
  severity: z.enum(["critical", "error", "warning", "info"]).optional(),
  timestamp: z.iso.datetime(),
  custom_details: z.record(z.string(), z.unknown()),
});
const links = z.array(z.strictObject({ href: z.url(), text: z.string() }));
const event = z.discriminatedUnion("event_action", [
  z.looseObject({
    event_action: z.literal("trigger"),
    dedup_key: z.string().min(1).max(255),
    payload: payload.required({ severity: true }),
    links,
  }),
  z.looseObject({ event_action: z.literal("resolve"), dedup_key: z.string().min(1).max(255) }),
]);
const change = z.strictObject({ routing_key: z.string(), payload, links });

export interface FakePagerDuty extends FakeService {
  /** Alerts by their key: how often each was opened, and whether it is. */
  readonly alerts: ReadonlyMap<string, { readonly opened: number; readonly open: boolean }>;
}

/** Events API v2: 202; a trigger after a resolve opens another alert, a resolve of what isn't open is dropped. */
export function fakePagerDuty(key = plantedKey): FakePagerDuty {
  const taken: string[] = [];
  const alerts = new Map<string, { opened: number; open: boolean }>();
  const invalid = json({ status: "invalid event" }, 400);
  return {
    taken,
    alerts,
    answer: ({ url, body }) => {
      const sent = JSON.parse(body);
      if (sent.routing_key !== key) return invalid;
      if (url.pathname === "/v2/change/enqueue") {
        const parsed = change.safeParse(sent);
        if (!parsed.success) return invalid;
        taken.push(`change ${parsed.data.payload.summary}`);
        return json({ status: "success" }, 202);
      }
      const parsed = event.safeParse(sent);
      if (url.pathname !== "/v2/enqueue" || !parsed.success) return invalid;
      const { data } = parsed;
      const alert = alerts.get(data.dedup_key) ?? { opened: 0, open: false };
      if (data.event_action === "resolve") {
        alerts.set(data.dedup_key, { ...alert, open: false });
        taken.push("resolve");
      } else {
        alerts.set(data.dedup_key, { opened: alert.opened + (alert.open ? 0 : 1), open: true });
        taken.push(`${data.payload.severity} ${data.payload.summary}`);
      }
      return json({ status: "success", dedup_key: data.dedup_key }, 202);
    },
  };
}

const deployment = z.strictObject({
  ref: z.string().min(1),
  task: z.string(),
  environment: z.string(),
  description: z.string().max(140),
  payload: z.record(z.string(), z.unknown()),
  auto_merge: z.literal(false),
  required_contexts: z.array(z.string()),
  production_environment: z.boolean(),
});
const status = z.strictObject({
  state: z.enum(["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]),
  description: z.string().max(140),
  log_url: z.url().optional(),
});

export interface FakeGithub extends FakeService {
  readonly deployments: readonly z.infer<typeof deployment>[];
}

/** The deployments of one repository. */
export function fakeGithub(key = plantedKey): FakeGithub {
  const deployments: z.infer<typeof deployment>[] = [];
  const statuses = new Map<number, z.infer<typeof status>[]>();
  const taken: string[] = [];
  return {
    taken,
    deployments,
    answer: ({ method, url, headers, body }) => {
      if (headers.authorization !== `Bearer ${key}`) return json({ message: "Bad credentials" }, 401);
      const [, id] = /^\/repos\/atp\/ingestion\/deployments(?:\/(\d+)\/statuses)?$/.exec(url.pathname) ?? [];
      if (!url.pathname.startsWith("/repos/atp/ingestion/deployments"))
        return json({ message: "Not Found" }, 404);
      if (id === undefined) {
        if (method === "GET") {
          const found = deployments.flatMap((one, index) =>
            one.ref === url.searchParams.get("ref") && one.environment === url.searchParams.get("environment")
              ? [{ id: index + 1, ...one }]
              : [],
          );
          return json(found);
        }
        const parsed = deployment.safeParse(JSON.parse(body));
        if (!parsed.success) return json({ message: "Validation Failed" }, 422);
        deployments.push(parsed.data);
        return json({ id: deployments.length, ...parsed.data }, 201);
      }
      const own = statuses.get(Number(id)) ?? [];
      if (method === "GET") return json(own.toReversed());
      const parsed = status.safeParse(JSON.parse(body));
      if (!parsed.success) return json({ message: "Validation Failed" }, 422);
      statuses.set(Number(id), [...own, parsed.data]);
      taken.push(`${parsed.data.state} ${parsed.data.description}`);
      return json({ id: own.length + 1 }, 201);
    },
  };
}

/** The generic webhook: any JSON, 204. */
export function fakeWebhook(): FakeService {
  const taken: string[] = [];
  return {
    taken,
    answer: ({ body }) => {
      taken.push(String(JSON.parse(body).title));
      return { status: 204 };
    },
  };
}

/** Config of a channel that leads to a fake's URL. */
export function channelAt(kind: NotifyConfig["kind"], url: string): NotifyConfig {
  switch (kind) {
    case "slack":
      return { kind, webhook: `${url}/services/${plantedKey}` };
    case "teams":
      return { kind, workflow: `${url}/workflows/${plantedKey}` };
    case "pagerduty":
      return { kind, routingKey: plantedKey, endpoint: url };
    case "github-deployments":
      return {
        kind,
        repository: "atp/ingestion",
        token: plantedKey,
        ref: "v{version}",
        environment: "prod",
        apiUrl: url,
      };
    case "webhook":
      return { kind, url: `${url}/hooks/${plantedKey}` };
    case "email":
      return {
        kind,
        smtp: url,
        from: "rollouts@atp.example",
        to: ["platform@atp.example"],
      };
    case "app-insights":
      return { kind, resourceId: component, endpoint: url };
    case "log":
      return { kind };
  }
}
