import { afterEach, describe, expect, it } from "vitest";
import { createLogNotify } from "../../../../src/adapters/notify/log-notify.ts";
import { openChannels } from "../../../../src/adapters/notify/open.ts";
import type { Delivery, Notify } from "../../../../src/ports/notify.ts";
import type { RolloutMessage } from "../../../../src/types/message.ts";
import type { NotifyConfig } from "../../../../src/types/notify.ts";
import { closedPort, type FakeAnswer, type HttpFake, startHttpFake } from "../../../support/http-fake.ts";
import { channelAt, fakeGithub, fakePagerDuty, plantedKey } from "../../../support/http-fake-channels.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";
import { aMessage } from "../../../support/messages.ts";

let server: HttpFake | undefined;
afterEach(() => server?.close());

type Kind = NotifyConfig["kind"];
const overHttp: readonly Kind[] = ["webhook", "slack", "teams", "pagerduty", "github-deployments"];

async function channel(
  kind: Kind,
  answer: FakeAnswer | ((request: Parameters<Parameters<typeof startHttpFake>[0]>[0]) => FakeAnswer),
) {
  server = await startHttpFake((request) => (typeof answer === "function" ? answer(request) : answer));
  const { runtime, wall } = createMemoryRuntime();
  const notify = await openOne(channelAt(kind, server.url), runtime);
  return { notify, wall, server };
}

async function openOne(
  config: NotifyConfig,
  runtime = createMemoryRuntime().runtime,
  env: NodeJS.ProcessEnv = {},
): Promise<Notify> {
  const [notify] = await openChannels({ configs: [config], runtime, env });
  if (notify === undefined) throw new Error("no channel was opened");
  return notify;
}

const page = `<html>upstream of /services/${plantedKey} failed</html>`;

describe.each(overHttp)("%s: what an answer means", (kind) => {
  it.each<[string, FakeAnswer, Partial<Delivery>]>([
    [
      "an error of the server",
      { status: 500, body: page },
      { status: "later", reason: "it answered HTTP 500" },
    ],
    [
      "a gateway that is down",
      { status: 503, headers: { "retry-after": "120" } },
      { status: "later", afterMs: 120_000 },
    ],
    [
      "a date to come back at",
      { status: 429, headers: { "retry-after": "Thu, 15 Jan 2026 10:00:30 GMT" } },
      { status: "later", afterMs: 30_000 },
    ],
    [
      "a key that was revoked",
      { status: 401, body: page },
      { status: "refused", reason: "it answered HTTP 401" },
    ],
    [
      "a place that is gone",
      { status: 410, body: page },
      { status: "refused", reason: "it answered HTTP 410" },
    ],
    [
      "a redirect, which could lead to another host",
      { status: 302, headers: { location: "/elsewhere" } },
      { status: "refused" },
    ],
    ["a dropped connection", "cut", { status: "later" }],
  ])("%s", async (_, answer, expected) => {
    const { notify, server } = await channel(kind, answer);
    const delivery = await notify.send(aMessage());
    expect(delivery).toMatchObject(expected);
    expect(JSON.stringify(delivery)).not.toContain("planted");
    expect(server.requests).toHaveLength(1);
  });

  it("is given 10 s", async () => {
    const { notify, wall, server } = await channel(kind, "hang");
    const sent = notify.send(aMessage());
    await until(() => server.requests.length === 1);
    await wall.advance(10_000);
    expect(await sent).toEqual({ status: "later", reason: "no answer within 10 s" });
  });

  it("nothing listens, and a URL is none", async () => {
    const nobody = await openOne(channelAt(kind, `http://127.0.0.1:${closedPort}`));
    expect(await nobody.send(aMessage())).toEqual({ status: "later", reason: "ECONNREFUSED" });
    const wrong = await openOne(channelAt(kind, `not a url ${plantedKey}`));
    const delivery = await wrong.send(aMessage());
    expect(delivery.status).not.toBe("sent");
    expect(JSON.stringify(delivery)).not.toContain("planted");
  });
});

describe("webhook", () => {
  it("posts the whole message as versioned JSON", async () => {
    const { notify, server } = await channel("webhook", { status: 200 });
    await notify.send(aMessage());
    const [request] = server.requests;
    expect(request?.method).toBe("POST");
    expect(request?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(request?.body ?? "")).toEqual(aMessage());
  });
});

describe("slack", () => {
  it("tells the service's own word, and no page of a proxy", async () => {
    const { notify } = await channel("slack", { status: 404, body: "no_service" });
    expect(await notify.send(aMessage())).toEqual({
      status: "refused",
      reason: "it answered HTTP 404: no_service",
    });
  });
});

describe("pagerduty", () => {
  it("asks for a minute where the service limits and doesn't say when", async () => {
    const { notify } = await channel("pagerduty", { status: 429 });
    expect(await notify.send(aMessage())).toMatchObject({ status: "later", afterMs: 60_000 });
  });

  it("triggers by one key, closes without another word, and makes a change of a promotion", async () => {
    const fake = fakePagerDuty();
    const { notify, server } = await channel("pagerduty", (request) => fake.answer(request));
    const key = "rollout:prod:atp-ingestion:1.2.5-abc";
    await notify.send(aMessage({ kind: "hold", phase: "hold", severity: "warning" }));
    await notify.send(aMessage());
    await notify.send(
      aMessage({
        phase: "promoted",
        kind: "promoted",
        title: "it serves",
        alert: { action: "resolve", key },
      }),
    );
    expect(fake.taken).toEqual([
      expect.stringMatching(/^warning /),
      expect.stringMatching(/^error /),
      "resolve",
      "change it serves",
    ]);
    expect(fake.alerts.get(key)).toEqual({ opened: 1, open: false });
    expect(JSON.parse(server.requests[1]?.body ?? "")).toMatchObject({
      dedup_key: key,
      payload: {
        timestamp: "2026-01-15T19:12:00.000Z",
        component: "atp-ingestion",
        custom_details: { toBuild: "1.2.5+bbbb", impact: expect.stringContaining("31 of 1,000") },
      },
      links: [{ text: "Application Insights" }],
    });
  });

  it("closes an alert before it tells the change, so that a repetition closes nothing twice", async () => {
    const fake = fakePagerDuty();
    let calls = 0;
    const { notify } = await channel("pagerduty", (request) => {
      calls += 1;
      return calls === 2 ? { status: 503 } : fake.answer(request);
    });
    const promoted = aMessage({ phase: "promoted", alert: { action: "resolve", key: "k" } });
    expect(await notify.send(promoted)).toMatchObject({ status: "later" });
    expect(await notify.send(promoted)).toEqual({ status: "sent" });
    expect(fake.alerts.get("k")).toEqual({ opened: 0, open: false });
  });
});

describe("github-deployments", () => {
  it("finds its deployment again, and writes no status twice", async () => {
    const fake = fakeGithub();
    const { notify } = await channel("github-deployments", (request) => fake.answer(request));
    const other = aMessage({ rolloutId: "1.2.5-other", id: "1.2.5-other/3" });
    for (const message of [aMessage(), aMessage(), other]) await notify.send(message);
    expect(fake.deployments.map(({ payload }) => payload["rolloutId"])).toEqual(["1.2.5-abc", "1.2.5-other"]);
    expect(fake.taken).toHaveLength(2);
  });

  it.each<[Partial<RolloutMessage>, string]>([
    [{ phase: "starting", kind: "progress" }, "in_progress"],
    [{ phase: "hold", kind: "hold" }, "pending"],
    [{ phase: "rolled-back" }, "failure"],
    [{ kind: "revert-failed" }, "error"],
    [{ phase: "promoted", kind: "promoted" }, "success"],
  ])("%o is %s", async (said, state) => {
    const fake = fakeGithub();
    const { notify } = await channel("github-deployments", (request) => fake.answer(request));
    await notify.send(aMessage(said));
    expect(fake.taken).toEqual([expect.stringMatching(new RegExp(`^${state} `))]);
  });

  it("waits until the rate limit is over, and takes another 403 for what it is", async () => {
    const reset = String(Date.UTC(2026, 0, 15, 10, 5) / 1000);
    const limit = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    const { notify } = await channel("github-deployments", { status: 403, headers: limit });
    expect(await notify.send(aMessage())).toMatchObject({ status: "later", afterMs: 300_000 });
    await server?.close();
    const denied = await channel("github-deployments", { status: 403 });
    expect(await denied.notify.send(aMessage())).toMatchObject({ status: "refused" });
  });

  it("takes the pipeline's commit where no ref is configured, and says where there is none", async () => {
    const fake = fakeGithub();
    server = await startHttpFake((request) => fake.answer(request));
    const { ref: _, ...config } = channelAt("github-deployments", server.url) as Extract<
      NotifyConfig,
      { kind: "github-deployments" }
    >;
    const { runtime } = createMemoryRuntime();
    const inPipeline = await openOne(config, runtime, { GITHUB_SHA: "c0ffee" });
    await inPipeline.send(aMessage());
    expect(fake.deployments[0]?.ref).toBe("c0ffee");
    const elsewhere = await openOne(config, runtime);
    expect(await elsewhere.send(aMessage())).toMatchObject({
      status: "refused",
      reason: expect.stringContaining("GITHUB_SHA"),
    });
  });
});

it("channels of one kind have names of their own, which the journal can tell apart", async () => {
  const { runtime } = createMemoryRuntime();
  const configs: NotifyConfig[] = [
    { kind: "log", for: "incidents" },
    channelAt("slack", "http://a"),
    channelAt("slack", "http://b"),
  ];
  const opened = await openChannels({ configs, runtime, env: {} });
  expect(opened.map(({ name, kind, for: which }) => [name, kind, which])).toEqual([
    ["log", "log", "incidents"],
    ["slack", "slack", "all"],
    ["slack 2", "slack", "all"],
  ]);
});

it("the log warns of what a person should look at", async () => {
  const { runtime, lines } = createMemoryRuntime();
  const notify = createLogNotify({ config: { kind: "log" }, runtime });
  for (const kind of ["progress", "promoted", "hold", "revert", "revert-failed"] as const)
    await notify.send(aMessage({ kind }));
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["info", "info", "warn", "warn", "warn"]);
  expect(lines[0]).toContain("[1.2.5-abc]");
});
