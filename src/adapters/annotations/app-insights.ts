import * as z from "zod";
import { configError, RolloutError } from "../../errors/errors.ts";
import { fetchSigned } from "../../lib/fetch-signed.ts";
import type { Fetched } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import { uuidOfName } from "../../lib/uuid.ts";
import type { Annotation, Annotations } from "../../ports/annotations.ts";

export interface AppInsightsAnnotationsConfig {
  /** ARM id of the Application Insights resource. */
  readonly resourceId: string;
  /** ARM's base URL in another cloud. */
  readonly endpoint?: string;
}

export interface AppInsightsAnnotationsOptions {
  readonly config: AppInsightsAnnotationsConfig;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** Time limit of the whole exchange, the token included, ms; default 10 s. */
  readonly timeoutMs?: number;
}

const publicCloud = "https://management.azure.com";
/** The only version there is. */
const apiVersion = "2015-05-01";
/** Longest text of ARM's that is passed on. */
const longest = 300;

/**
 * Release annotations of an Application Insights resource, shown in its charts and in workbooks. Each has an id made of
 * rollout and step, so the same mark again is the same annotation. Times are whole seconds.
 *
 * @throws RolloutError `config-invalid` where the id is no ARM id, or the endpoint unsafe for the token
 */
export function createAppInsightsAnnotations(options: AppInsightsAnnotationsOptions): Annotations {
  const { config, runtime, credential, timeoutMs = 10_000 } = options;
  const url = addressOf(config);
  const scope = `${config.endpoint === undefined ? publicCloud : url.origin}/.default`;
  return {
    name: "app-insights",
    mark: async (annotation, signal) => {
      const init: RequestInit = {
        method: "PUT",
        redirect: "manual",
        headers: { "content-type": "application/json", "user-agent": "pulumi-rollouts" },
        body: bodyOf(annotation),
      };
      const answer = await fetchSigned(runtime, { url, init, timeoutMs, signal }, { credential, scope });
      if (!answer.ok) throw failed(answer.message, answer.reason === "denied" ? "auth" : "error");
      if (answer.status < 200 || answer.status > 299) throw refused(answer);
    },
  };
}

/** Id of the annotation of a rollout's step. */
export function annotationId({ rolloutId, step }: Pick<Annotation, "rolloutId" | "step">): string {
  return uuidOfName(`annotation ${JSON.stringify([rolloutId, step])}`);
}

/** Only `Deployment` is shown. Properties are a text of JSON; what isn't ASCII is escaped, as the service wants it. */
function bodyOf(annotation: Annotation): string {
  const { rolloutId, step, title, atMs, facts } = annotation;
  const body = {
    Id: annotationId(annotation),
    AnnotationName: title,
    EventTime: new Date(atMs).toISOString().slice(0, "2026-01-15T10:00:00".length),
    Category: "Deployment",
    Properties: JSON.stringify({ ...facts, RolloutId: rolloutId, Step: step }),
  };
  return JSON.stringify(body).replaceAll(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function addressOf({ resourceId, endpoint = publicCloud }: AppInsightsAnnotationsConfig): URL {
  const isComponent =
    /^\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/microsoft\.insights\/components\/[^/?#]+$/i;
  const base = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const local = base !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(base.hostname);
  const safe = base?.protocol === "https:" || (base?.protocol === "http:" && local);
  const issues = [
    ...(isComponent.test(resourceId)
      ? []
      : [
          {
            path: "resourceId",
            received: JSON.stringify(resourceId),
            rule: "must be the ARM id of an Application Insights resource",
            hint: "Copy the resource id: /subscriptions/…/providers/microsoft.insights/components/….",
          },
        ]),
    ...(safe
      ? []
      : [
          {
            path: "endpoint",
            received: JSON.stringify(endpoint),
            rule: "must be an https URL (http only on this machine)",
            hint: "Leave it out for the public cloud.",
          },
        ]),
  ];
  if (base === undefined || issues.length > 0) throw configError(issues);
  const path = resourceId.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const url = new URL(`/${path}/Annotations`, base);
  url.searchParams.set("api-version", apiVersion);
  return url;
}

/** With the envelope of ARM's errors, or without. */
const refusal = z.union([
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }).transform(({ error }) => error),
  z.object({ code: z.string(), message: z.string() }),
]);

function refused({ status, text }: Fetched): RolloutError {
  const said = refusal.safeParse(parse(text));
  const why = said.success ? `${said.data.code}: ${said.data.message.slice(0, longest)} ` : "";
  return failed(`${why}(HTTP ${status})`, status === 401 || status === 403 ? "auth" : "error");
}

function failed(why: string, exit: "auth" | "error"): RolloutError {
  return new RolloutError(`Application Insights did not take the annotation: ${why}.`, {
    code: "annotation-failed",
    exit,
    hint:
      exit === "auth"
        ? "The identity needs the role Application Insights Component Contributor on the resource."
        : "The rollout goes on without it.",
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
