import { afterEach, describe, expect, it } from "vitest";
import { openChannels } from "../../../src/adapters/notify/open.ts";
import { messagesOf } from "../../../src/driver/messages.ts";
import { owedIn, takes } from "../../../src/driver/outbox-owed.ts";
import type { Notify } from "../../../src/ports/notify.ts";
import type { NotifyConfig } from "../../../src/types/notify.ts";
import { aDriver } from "../../support/drive.ts";
import { type FakeAnswer, type HttpFake, startHttpFake } from "../../support/http-fake.ts";
import { annotationsCredential, fakeAppInsights } from "../../support/http-fake-annotations.ts";
import {
  channelAt,
  type FakeService,
  fakeGithub,
  fakePagerDuty,
  fakeSlack,
  fakeTeams,
  fakeWebhook,
  plantedKey,
} from "../../support/http-fake-channels.ts";
import { createMemoryNotify } from "../../support/memory-notify.ts";
import { until } from "../../support/memory-runtime.ts";
import { aMessage } from "../../support/messages.ts";
import { diesAfter } from "../../support/mortal.ts";

type Driver = ReturnType<typeof aDriver>;

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** At 20 % the version fails. */
function bad(driver: Driver): Driver {
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
  return driver;
}

function withChannels(driver: Driver, notify: readonly Notify[]): void {
  Object.assign(driver.deps, { notify });
}

function messageEntries(driver: Driver, channel: string) {
  return driver
    .entries()
    .filter(({ data }) => data["effect"] === "message" && data["channel"] === channel)
    .map(({ data }) => data);
}

const reverted = [
  "atp-ingestion 1.2.3 → 1.2.4: production deployment starting",
  "atp-ingestion 1.2.3 → 1.2.4: 5 % of traffic",
  "atp-ingestion 1.2.3 → 1.2.4: 20 % of traffic",
  "ROLLBACK IN PROGRESS: atp-ingestion 1.2.3 → 1.2.4",
  "Rollback complete: atp-ingestion serves 1.2.3",
];

describe("the messages of a rollout", () => {
  it("that is taken back: in order, once, each with its entry", async () => {
    const driver = bad(aDriver());
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(driver.notify.sent.map(({ title }) => title)).toEqual(reverted);
    expect(driver.notify.sent).toEqual(messagesOf(driver.entries()).map(({ message }) => message));
    const seqs = driver.notify.sent.map(({ id }) => Number(id.split("/")[1]));
    const makers = seqs.map((seq) => driver.entries()[seq - 1]?.kind);
    expect(new Set(makers)).toEqual(new Set(["decision"]));
    expect(owedIn(driver.entries())).toEqual([]);
  });

  it("that is promoted, with the phases of the guide", async () => {
    const driver = aDriver();
    await driver.run();
    expect(driver.notify.sent.map(({ phase }) => phase)).toEqual([
      "starting",
      ...["increment", "increment", "increment", "increment"],
      "promoted",
    ]);
  });

  it("go to the channels of their kind", async () => {
    const driver = bad(aDriver());
    const incidents = createMemoryNotify({ name: "i", kind: "memory", for: "incidents" });
    const deployments = createMemoryNotify({ name: "d", kind: "memory", for: "deployments" });
    withChannels(driver, [incidents, deployments]);
    await driver.run();
    expect(incidents.sent.map(({ title }) => title)).toEqual(reverted.slice(3));
    // How it has ended is told to everybody.
    expect(deployments.sent.map(({ title }) => title)).toEqual([...reverted.slice(0, 3), reverted[4]]);
  });

  it("mark a chart where traffic moves, and nowhere else", () => {
    const chart = { name: "app-insights", kind: "app-insights", for: "all" } as const;
    const phases = ["starting", "increment", "hold", "rolling-back", "rolled-back", "promoted"] as const;
    const marks = phases.filter((phase) => takes(chart, aMessage({ phase, kind: "progress" })));
    expect(marks).toEqual(["increment", "rolling-back", "rolled-back", "promoted"]);
    expect(takes(chart, aMessage({ phase: "rolling-back", kind: "revert-failed" }))).toBe(true);
    // Whom an alarm goes up to moves nothing.
    expect(takes(chart, aMessage({ phase: "rolling-back", kind: "escalation" }))).toBe(false);
  });

  it("of a hold are told once a step, and its alert is closed once it goes on", async () => {
    const driver = aDriver();
    let down = true;
    driver.world.knobs.metricsDown = (exposure) => down && exposure === 20;
    const running = driver.run();
    await until(() => driver.notify.sent.some(({ phase }) => phase === "hold"));
    down = false;
    expect(await running).toMatchObject({ outcome: "promoted" });
    const alerts = driver.notify.sent.flatMap(({ alert, phase }) => (alert ? [[phase, alert.action]] : []));
    expect(alerts).toEqual([
      ["hold", "trigger"],
      ["promoted", "resolve"],
    ]);
  });

  it("that somebody stopped on purpose call nobody", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    expect(driver.notify.sent.at(-1)).toMatchObject({ phase: "hold", kind: "progress", severity: "info" });
    expect(driver.notify.sent.at(-1)?.alert).toBeUndefined();
    const incidents = { name: "i", kind: "memory", for: "incidents" } as const;
    expect(driver.notify.sent.filter((message) => takes(incidents, message))).toEqual([]);
  });

  it("are none of a journal that knew no announcements, nor of channels that came later", async () => {
    const driver = aDriver();
    await driver.run();
    const old = driver.entries().map((entry) => {
      const { announcement: _, ...data } = entry.data;
      return { ...entry, data };
    });
    expect(messagesOf(old)).toEqual([]);
    const later = createMemoryNotify({ name: "later", kind: "memory", for: "all" });
    withChannels(driver, [driver.notify, later]);
    expect(await driver.run()).toMatchObject({ outcome: "nothing-to-do" });
    expect(later.sent).toEqual([]);
  });
});

interface Service {
  readonly kind: NotifyConfig["kind"];
  readonly fake: FakeService;
  /** What is taken of a rollout that is taken back. */
  readonly taken: readonly string[];
}

function services(): readonly Service[] {
  const symbols = ["📢", "✅", "✅", "🔴", "↩️"];
  const marked = reverted.map((title, index) => `${symbols[index]} ${title}`);
  const states = ["in_progress", "in_progress", "in_progress", "in_progress", "failure"];
  return [
    { kind: "webhook", fake: fakeWebhook(), taken: reverted },
    { kind: "slack", fake: fakeSlack(), taken: marked },
    { kind: "teams", fake: fakeTeams(), taken: marked },
    {
      kind: "pagerduty",
      fake: fakePagerDuty(),
      taken: [...reverted.slice(0, 3).map((title) => `change ${title}`), `error ${reverted[3]}`, "resolve"],
    },
    {
      kind: "github-deployments",
      fake: fakeGithub(),
      taken: reverted.map((title, index) => `${states[index]} ${title}`),
    },
    // Nothing moves before the first step.
    { kind: "app-insights", fake: fakeAppInsights(), taken: reverted.slice(1) },
  ];
}

async function overHttp(driver: Driver, at: Service, trouble: () => FakeAnswer | undefined) {
  const server = await startHttpFake((request) => trouble() ?? at.fake.answer(request));
  servers.push(server);
  const { runtime } = driver.deps;
  const configs = [channelAt(at.kind, server.url)];
  return await openChannels({ configs, runtime, env: {}, credential: async () => annotationsCredential });
}

/** Lets the wall clock pass the pauses that a service has asked for. */
async function withPatience(driver: Driver, run: Promise<unknown>): Promise<void> {
  let ended = false;
  const over = run.finally(() => {
    ended = true;
  });
  let passed = 0;
  const paused = () =>
    driver.entries().filter(({ data }) => String(data["message"]).endsWith("it is tried again")).length;
  while (!ended) {
    await until(() => ended || paused() > passed);
    if (ended) break;
    passed += 1;
    await driver.wall.advance(3000);
  }
  await over;
}

describe("messages over HTTP, to services that keep to their documentation", () => {
  it.each(services())("$kind: the exact sequence, once", async (at) => {
    const driver = bad(aDriver());
    withChannels(driver, await overHttp(driver, at, () => undefined));
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(at.fake.taken).toEqual(at.taken);
    expect(JSON.stringify(driver.entries())).not.toContain(plantedKey);
  });

  it.each(services())("$kind: busy once, down once, then the same sequence", async (at) => {
    const driver = bad(aDriver());
    const troubles = new Map<number, FakeAnswer>([
      [0, { status: 429, headers: { "retry-after": "3" } }],
      [2, { status: 502 }],
    ]);
    const trouble = () => {
      const answer = troubles.get(at.fake.taken.length);
      troubles.delete(at.fake.taken.length);
      return answer;
    };
    withChannels(driver, await overHttp(driver, at, trouble));
    await withPatience(driver, driver.run());
    expect(at.fake.taken).toEqual(at.taken);
    expect(messageEntries(driver, at.kind).filter(({ ok }) => ok === true)).toHaveLength(at.taken.length);
  });

  it("an archived channel is given up, message by message, and keeps nobody from hearing", async () => {
    const driver = bad(aDriver());
    const slack = services().find(({ kind }) => kind === "slack");
    if (slack === undefined) throw new Error("no slack");
    const archived = { status: 410, body: "channel_is_archived" };
    withChannels(driver, [driver.notify, ...(await overHttp(driver, slack, () => archived))]);
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(driver.notify.sent.map(({ title }) => title)).toEqual(reverted);
    expect(messageEntries(driver, "slack")).toEqual(
      reverted.map((title) =>
        expect.objectContaining({
          title,
          ok: false,
          gaveUp: true,
          message: "it answered HTTP 410: channel_is_archived",
        }),
      ),
    );
  });

  it("PagerDuty has one alert of a rollout, opened once and closed", async () => {
    const driver = bad(aDriver());
    const fake = fakePagerDuty();
    withChannels(driver, await overHttp(driver, { kind: "pagerduty", fake, taken: [] }, () => undefined));
    await driver.run();
    const key = `rollout:production:atp-ingestion:${driver.rolloutId()}`;
    expect([...fake.alerts]).toEqual([[key, { opened: 1, open: false }]]);
  });

  it("GitHub has one deployment of a rollout", async () => {
    const driver = bad(aDriver());
    const fake = fakeGithub();
    const at: Service = { kind: "github-deployments", fake, taken: [] };
    withChannels(driver, await overHttp(driver, at, () => undefined));
    await driver.run();
    expect(fake.deployments).toHaveLength(1);
    expect(fake.deployments[0]).toMatchObject({
      ref: "v1.2.4",
      environment: "prod",
      production_environment: true,
    });
  });
});

describe("a channel that doesn't answer", () => {
  it("slows no revert and no other channel; what it is owed goes out with the next driver, oldest first", async () => {
    const driver = bad(aDriver());
    const silent = createMemoryNotify({ name: "silent", kind: "memory", for: "all" });
    silent.answerWith("hang");
    withChannels(driver, [silent, driver.notify]);
    const running = driver.run();
    const ended = () => driver.entries().some(({ data }) => Object(data["decision"]).to === "reverted");
    await until(ended);
    // No wall time has passed: nothing of the revert has waited for it.
    expect(driver.world.calls.slice(-3)).toEqual(["lever 0", "up revert converge", "up install converge"]);
    await until(() => driver.notify.sent.length === reverted.length);
    await driver.wall.advance(10_000);
    expect(await running).toMatchObject({ outcome: "reverted" });
    expect(silent.tries).toBe(1);
    expect(owedIn(driver.entries()).map(({ channel }) => channel)).toEqual(reverted.map(() => "silent"));

    silent.answerWith(undefined);
    expect(await driver.run({ version: "1.2.3" })).toMatchObject({ outcome: "nothing-to-do" });
    expect(silent.sent.map(({ title }) => title)).toEqual(reverted);
    expect(driver.notify.sent).toHaveLength(reverted.length);
    expect(owedIn(driver.entries())).toEqual([]);
  });
});

describe("a driver that dies after any of its entries", () => {
  /** Two channels whose process dies with the driver's: what was sent before stays sent. */
  async function killed(nth: number, make: () => Driver) {
    const driver = make();
    const channels = [driver.notify, createMemoryNotify({ name: "second", kind: "memory", for: "all" })];
    withChannels(driver, channels);
    const revive = diesAfter(driver, nth);
    const first = await driver.run().then(
      () => "ended",
      () => "killed",
    );
    revive();
    await driver.run().catch(() => undefined);
    return { driver, channels, first };
  }

  const increments = [5, 20, 100].map((exposure) => ({ exposure, soakSeconds: 180 }));
  it.each([
    ["taken back", () => bad(aDriver({ policy: { increments } }))],
    ["promoted", () => aDriver({ policy: { increments } })],
  ])(
    "%s: no message is lost, none is out of order, and at most one a channel comes twice",
    async (_, make) => {
      const whole = make();
      await whole.run();
      const expected = whole.notify.sent.map(({ title }) => title);
      let deaths = 0;
      for (let nth = 0; nth < whole.entries().length + 4; nth += 1) {
        const { driver, channels, first } = await killed(nth, make);
        if (first === "killed") deaths += 1;
        for (const { name, sent } of channels) {
          const ids = sent.map(({ id }) => Number(id.split("/")[1]));
          const own = sent.filter(({ rolloutId }) => rolloutId === sent[0]?.rolloutId);
          const twice = ids.length - new Set(ids).size;
          expect(twice, `${name} after entry ${nth}`).toBeLessThanOrEqual(1);
          expect(ids, `${name} after entry ${nth}`).toEqual([...ids].sort((a, b) => a - b));
          const titles = [...new Set(own.map(({ title }) => title))];
          expect(titles, `${name} after entry ${nth}`).toEqual(expected);
        }
        expect(owedIn(driver.entries()), `after entry ${nth}`).toEqual([]);
      }
      expect(deaths).toBeGreaterThan(20);
    },
  );
});
