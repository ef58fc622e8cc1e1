import { uriDecoded } from "../lib/uri-decoded.ts";
import type { Communication } from "../types/communication.ts";
import type { IncidentConfig, NotifyConfig } from "../types/notify.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { securePlaceholder } from "./kinds-of.ts";
import { presets } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";
import type { Picker } from "./settings.ts";

const standard = <T>(value: T) => ({ from: "default", value }) as const;

type WrittenChannel = NonNullable<WrittenConfig["notify"]>[number];
type Secret = string | { readonly secure: string };

/** Who is told, who is named, and where incidents are opened. */
export function pickNotify(
  written: WrittenConfig,
  pick: Picker,
): Pick<EnvironmentPolicy, "notify" | "communication" | "incident"> {
  const { notify, incident } = written;
  const channels = notify?.map((channel) => channelOf(channel, written));
  const communication = pickCommunication(written, pick);
  return {
    notify: pick("notify", channels, standard([{ kind: "log" }])),
    ...(communication === undefined ? {} : { communication }),
    ...(incident === undefined
      ? {}
      : { incident: pick("incident", incidentOf(incident), standard(incidentOf(incident))) }),
  };
}

function channelOf(written: WrittenChannel, { preset }: WrittenConfig): NotifyConfig {
  const which = written.for === undefined ? {} : { for: written.for };
  switch (written.kind) {
    case "log":
      return { kind: "log", ...which };
    case "webhook":
      return { kind: "webhook", url: opened(written.url), ...which };
    case "slack":
      return { kind: "slack", webhook: opened(written.webhook), ...which };
    case "teams":
      return { kind: "teams", workflow: opened(written.workflow), ...which };
    case "email":
      return { kind: "email", smtp: opened(written.smtp), from: written.from, to: written.to, ...which };
    case "pagerduty": {
      const { kind, routingKey, endpoint = "https://events.pagerduty.com" } = written;
      return { kind, routingKey: opened(routingKey), endpoint, ...which };
    }
    case "github-deployments": {
      const { kind, repository, token, ref } = written;
      const { environment = preset, apiUrl = "https://api.github.com" } = written;
      const own = { environment, apiUrl, ...(ref === undefined ? {} : { ref }) };
      return { kind, repository, token: opened(token), ...own, ...which };
    }
    case "app-insights": {
      const { kind, resourceId, endpoint } = written;
      return { kind, resourceId, ...(endpoint === undefined ? {} : { endpoint }), ...which };
    }
  }
}

function incidentOf(written: NonNullable<WrittenConfig["incident"]>): IncidentConfig {
  if (written.kind === "http") {
    const { kind, url, authorization, id = "/id" } = written;
    const header = authorization === undefined ? {} : { authorization: opened(authorization) };
    return { kind, url: opened(url), ...header, id };
  }
  const { kind, token, from, serviceId, endpoint = "https://api.pagerduty.com" } = written;
  return { kind, token: opened(token), from, serviceId, endpoint };
}

function pickCommunication(written: WrittenConfig, pick: Picker): Communication | undefined {
  const { communication, windows, preset } = written;
  if (communication === undefined) return undefined;
  const { onCall, lead, manager, vp, cto, security, compliance, zone, dashboards = [], rca } = communication;
  const { primary, secondary } = onCall ?? {};
  const names = { lead, manager, vp, cto, security, compliance, rca };
  const known = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
  const whole: Communication = {
    ...(primary === undefined
      ? {}
      : { onCall: { primary, ...(secondary === undefined ? {} : { secondary }) } }),
    ...known,
    zone: zone ?? windows?.zone ?? presets[preset].windows?.zone ?? "UTC",
    dashboards,
  };
  return pick("communication", whole, standard(whole));
}

function opened(text: Secret): string {
  return typeof text === "string" ? text : securePlaceholder;
}

/** What of channels and incidents nobody may see, whole and in the parts that a server may quote. */
export function notifySecrets({ notify, incident }: EnvironmentPolicy): readonly string[] {
  return [...notify.flatMap(channelSecrets), ...(incident === undefined ? [] : incidentSecrets(incident))];
}

function channelSecrets(channel: NotifyConfig): readonly string[] {
  switch (channel.kind) {
    case "log":
    case "app-insights":
      return [];
    case "webhook":
      return [channel.url];
    case "slack":
      return [channel.webhook];
    case "teams":
      return [channel.workflow];
    case "email":
      return [channel.smtp, ...passwordOf(channel.smtp)];
    case "pagerduty":
      return [channel.routingKey];
    case "github-deployments":
      return [channel.token];
  }
}

function incidentSecrets(incident: IncidentConfig): readonly string[] {
  if (incident.kind === "pagerduty") return [incident.token];
  const { url, authorization = "" } = incident;
  return [url, ...(authorization === "" ? [] : [authorization, ...authorization.split(/\s+/).slice(1)])];
}

function passwordOf(smtp: string): readonly string[] {
  if (!URL.canParse(smtp)) return [];
  const { password } = new URL(smtp);
  return password === "" ? [] : [password, uriDecoded(password)];
}
