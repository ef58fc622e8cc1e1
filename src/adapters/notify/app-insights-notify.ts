import * as z from "zod";
import { fetchSigned } from "../../lib/fetch-signed.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import { uuidOfName } from "../../lib/uuid.ts";
import type { Delivery, Notify } from "../../ports/notify.ts";
import type { RolloutMessage } from "../../types/message.ts";
import { type ChannelOptions, refOf } from "./channel.ts";
import { deliveryOf } from "./exchange.ts";

const publicCloud = "https://management.azure.com";
/** The only version there is. */
const apiVersion = "2015-05-01";
/** The whole exchange, the token included, ms. */
const timeoutMs = 10_000;

export interface AppInsightsOptions extends ChannelOptions<"app-insights"> {
  readonly credential: TokenCredential;
}

/**
 * Release annotations of an Application Insights resource, shown in its charts and in workbooks. Each has an id made of
 * its message's, so one that comes twice is the same annotation. Times are whole seconds.
 */
export function createAppInsightsNotify(options: AppInsightsOptions): Notify {
  const { config, runtime, credential } = options;
  const url = addressOf(config);
  const scope = `${config.endpoint === undefined ? publicCloud : url?.origin}/.default`;
  return {
    ...refOf(options),
    send: async (message, signal) => {
      if (url === undefined) return { status: "refused", reason: "its endpoint is not safe for a token" };
      const init: RequestInit = {
        method: "PUT",
        redirect: "manual",
        headers: { "content-type": "application/json", "user-agent": "pulumi-rollouts" },
        body: bodyOf(message),
      };
      const answer = await fetchSigned(runtime, { url, init, timeoutMs, signal }, { credential, scope });
      // An identity service may be down for a while, as any other.
      if (!answer.ok) return { status: "later", reason: answer.message };
      return taken(answer, runtime);
    },
  };
}

function taken(answer: Parameters<typeof deliveryOf>[0], runtime: Runtime): Delivery {
  const delivery = deliveryOf(answer, runtime, { said });
  const denied = answer.ok && (answer.status === 401 || answer.status === 403);
  if (delivery.status !== "refused" || !denied) return delivery;
  const reason = `${delivery.reason}; the identity needs the role Application Insights Component Contributor`;
  return { status: "refused", reason };
}

/** Id of the annotation of a message. */
export function annotationId({ id }: Pick<RolloutMessage, "id">): string {
  return uuidOfName(`annotation ${id}`);
}

/** Only `Deployment` is shown. Properties are a text of JSON; what isn't ASCII is escaped, as the service wants it. */
function bodyOf(message: RolloutMessage): string {
  const { title, at, rehearsed } = message;
  const body = {
    Id: annotationId(message),
    AnnotationName: rehearsed ? `[rehearsal] ${title}` : title,
    EventTime: at.slice(0, "2026-01-15T10:00:00".length),
    Category: "Deployment",
    Properties: JSON.stringify(factsOf(message)),
  };
  return JSON.stringify(body).replaceAll(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function factsOf(message: RolloutMessage): Readonly<Record<string, string>> {
  const { service, environment, versions, step, exposure, status, reason, rolloutId, incident } = message;
  return {
    Service: service,
    Environment: environment,
    From: versions.from,
    To: versions.to,
    ...(step === undefined ? {} : { Step: step }),
    ...(exposure === undefined ? {} : { Exposure: `${exposure} %` }),
    Status: status,
    ...(reason === undefined ? {} : { Reason: reason }),
    ...(incident === undefined ? {} : { Incident: incident.id }),
    RolloutId: rolloutId,
  };
}

/** Undefined: a token must not go there. */
function addressOf({ resourceId, endpoint = publicCloud }: AppInsightsOptions["config"]): URL | undefined {
  const base = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const local = base !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(base.hostname);
  if (base?.protocol !== "https:" && !(base?.protocol === "http:" && local)) return undefined;
  const path = resourceId.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const url = new URL(`${base.pathname.replace(/\/+$/, "")}/${path}/Annotations`, base);
  url.searchParams.set("api-version", apiVersion);
  return url;
}

/** With the envelope of ARM's errors, or without. */
const refusal = z.union([
  z.object({ error: z.object({ code: z.string() }) }).transform(({ error }) => error),
  z.object({ code: z.string() }),
]);

/** ARM's code alone: its text may quote what was sent. */
function said(text: string): string {
  try {
    const { success, data } = refusal.safeParse(JSON.parse(text));
    return success && /^\w{1,60}$/.test(data.code) ? data.code : "";
  } catch {
    return "";
  }
}
