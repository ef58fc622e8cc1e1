import { afterEach, expect, it } from "vitest";
import type { MessageServer } from "../../src/cli/compose/rehearsed-messages.ts";
import { messagesOf } from "../../src/driver/messages.ts";
import { owedIn, waitingIn } from "../../src/driver/outbox-owed.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import { type FakeAnswer, json, startHttpFake } from "../support/http-fake.ts";
import { component, fakeAppInsights } from "../support/http-fake-annotations.ts";
import {
  type FakeService,
  fakeGithub,
  fakePagerDuty,
  fakeSlack,
  fakeTeams,
  fakeWebhook,
} from "../support/http-fake-channels.ts";
import { openStack, type RehearsedStack } from "../support/rehearse.ts";
import { startSmtpFake } from "../support/smtp-fake.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the stack's keys and URLs are in a rehearsal. */
const key = "rehearsal-placeholder";
const secure = { secure: "v1:not-to-be-read" };

/** What a service answers to its first request, and to its nth where it is told so. */
type Script = Readonly<Record<number, FakeAnswer>>;
const busy: FakeAnswer = { status: 429, headers: { "retry-after": "1" } };

interface Server {
  readonly fake: FakeService;
  /** What it was asked and said, in order: `429`, `sent …`. */
  readonly told: string[];
  readonly at: MessageServer;
}

/** A service over HTTPS that holds to its contract but where the script says otherwise. */
async function serve(channel: string, fake: FakeService, script: Script): Promise<Server> {
  const told: string[] = [];
  let nth = 0;
  const server = await startHttpFake(
    (request) => {
      const before = fake.taken.length;
      const answer = script[nth++] ?? fake.answer(request);
      if (fake.taken.length > before) told.push(`sent ${fake.taken.at(-1)}`);
      else if (typeof answer === "object" && answer.status > 299) told.push(String(answer.status));
      return answer;
    },
    { tls: true },
  );
  cleanups.push(() => server.close());
  return { fake, told, at: { channel, url: server.url } };
}

/** Each of the services that a stack can tell, each with troubles of its own. */
async function everybody(scripts: Readonly<Record<string, Script>>) {
  const on = (channel: string, fake: FakeService) => serve(channel, fake, scripts[channel] ?? {});
  const pagerduty = fakePagerDuty(key);
  const github = fakeGithub(key);
  const insights = fakeAppInsights(key);
  const servers = {
    pagerduty: await on("pagerduty", pagerduty),
    slack: await on("slack", fakeSlack()),
    "slack 2": await on("slack 2", fakeSlack()),
    teams: await on("teams", fakeTeams()),
    "github-deployments": await on("github-deployments", github),
    webhook: await on("webhook", fakeWebhook()),
    "app-insights": await on("app-insights", insights),
  };
  const mail = await startSmtpFake();
  cleanups.push(() => mail.close());
  const incidents: string[] = [];
  const opener = await startHttpFake(
    ({ body }) => {
      incidents.push(JSON.parse(body).key);
      return json({ id: "INC-7" }, 201);
    },
    { tls: true },
  );
  cleanups.push(() => opener.close());
  const messagesTo = [
    ...Object.values(servers).map(({ at }) => at),
    { channel: "email", url: mail.url },
    { channel: "incident", url: opener.url },
  ];
  return { servers, messagesTo, mail, incidents, pagerduty, github, insights };
}

/** The stack's own channels, with secrets that a rehearsal can't open. */
function channels(rollout: Record<string, unknown>): void {
  rollout["notify"] = [
    { kind: "pagerduty", routingKey: secure },
    { kind: "slack", webhook: secure },
    { kind: "slack", webhook: secure, for: "deployments" },
    { kind: "teams", workflow: secure },
    { kind: "email", smtp: secure, from: "rollouts@atp.example", to: ["platform@atp.example"] },
    { kind: "github-deployments", repository: "atp/ingestion", token: secure, ref: "v{version}" },
    { kind: "webhook", url: secure },
    { kind: "app-insights", resourceId: component },
  ];
  rollout["incident"] = { kind: "http", url: secure };
  // Whom an alarm goes up to is tested beside these.
  rollout["escalation"] = false;
}

async function open(
  world: Awaited<ReturnType<typeof everybody>>,
  observer: (entry: JournalEntry) => void = () => {},
): Promise<RehearsedStack> {
  const { messagesTo } = world;
  const stack = await openStack({ faults: ["errors=3%@20"], change: channels, messagesTo, observer });
  cleanups.push(() => stack.close());
  return stack;
}

const starting = "atp-ingestion 1.2.3 → 1.2.4: production deployment starting";
const titles = [
  starting,
  "atp-ingestion 1.2.3 → 1.2.4: 5 % of traffic",
  "atp-ingestion 1.2.3 → 1.2.4: 20 % of traffic",
  "ROLLBACK IN PROGRESS: atp-ingestion 1.2.3 → 1.2.4",
  "Rollback complete: atp-ingestion serves 1.2.3",
];
const [, five, twenty, back, done] = titles;
const symbols = ["📢", "✅", "✅", "🔴", "↩️"];
const chat = titles.map((title, index) => `sent ${symbols[index]} [rehearsal] ${title}`);
/** A card's text is markdown. */
const card = chat.map((text) => text.replace("[rehearsal]", String.raw`\[rehearsal\]`));
const states = ["in_progress", "in_progress", "in_progress", "in_progress", "failure"];

it("a rehearsal that reverts tells every service its sequence, in order, once, whatever they answer first", async () => {
  const world = await everybody({
    pagerduty: { 0: { status: 503 } },
    slack: { 0: busy, 3: { status: 500, body: "rollup_error" } },
    "slack 2": Object.fromEntries(
      Array.from({ length: 9 }, (_, nth) => [nth, { status: 410, body: "channel_is_archived" }]),
    ),
    teams: { 2: { status: 502 } },
    "github-deployments": { 0: busy },
    webhook: { 4: busy },
    "app-insights": { 1: { status: 429, headers: { "retry-after": "2" } } },
  });
  const { servers, mail, incidents, pagerduty, github, insights } = world;
  const stack = await open(world);
  const outcome = await stack.run("1.2.4");
  expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20" });

  expect(servers.slack.told).toEqual(["429", chat[0], chat[1], "500", chat[2], chat[3], chat[4]]);
  // Archived is archived: one try each, and no channel waits for it.
  expect(servers["slack 2"].told).toEqual(["410", "410", "410", "410"]);
  expect(servers.teams.told).toEqual([card[0], card[1], "502", card[2], card[3], card[4]]);
  expect(servers.pagerduty.told).toEqual([
    "503",
    ...[starting, five, twenty].map((title) => `sent change [rehearsal] ${title}`),
    `sent error [rehearsal] ${back}`,
    "sent resolve",
  ]);
  expect(servers["github-deployments"].told).toEqual([
    "429",
    ...titles.map((title, index) => `sent ${states[index]} ${title}`),
  ]);
  expect(servers.webhook.told).toEqual([
    ...[starting, five, twenty, back].map((title) => `sent ${title}`),
    "429",
    `sent ${done}`,
  ]);
  const marks = [five, twenty, back, done].map((title) => `sent [rehearsal] ${title}`);
  expect(servers["app-insights"].told).toEqual([marks[0], "429", ...marks.slice(1)]);
  expect(mail.mails.map((text) => /^Message-ID: <.*\.(\d+)@/m.exec(text)?.[1])).toEqual(
    messagesOf(stack.entries).map(({ message }) => message.id.split("/")[1]),
  );

  const { rolloutId } = outcome;
  const alert = `rollout:production:atp-ingestion:${rolloutId}`;
  expect([...pagerduty.alerts]).toEqual([[alert, { opened: 1, open: false }]]);
  expect(github.deployments).toMatchObject([{ ref: "v1.2.4", payload: { rolloutId } }]);
  expect(insights.stored.size).toBe(4);
  expect(incidents).toEqual([alert]);
  expect([...owedIn(stack.entries), ...waitingIn(stack.entries)]).toEqual([]);
  const given = stack.entries.filter(({ data }) => data["gaveUp"] === true);
  expect(given.map(({ data }) => [data["channel"], data["message"]])).toEqual(
    Array.from({ length: 4 }, () => ["slack 2", "it answered HTTP 410: channel_is_archived"]),
  );
  expect(JSON.stringify(stack.entries)).not.toMatch(/127\.0\.0\.1|rehearsal-placeholder/);
});

it("a driver that dies between each effect and its message: the next one sends it, in order", async () => {
  const world = await everybody({ slack: { 1: busy } });
  let dead = false;
  let owing: string | undefined;
  const deaths: string[] = [];
  const journal: JournalEntry[] = [];
  const stack = await open(world, (entry) => {
    journal.push(entry);
    if (dead) throw new Error("killed");
    // What waits for an incident is owed by the decision that turned back.
    const made = [...messagesOf(journal), ...waitingIn(journal).map((one) => one.made)];
    const owed = made.find(({ message }) => Number(message.id.split("/")[1]) === entry.seq);
    if (owed === undefined || deaths.includes(owed.message.title)) return;
    owing = owed.message.title;
    dead = true;
    throw new Error("killed");
  });
  let outcome: string | undefined;
  for (let runs = 0; outcome === undefined && runs < 12; runs += 1) {
    const run = await stack.run("1.2.4").catch((error: unknown) => error);
    if (!dead && !(run instanceof Error)) outcome = Object(run).outcome;
    if (owing !== undefined) deaths.push(owing);
    owing = undefined;
    dead = false;
  }
  expect(deaths).toEqual(titles);
  expect(outcome).toBe("reverted");
  expect([...owedIn(journal), ...waitingIn(journal)]).toEqual([]);
  const { servers, insights, pagerduty, github, mail } = world;
  for (const [name, { fake }] of Object.entries(servers)) {
    const distinct = [...new Set(fake.taken)];
    // One may come twice: that which was on its way at a death, and no more often.
    const twice = distinct.map((text) => fake.taken.filter((one) => one === text).length);
    expect(Math.max(...twice), name).toBeLessThanOrEqual(2);
    expect(fake.taken.length - distinct.length, name).toBeLessThanOrEqual(deaths.length);
    expect(
      fake.taken.filter((text, at) => text !== fake.taken[at - 1]),
      name,
    ).toEqual(distinct);
  }
  expect([...new Set(servers.webhook.fake.taken)]).toEqual(titles);
  expect([...new Set(servers.slack.fake.taken)].map((text) => `sent ${text}`)).toEqual(chat);
  expect(new Set(mail.mails.map((text) => /^Message-ID: (.*)$/m.exec(text)?.[1])).size).toBe(titles.length);
  // Services that can tell a repetition have none.
  expect([...pagerduty.alerts.values()]).toEqual([{ opened: 1, open: false }]);
  expect(github.deployments).toHaveLength(1);
  expect(servers["github-deployments"].fake.taken).toHaveLength(titles.length);
  expect([...insights.stored.values()].map(({ AnnotationName }) => AnnotationName)).toEqual(
    [five, twenty, back, done].map((title) => `[rehearsal] ${title}`),
  );
});
