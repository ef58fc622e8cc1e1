import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AppInsightsAnnotationsOptions,
  annotationId,
  createAppInsightsAnnotations,
} from "../../../../src/adapters/annotations/app-insights.ts";
import { anAnnotation } from "../../../contract/annotations-suite.ts";
import { json } from "../../../support/http-fake.ts";
import {
  type AnnotationsFake,
  annotationsCredential,
  annotationsToken,
  component,
  startAnnotationsFake,
} from "../../../support/http-fake-annotations.ts";
import { azureError } from "../../../support/http-fake-azure-monitor.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

let fake: AnnotationsFake;
beforeEach(async () => {
  fake = await startAnnotationsFake();
});
afterEach(() => fake.close());

function open(over: Partial<AppInsightsAnnotationsOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  const config = { resourceId: component, endpoint: fake.url };
  const options = { config, runtime, credential: annotationsCredential, ...over };
  return { annotations: createAppInsightsAnnotations(options), wall };
}

const failureOf = (mark: Promise<void>) =>
  mark.then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

describe("what is sent", () => {
  it("is the documented PUT", async () => {
    await open().annotations.mark(anAnnotation);
    const [request] = fake.requests;
    expect(request?.method).toBe("PUT");
    expect(`${request?.url.pathname}${request?.url.search}`).toBe(
      `${component}/Annotations?api-version=2015-05-01`,
    );
    expect(request?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(request?.body ?? "")).toEqual({
      Id: annotationId(anAnnotation),
      AnnotationName: anAnnotation.title,
      EventTime: "2026-01-15T10:15:00",
      Category: "Deployment",
      Properties: JSON.stringify({ ...anAnnotation.facts, RolloutId: anAnnotation.rolloutId, Step: "20" }),
    });
  });

  it("is ASCII, with what isn't escaped", async () => {
    await open().annotations.mark({ ...anAnnotation, title: "→ 版 🚦", facts: { note: "ü" } });
    const body = fake.requests[0]?.body ?? "";
    expect(body).toContain(String.raw`"AnnotationName":"\u2192 \u7248 \ud83d\udea6"`);
    expect(body).toContain(String.raw`\u00fc`);
  });

  it("has the same id on every machine", () => {
    expect(annotationId({ rolloutId: "r", step: "20" })).toBe(annotationId({ rolloutId: "r", step: "20" }));
    expect(annotationId({ rolloutId: "r", step: "20" })).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab]/,
    );
  });

  it("asks for a token of its cloud", async () => {
    const scopes: string[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        scopes.push(...[scope].flat());
        return await annotationsCredential.getToken();
      },
    };
    await open({ credential }).annotations.mark(anAnnotation);
    const { runtime } = createMemoryRuntime({ fetch: async () => new Response("[]") });
    await open({ credential, runtime, config: { resourceId: component } }).annotations.mark(anAnnotation);
    expect(scopes).toEqual([`${fake.url}/.default`, "https://management.azure.com/.default"]);
  });
});

describe("what is answered", () => {
  it.each([200, 201, 204])("HTTP %d is taken", async (status) => {
    fake.override = () => (status === 204 ? { status } : json([], status));
    await expect(open().annotations.mark(anAnnotation)).resolves.toBeUndefined();
  });

  it.each([
    [azureError(401, ["AuthenticationFailed", "no"]), "auth", "AuthenticationFailed: no (HTTP 401)"],
    [
      azureError(403, ["AuthorizationFailed", "no write"]),
      "auth",
      "AuthorizationFailed: no write (HTTP 403)",
    ],
    [json({ code: "InvalidAnnotation", message: "bad" }, 400), "error", "InvalidAnnotation: bad (HTTP 400)"],
    [azureError(429, ["TooManyRequests", "slow"]), "error", "TooManyRequests: slow (HTTP 429)"],
    [{ status: 503, body: "<html>" }, "error", "(HTTP 503)"],
    [{ status: 302, headers: { location: "/login" } }, "error", "(HTTP 302)"],
    ["cut", "error", "Application Insights did not take the annotation"],
  ] as const)("%j is not", async (answer, exit, message) => {
    fake.override = () => answer;
    const error = await failureOf(open().annotations.mark(anAnnotation));
    expect(error).toMatchObject({
      code: "annotation-failed",
      exit,
      message: expect.stringContaining(message),
    });
  });

  it("is redacted: the token stands in no message", async () => {
    fake.override = () => azureError(403, ["AuthorizationFailed", `Bearer ${annotationsToken} may not`]);
    const error = await failureOf(open().annotations.mark(anAnnotation));
    expect(error.message).toContain("Bearer [secret] may not");
  });

  it("nothing, within 10 s, is a failure", async () => {
    fake.override = () => "hang";
    const { annotations, wall } = open();
    const failure = failureOf(annotations.mark(anAnnotation));
    await until(() => fake.requests.length === 1);
    await wall.advance(10_000);
    expect((await failure).message).toContain("no answer within 10 s");
  });
});

describe("without a token", () => {
  it.each([
    ["none", async () => null, "no identity gives a token"],
    [
      "an error",
      async () => {
        throw new Error("CredentialUnavailableError: az login");
      },
      "az login",
    ],
  ])("%s: nothing is sent", async (_, getToken, message) => {
    const error = await failureOf(open({ credential: { getToken } }).annotations.mark(anAnnotation));
    expect(error).toMatchObject({ exit: "auth", message: expect.stringContaining(message) });
    expect(fake.requests).toEqual([]);
  });

  it("a credential that hangs is left within 10 s", async () => {
    const { annotations, wall } = open({ credential: { getToken: () => new Promise(() => {}) } });
    const failure = failureOf(annotations.mark(anAnnotation));
    await until(() => wall.sleepers() === 1);
    await wall.advance(10_000);
    expect((await failure).message).toContain("no answer within 10 s");
  });
});

it.each([
  ["atp", undefined, ["resourceId"]],
  [`${component}/Annotations`, undefined, ["resourceId"]],
  [component.replace("components", "webtests"), undefined, ["resourceId"]],
  [component, "http://management.example", ["endpoint"]],
  ["", "nowhere", ["resourceId", "endpoint"]],
])("refuses %j at %j", (resourceId, endpoint, paths) => {
  const config = { resourceId, ...(endpoint === undefined ? {} : { endpoint }) };
  expect(() => open({ config })).toThrow(
    expect.objectContaining({
      code: "config-invalid",
      issues: paths.map((path) => expect.objectContaining({ path })),
    }),
  );
});
