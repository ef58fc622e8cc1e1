import { json } from "./http-fake.ts";
import { azureError } from "./http-fake-azure-monitor.ts";
import type { FakeService } from "./http-fake-channels.ts";

export const annotationsToken = "planted-annotations-token";
export const annotationsCredential = {
  getToken: async () => ({ token: annotationsToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};
export const component =
  "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/atp-prod/providers/microsoft.insights/components/atp";

/** An annotation as the service keeps it. */
export interface StoredAnnotation {
  readonly Id: string;
  readonly AnnotationName: string;
  readonly EventTime: string;
  readonly Category: string;
  readonly Properties: string;
}

export interface FakeAppInsights extends FakeService {
  /** By id; those that the portal shows have the category Deployment. */
  readonly stored: ReadonlyMap<string, StoredAnnotation>;
}

/**
 * ARM's annotations of an Application Insights resource, by the documentation: a PUT of one annotation with an id of its
 * own, api-version 2015-05-01, JSON in ASCII; the same id again is the same annotation.
 */
export function fakeAppInsights(token = annotationsToken): FakeAppInsights {
  const stored = new Map<string, StoredAnnotation>();
  const taken: string[] = [];
  return {
    stored,
    taken,
    answer: ({ method, url, headers, body }) => {
      if (headers.authorization !== `Bearer ${token}`)
        return azureError(401, ["AuthenticationFailed", "Authentication failed."]);
      const known = `${component}/Annotations`.toLowerCase();
      if (decodeURIComponent(url.pathname).toLowerCase() !== known)
        return azureError(404, ["ResourceNotFound", `The Resource '${url.pathname}' was not found.`]);
      if (method !== "PUT" || url.searchParams.get("api-version") !== "2015-05-01")
        return azureError(400, [
          "InvalidApiVersionParameter",
          `${method} with ${url.search} is not supported.`,
        ]);
      if (!/^application\/json\b/.test(headers["content-type"] ?? ""))
        return azureError(415, ["UnsupportedMediaType", "The content media type is not supported."]);
      const problem = problemOf(body);
      if (problem !== undefined) return json({ code: "InvalidAnnotation", message: problem }, 400);
      const annotation = JSON.parse(body) as StoredAnnotation;
      stored.set(annotation.Id, annotation);
      taken.push(annotation.AnnotationName);
      return json([annotation]);
    },
  };
}

/** Why a body is no annotation. */
function problemOf(body: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is asked for.
  if (!/^[\x00-\x7f]*$/.test(body)) return "the body has characters beyond ASCII";
  const { Id, AnnotationName, EventTime, Category, Properties } = JSON.parse(
    body,
  ) as Partial<StoredAnnotation>;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(Id ?? "")) return "Id is no GUID";
  if (typeof AnnotationName !== "string" || AnnotationName === "") return "AnnotationName is missing";
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(EventTime ?? "")) return "EventTime is no sortable time";
  if (typeof Category !== "string") return "Category is missing";
  if (typeof Properties !== "string" || typeof JSON.parse(Properties) !== "object")
    return "Properties are no JSON text";
  return undefined;
}
