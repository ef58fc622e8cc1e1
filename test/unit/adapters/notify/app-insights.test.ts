import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AppInsightsOptions,
  annotationId,
  createAppInsightsNotify,
} from "../../../../src/adapters/notify/app-insights-notify.ts";
import type { Delivery } from "../../../../src/ports/notify.ts";
import { type FakeAnswer, type HttpFake, json, startHttpFake } from "../../../support/http-fake.ts";
import {
  annotationsCredential,
  annotationsToken,
  component,
  type FakeAppInsights,
  fakeAppInsights,
} from "../../../support/http-fake-annotations.ts";
import { azureError } from "../../../support/http-fake-azure-monitor.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";
import { aMessage } from "../../../support/messages.ts";

let fake: HttpFake;
let service: FakeAppInsights;
let instead: FakeAnswer | undefined;
beforeEach(async () => {
  instead = undefined;
  service = fakeAppInsights();
  // By the byte: what is beyond ASCII has to show.
  fake = await startHttpFake((request) => instead ?? service.answer(request), {
    tls: true,
    encoding: "latin1",
  });
});
afterEach(() => fake.close());

function open(over: Partial<AppInsightsOptions> = {}) {
  const { runtime, wall } = createMemoryRuntime();
  const config = { kind: "app-insights", resourceId: component, endpoint: fake.url } as const;
  return {
    notify: createAppInsightsNotify({ config, runtime, credential: annotationsCredential, ...over }),
    wall,
  };
}

describe("what is sent", () => {
  it("is the documented PUT", async () => {
    const message = aMessage();
    expect(await open().notify.send(message)).toEqual({ status: "sent" });
    const [request] = fake.requests;
    expect(request?.method).toBe("PUT");
    expect(`${request?.url.pathname}${request?.url.search}`).toBe(
      `${component}/Annotations?api-version=2015-05-01`,
    );
    expect(request?.headers["content-type"]).toBe("application/json");
    const { Properties, ...rest } = JSON.parse(request?.body ?? "");
    expect(rest).toEqual({
      Id: annotationId(message),
      AnnotationName: message.title,
      EventTime: "2026-01-15T19:12:00",
      Category: "Deployment",
    });
    expect(JSON.parse(Properties)).toEqual({
      Service: "atp-ingestion",
      Environment: "production",
      From: "1.2.4",
      To: "1.2.5",
      Step: "20",
      Exposure: "20 %",
      Status: "Rolling back",
      Reason: message.reason,
      RolloutId: message.rolloutId,
    });
  });

  it("is one annotation, however often a message comes", async () => {
    const { notify } = open();
    for (const _ of [1, 2]) await notify.send(aMessage());
    await notify.send(aMessage({ id: "1.2.5-abc/18", title: "Rollback complete" }));
    expect([...service.stored.values()].map(({ AnnotationName }) => AnnotationName)).toEqual([
      aMessage().title,
      "Rollback complete",
    ]);
    expect(annotationId({ id: "r/1" })).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab]/);
  });

  it("is ASCII, with what isn't escaped, and marked where it is rehearsed", async () => {
    await open().notify.send(aMessage({ title: "→ 版 🚦", status: "ü", rehearsed: true }));
    const body = fake.requests[0]?.body ?? "";
    expect(body).toContain(String.raw`"AnnotationName":"[rehearsal] \u2192 \u7248 \ud83d\udea6"`);
    expect(body).toContain(String.raw`\u00fc`);
  });

  it("asks for a token of its cloud", async () => {
    const scopes: string[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        scopes.push(...[scope].flat());
        return await annotationsCredential.getToken();
      },
    };
    await open({ credential }).notify.send(aMessage());
    const { runtime } = createMemoryRuntime({ fetch: async () => new Response("[]") });
    const config = { kind: "app-insights", resourceId: component } as const;
    await open({ credential, runtime, config }).notify.send(aMessage());
    expect(scopes).toEqual([`${fake.url}/.default`, "https://management.azure.com/.default"]);
  });

  it("is nothing where a token would not be safe", async () => {
    for (const endpoint of ["http://management.example", "nowhere"]) {
      const config = { kind: "app-insights", resourceId: component, endpoint } as const;
      expect(await open({ config }).notify.send(aMessage())).toMatchObject({ status: "refused" });
    }
    expect(fake.requests).toEqual([]);
  });
});

describe("what is answered", () => {
  const role = "Application Insights Component Contributor";
  it.each<[FakeAnswer, Delivery["status"], string]>([
    [azureError(401, ["AuthenticationFailed", "no"]), "refused", role],
    [azureError(403, ["AuthorizationFailed", "no write"]), "refused", "HTTP 403: AuthorizationFailed"],
    [json({ code: "InvalidAnnotation", message: "bad" }, 400), "refused", "HTTP 400: InvalidAnnotation"],
    [azureError(429, ["TooManyRequests", "slow"]), "later", "HTTP 429: TooManyRequests"],
    [{ status: 503, body: "<html>" }, "later", "HTTP 503"],
    [{ status: 302, headers: { location: "/login" } }, "refused", "HTTP 302"],
    ["cut", "later", ""],
  ])("%j", async (answer, status, reason) => {
    instead = answer;
    const delivery = await open().notify.send(aMessage());
    expect(delivery).toMatchObject({ status, reason: expect.stringContaining(reason) });
    expect(JSON.stringify(delivery)).not.toContain(annotationsToken);
  });

  it("nothing, within 10 s, is tried again", async () => {
    instead = "hang";
    const { notify, wall } = open();
    const delivery = notify.send(aMessage());
    await until(() => fake.requests.length === 1);
    await wall.advance(10_000);
    expect(await delivery).toEqual({ status: "later", reason: "no answer within 10 s" });
  });

  it.each([
    ["none", async () => null, "no identity gives a token"],
    [
      "an error",
      async () => {
        throw new Error("CredentialUnavailableError: az login");
      },
      "az login",
    ],
  ])("without a token (%s): nothing is sent, and it is tried again", async (_, getToken, reason) => {
    const delivery = await open({ credential: { getToken } }).notify.send(aMessage());
    expect(delivery).toMatchObject({ status: "later", reason: expect.stringContaining(reason) });
    expect(fake.requests).toEqual([]);
  });
});
