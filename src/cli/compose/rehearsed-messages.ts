import { openIncidents } from "../../adapters/incident/open.ts";
import { channelNames, openChannels } from "../../adapters/notify/open.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { configError, type Issue } from "../../errors/errors.ts";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { Notify } from "../../ports/notify.ts";
import type { IncidentConfig, NotifyConfig } from "../../types/notify.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** A server on this machine that a rehearsal's messages go to. */
export interface MessageServer {
  /** Name of a channel (`slack 2`), or `incident`; absent: every one that speaks its protocol, each below a path of its own. */
  readonly channel?: string;
  readonly url: string;
}

type Messages = Pick<DriverDeps, "notify" | "incidents">;

const option = "--messages-to";
/** Stands in for every key: what is sent to a server on loopback could be read by anybody there. */
const placeholder = "rehearsal-placeholder";
const forms = "Write --messages-to https://127.0.0.1:8443, or slack=https://127.0.0.1:8443 for one channel.";

/**
 * Reads `[channel=]url`, comma between several.
 *
 * @throws RolloutError `config-invalid` for a URL that doesn't lead to this machine: a rehearsal must not page anybody
 */
export function parseMessageServers(text: string): readonly MessageServer[] {
  const servers = text.split(",").map((part) => {
    const { channel, url = "" } =
      /^(?:(?<channel>[a-z][a-z0-9 -]*)=)?(?<url>.*)$/.exec(part.trim())?.groups ?? {};
    return { ...(channel === undefined ? {} : { channel }), url };
  });
  const issues = servers
    .filter(({ url }) => !isLoopback(url))
    .map(({ url }): Issue => {
      const rule = "must be an http, https, smtp or smtps URL of this machine: a rehearsal pages nobody";
      return { path: option, received: JSON.stringify(url), rule, hint: forms };
    });
  if (issues.length > 0) throw configError(issues);
  return servers;
}

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (!/^(https?|smtps?):$/.test(protocol) || username !== "" || password !== "") return false;
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The policy's channels and its incident system, as they are but for where they lead and what they prove who they are
 * with. Without servers, messages go nowhere but into the journal.
 *
 * @throws RolloutError `config-invalid` where a channel has no server
 */
export async function rehearsedMessages(
  { notify, incident }: EnvironmentPolicy,
  servers: readonly MessageServer[],
  runtime: Runtime,
): Promise<Messages> {
  if (servers.length === 0) return { notify: [silent] };
  const names = channelNames(notify);
  const at = (name: string, protocol: "http" | "smtp") => urlFor(servers, name, protocol);
  const configs = notify.map((config, index) => redirected(config, (of) => at(names[index] ?? "", of)));
  const opensAt = incident === undefined ? undefined : at("incident", "http");
  const missing = [
    ...names.filter((_, index) => configs[index] === undefined),
    ...(incident !== undefined && opensAt === undefined ? ["incident"] : []),
  ];
  const known: ReadonlySet<string> = new Set([...names, "incident"]);
  const strange = servers.flatMap(({ channel }) =>
    channel === undefined || known.has(channel) ? [] : [channel],
  );
  if (missing.length + strange.length > 0)
    throw configError([...missing.map(noServer), ...strange.map(noChannel)]);
  const env = { GITHUB_SHA: "rehearsal", ...process.env };
  const channels = await openChannels({
    configs: configs.filter((config) => config !== undefined),
    runtime,
    env,
    credential: async () => nobody,
  });
  if (incident === undefined || opensAt === undefined) return { notify: channels };
  return { notify: channels, incidents: await openIncidents(incidentAt(incident, opensAt), runtime) };
}

/** Its tokens open nothing. */
const nobody: TokenCredential = {
  getToken: async () => ({ token: placeholder, expiresOnTimestamp: 8.64e15 }),
};

const silent: Notify = {
  name: "rehearsed",
  kind: "rehearsed",
  for: "all",
  send: async () => ({ status: "sent" }),
};

/** Its own server, else the first that speaks its protocol. */
function urlFor(
  servers: readonly MessageServer[],
  name: string,
  protocol: "http" | "smtp",
): string | undefined {
  const speaks = ({ url }: MessageServer) => url.startsWith(protocol);
  const own = servers.find((server) => server.channel === name && speaks(server));
  if (own !== undefined) return own.url;
  const shared = servers.find((server) => server.channel === undefined && speaks(server));
  if (shared === undefined || protocol === "smtp") return shared?.url;
  return `${shared.url.replace(/\/+$/, "")}/${name.replaceAll(" ", "-")}`;
}

/** Undefined: it has no server. */
function redirected(
  config: NotifyConfig,
  at: (protocol: "http" | "smtp") => string | undefined,
): NotifyConfig | undefined {
  if (config.kind === "log") return config;
  const url = at(config.kind === "email" ? "smtp" : "http");
  if (url === undefined) return undefined;
  switch (config.kind) {
    case "webhook":
      return { ...config, url };
    case "slack":
      return { ...config, webhook: url };
    case "teams":
      return { ...config, workflow: url };
    case "email":
      return { ...config, smtp: url };
    case "pagerduty":
      return { ...config, routingKey: placeholder, endpoint: url };
    case "github-deployments":
      return { ...config, token: placeholder, apiUrl: url };
    case "app-insights":
      return { ...config, endpoint: url };
    default:
      return assertNever(config, "notify kind");
  }
}

function incidentAt(config: IncidentConfig, url: string): IncidentConfig {
  if (config.kind === "http") return { kind: "http", url, id: config.id };
  return { ...config, token: placeholder, endpoint: url };
}

function noServer(name: string): Issue {
  const url = name.startsWith("email") ? "smtp://127.0.0.1:2525" : "https://127.0.0.1:8443";
  return { path: option, rule: `no server for the channel ${name}`, hint: `Add ${name}=${url}.` };
}

function noChannel(name: string): Issue {
  return {
    path: option,
    received: JSON.stringify(name),
    rule: "no channel of the stack has this name",
    hint: "Channels are named by their kind, the second one `slack 2`.",
  };
}
