import { concernWords } from "../../lib/concern.ts";
import type { Delivery, Notify } from "../../ports/notify.ts";
import type { RolloutMessage } from "../../types/message.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf, exchange } from "./exchange.ts";

/** PagerDuty asks for minutes of patience where it limits (Events API v2). */
const patienceMs = 60_000;
const summaryLimit = 1024;

/**
 * PagerDuty's Events API v2. A rollout has one alert, by one `dedup_key`: triggered by holds and ways back (what comes
 * later is added to it), resolved once at a good end, acknowledged by people alone. Start, increments and the end are
 * change events, which page nobody; they have no key, so one that comes twice is shown twice.
 */
export function createPagerDutyNotify(options: ChannelOptions<"pagerduty">): Notify {
  const { config, runtime } = options;
  const base = config.endpoint.replace(/\/+$/, "");
  const post = async (path: string, event: object, signal: AbortSignal | undefined): Promise<Delivery> => {
    const body = { routing_key: config.routingKey, ...event };
    const answer = await exchange({ runtime, url: `${base}${path}`, body, signal });
    return deliveryOf(answer, runtime, { patienceMs });
  };
  return {
    ...refOf(options),
    send: async (message, signal) => {
      if (message.alert !== undefined) {
        const sent = await post("/v2/enqueue", alertOf(message, message.alert), signal);
        // What closes an alert is a change too, but for a way back: that is no change any more.
        if (sent.status !== "sent" || message.phase !== "promoted") return sent;
      }
      return await post("/v2/change/enqueue", changeOf(message), signal);
    },
  };
}

function alertOf(message: RolloutMessage, { action, key }: NonNullable<RolloutMessage["alert"]>): object {
  const event = { event_action: action, dedup_key: key };
  if (action === "resolve") return event;
  const { severity, service, stack, kind, at } = message;
  return {
    ...event,
    payload: {
      ...changePayload(message),
      severity,
      timestamp: at,
      component: service,
      group: stack,
      class: kind,
    },
    links: linksOf(message),
    client: "pulumi-rollouts",
  };
}

function changeOf(message: RolloutMessage): object {
  return { payload: { ...changePayload(message), timestamp: message.at }, links: linksOf(message) };
}

function changePayload(message: RolloutMessage) {
  const { title, text, service, environment, rolloutId, versions, status, impact, incident, id } = message;
  return {
    summary: (message.rehearsed ? `[rehearsal] ${title}` : title).slice(0, summaryLimit),
    source: `${service} (${environment})`,
    custom_details: {
      text,
      status,
      rolloutId,
      messageId: id,
      ...versions,
      ...(message.concern === undefined ? {} : { concern: concernWords[message.concern] }),
      ...(message.metrics === undefined ? {} : { metrics: message.metrics.rows }),
      ...(impact === undefined ? {} : { impact: impact.text }),
      ...(incident === undefined ? {} : { incident: incident.id }),
      ...(message.nextSteps.length === 0 ? {} : { nextSteps: message.nextSteps }),
    },
  };
}

function linksOf({ links, incident }: RolloutMessage): readonly object[] {
  const opened = incident?.url === undefined ? [] : [{ name: incident.id, url: incident.url }];
  return [...links, ...opened].map(({ name, url }) => ({ href: url, text: name }));
}
