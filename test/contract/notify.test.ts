import { afterEach } from "vitest";
import { createLogNotify } from "../../src/adapters/notify/log-notify.ts";
import { openChannels } from "../../src/adapters/notify/open.ts";
import type { NotifyConfig } from "../../src/types/notify.ts";
import { type FakeAnswer, type HttpFake, startHttpFake } from "../support/http-fake.ts";
import { annotationsCredential, fakeAppInsights } from "../support/http-fake-annotations.ts";
import {
  channelAt,
  type FakeService,
  fakeGithub,
  fakePagerDuty,
  fakeSlack,
  fakeTeams,
  fakeWebhook,
} from "../support/http-fake-channels.ts";
import { createMemoryNotify } from "../support/memory-notify.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { type NotifyUnderTest, notifySuite, type Trouble } from "./notify-suite.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** How each service refuses for good, by its documentation. */
const never: Readonly<Record<string, FakeAnswer>> = {
  slack: { status: 410, body: "channel_is_archived" },
  teams: { status: 401 },
  pagerduty: { status: 400, body: '{"status":"invalid event"}' },
  "github-deployments": { status: 422, body: '{"message":"Validation Failed"}' },
  webhook: { status: 404 },
  "app-insights": { status: 400, body: '{"code":"InvalidAnnotation","message":"no"}' },
};

function answerTo(trouble: Trouble, kind: string): FakeAnswer {
  if (trouble === "down") return { status: 503 };
  if (trouble === "busy") return { status: 429, headers: { "retry-after": "7" } };
  return never[kind] ?? { status: 400 };
}

async function overHttp(kind: NotifyConfig["kind"], service: FakeService): Promise<NotifyUnderTest> {
  let trouble: Trouble | undefined;
  const server = await startHttpFake((request) =>
    trouble === undefined ? service.answer(request) : answerTo(trouble, kind),
  );
  servers.push(server);
  const { runtime } = createMemoryRuntime();
  const configs = [channelAt(kind, server.url)];
  const [notify] = await openChannels({
    configs,
    runtime,
    env: {},
    credential: async () => annotationsCredential,
  });
  if (notify === undefined) throw new Error("no channel was opened");
  const breakIt = (how: Trouble | undefined) => {
    trouble = how;
  };
  return { notify, delivered: () => service.taken, breakIt };
}

notifySuite("memory", async () => {
  const notify = createMemoryNotify();
  const answers = {
    down: { status: "later", reason: "down" },
    busy: { status: "later", reason: "busy", afterMs: 7000 },
    never: { status: "refused", reason: "no such channel" },
  } as const;
  return {
    notify,
    delivered: () => notify.sent.map(({ title }) => title),
    breakIt: (how) => notify.answerWith(how === undefined ? undefined : answers[how]),
  };
});

notifySuite(
  "log",
  async () => {
    const { runtime, lines } = createMemoryRuntime();
    const notify = createLogNotify({ config: { kind: "log" }, runtime });
    return { notify, delivered: () => lines, breakIt: () => undefined };
  },
  { canFail: false },
);

notifySuite("webhook", () => overHttp("webhook", fakeWebhook()));
notifySuite("slack", () => overHttp("slack", fakeSlack()));
notifySuite("teams", () => overHttp("teams", fakeTeams()));
notifySuite("pagerduty", () => overHttp("pagerduty", fakePagerDuty()));
notifySuite("github-deployments", () => overHttp("github-deployments", fakeGithub()));
notifySuite("app-insights", () => overHttp("app-insights", fakeAppInsights()));
