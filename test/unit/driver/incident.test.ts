import { afterEach, describe, expect, it } from "vitest";
import { openIncidents } from "../../../src/adapters/incident/open.ts";
import { owedIn, waitingIn } from "../../../src/driver/outbox-owed.ts";
import type { Incidents } from "../../../src/ports/incident.ts";
import { aDriver } from "../../support/drive.ts";
import { aStack, flagId } from "../../support/flag-cli.ts";
import { type FakeAnswer, type HttpFake, json, startHttpFake } from "../../support/http-fake.ts";
import { plantedKey } from "../../support/http-fake-channels.ts";
import { createMemoryRuntime, until } from "../../support/memory-runtime.ts";
import { diesAfter } from "../../support/mortal.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function badWith(incidents: Incidents) {
  const driver = aDriver();
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
  Object.assign(driver.deps, { incidents });
  const told = () => driver.notify.sent.filter(({ kind }) => kind === "revert");
  const journaled = () => driver.entries().filter(({ data }) => data["effect"] === "incident");
  return { driver, told, journaled };
}

async function withServer(
  answer: (request: { readonly body: string; readonly method: string }) => FakeAnswer,
) {
  const server = await startHttpFake(answer);
  servers.push(server);
  return server;
}

function pagerDutyAt(endpoint: string) {
  const from = "rollouts@atp.example";
  return { kind: "pagerduty", token: plantedKey, from, serviceId: "PABC123", endpoint } as const;
}

describe("an incident", () => {
  it("is opened once when a rollout turns back, and its id stands in both messages", async () => {
    let opened = 0;
    const server = await withServer(({ body }) => {
      opened += 1;
      const { key, service } = JSON.parse(body);
      return json(
        { result: { number: `INC-2026-${opened}` }, url: "https://incidents.example/1", key, service },
        201,
      );
    });
    const config = { kind: "http", url: `${server.url}/${plantedKey}`, id: "/result/number" } as const;
    const { driver, told, journaled } = badWith(await openIncidents(config, createMemoryRuntime().runtime));
    await driver.run();
    expect(opened).toBe(1);
    const incident = { id: "INC-2026-1", url: "https://incidents.example/1" };
    expect(told().map((message) => message.incident)).toEqual([incident, incident]);
    expect(journaled().map(({ data }) => data)).toEqual([{ effect: "incident", ok: true, ...incident }]);
    expect(JSON.stringify(driver.entries())).not.toContain(plantedKey);
  });

  it.each<[string, FakeAnswer]>([
    ["refuses", { status: 403 }],
    ["answers without an id", { status: 200, body: "{}" }],
    ["is gone", "cut"],
  ])("that the system %s is journaled, and people hear without", async (_, answer) => {
    const server = await withServer(() => answer);
    const config = { kind: "http", url: `${server.url}/${plantedKey}`, id: "/id" } as const;
    const { driver, told, journaled } = badWith(await openIncidents(config, createMemoryRuntime().runtime));
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(told().map(({ phase, incident }) => [phase, incident])).toEqual([
      ["rolling-back", undefined],
      ["rolled-back", undefined],
    ]);
    expect(journaled()[0]?.data).toMatchObject({ ok: false, message: expect.stringContaining("incident") });
    expect(JSON.stringify(driver.entries())).not.toContain(plantedKey);
  });

  it("that hangs holds its messages for 5 s, in their order, and nothing else", async () => {
    const silent: Incidents = { kind: "http", open: () => new Promise(() => {}) };
    const { driver, told } = badWith(silent);
    const running = driver.run();
    await until(() => driver.entries().some(({ data }) => Object(data["decision"]).to === "reverted"));
    expect(driver.world.calls.slice(-3)).toEqual(["lever 0", "up revert converge", "up install converge"]);
    expect(told()).toEqual([]);
    await driver.wall.advance(5000);
    await running;
    expect(told().map(({ phase }) => phase)).toEqual(["rolling-back", "rolled-back"]);
  });

  it("is asked for again by the next driver, with the same key, where one has died before it was written", async () => {
    const keys: string[] = [];
    const incidents: Incidents = {
      kind: "http",
      open: async ({ key }) => {
        keys.push(key);
        return { id: "INC-1" };
      },
    };
    const whole = badWith(incidents);
    await whole.driver.run();
    const verdict = whole.driver
      .entries()
      .findIndex(({ data }) => Object(data["decision"]).kind === "revert");
    keys.length = 0;
    const { driver, told } = badWith(incidents);
    const revive = diesAfter(driver, verdict);
    await expect(driver.run()).rejects.toThrow("killed");
    revive();
    await driver.run();
    expect(new Set(keys).size).toBe(1);
    expect(told().map(({ phase, incident }) => [phase, incident?.id])).toEqual([
      ["rolling-back", "INC-1"],
      ["rolled-back", "INC-1"],
    ]);
    expect(owedIn(driver.entries())).toEqual([]);
  });

  it("of a rollout before this one keeps neither's messages back, nor their order", async () => {
    const turned = (driver: ReturnType<typeof aDriver>, from = 0) =>
      driver.entries().findIndex(({ data }, at) => at >= from && Object(data["decision"]).to === "reverted");
    let died: number | undefined;
    let opened = 0;
    const incidents: Incidents = {
      kind: "http",
      open: async () => {
        if (died === undefined) return await new Promise(() => {});
        const from = died;
        const id = `INC-${++opened}`;
        // The next rollout has begun, and turned back, before this one is told.
        await until(() => turned(driver, from) >= 0);
        return { id };
      },
    };
    const { driver, told } = badWith(incidents);
    const revive = diesAfter(driver, ({ data }) => Object(data["decision"]).to === "reverted");
    const dying = driver.run().then(
      () => "ended",
      () => "killed",
    );
    await until(() => turned(driver) >= 0);
    await driver.wall.advance(20_000);
    expect(await dying).toBe("killed");
    revive();
    died = driver.entries().length;
    expect(await driver.run({ version: "1.2.5" })).toMatchObject({ outcome: "reverted" });
    expect(told().map(({ phase, versions, incident }) => [phase, versions.to, incident?.id])).toEqual([
      ["rolling-back", "1.2.4", "INC-1"],
      ["rolled-back", "1.2.4", "INC-1"],
      ["rolling-back", "1.2.5", "INC-2"],
      ["rolled-back", "1.2.5", "INC-2"],
    ]);
    const seqs = driver.notify.sent.map(({ id }) => Number(id.split("/")[1]));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect([...owedIn(driver.entries()), ...waitingIn(driver.entries())]).toEqual([]);
  });

  it("is opened for a flag that is switched off in an emergency, and its messages don't wait for nobody", async () => {
    const { driver, run } = aStack();
    expect((await driver.run()).outcome).toBe("promoted");
    const keys: string[] = [];
    const incidents: Incidents = {
      kind: "http",
      open: async ({ key }) => ({ id: `INC-${keys.push(key)}` }),
    };
    Object.assign(driver.deps, { incidents });
    const off = ["flag", "off", flagId, "--stack", "prod", "--by", "dana", "--reason", "broken hashes"];
    expect((await run(off)).code).toBe(0);
    expect(keys).toEqual([expect.stringContaining(":flag-off-")]);
    expect(driver.notify.sent.slice(-2).map(({ phase, incident }) => [phase, incident?.id])).toEqual([
      ["rolling-back", "INC-1"],
      ["rolled-back", "INC-1"],
    ]);
    expect([...owedIn(driver.entries()), ...waitingIn(driver.entries())]).toEqual([]);
  });

  it("PagerDuty: one that is there already is taken, else one is opened in the name of a user", async () => {
    const made: { readonly incident_key: string }[] = [];
    const server = await withServer(({ method, body }) => {
      if (method === "GET")
        return json({
          incidents: made.map(() => ({ incident_number: 7, html_url: "https://pd.example/7" })),
        });
      made.push(JSON.parse(body).incident);
      return json({ incident: { id: "P1", incident_number: 7, html_url: "https://pd.example/7" } }, 201);
    });
    const incidents = await openIncidents(pagerDutyAt(server.url), createMemoryRuntime().runtime);
    const asked = {
      key: "rollout:prod:atp:1",
      title: "t",
      text: "x",
      service: "atp",
      environment: "production",
    };
    for (const _ of [1, 2])
      expect(await incidents.open(asked)).toEqual({ id: "#7", url: "https://pd.example/7" });
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ incident_key: asked.key, service: { id: "PABC123" } });
    const post = server.requests.find(({ method }) => method === "POST");
    expect(post?.headers).toMatchObject({
      from: "rollouts@atp.example",
      authorization: `Token token=${plantedKey}`,
    });
  });

  it.each([
    { status: "triggered", acknowledgements: [], by: undefined },
    { status: "acknowledged", acknowledgements: [{ acknowledger: { summary: "Alice" } }], by: "Alice" },
    { status: "acknowledged", acknowledgements: undefined, by: "somebody at #7" },
    { status: "resolved", acknowledgements: [], by: "somebody at #7" },
  ])("PagerDuty: one that is $status is acknowledged by $by", async ({ status, acknowledgements, by }) => {
    const server = await withServer(() =>
      json({ incidents: [{ incident_number: 7, status, acknowledgements }] }),
    );
    const incidents = await openIncidents(pagerDutyAt(server.url), createMemoryRuntime().runtime);
    expect(await incidents.acknowledgedBy?.("rollout:prod:atp:1")).toBe(by);
    const { pathname, searchParams } = server.requests[0]?.url ?? new URL("http://none");
    expect(pathname).toBe("/incidents");
    expect(searchParams.get("incident_key")).toBe("rollout:prod:atp:1");
  });

  it.each<[string, FakeAnswer]>([
    ["refuses", { status: 401 }],
    ["answers something else", json({ incidents: "none" })],
  ])("PagerDuty that %s throws, and tells no key", async (_, answer) => {
    const server = await withServer(() => answer);
    const incidents = await openIncidents(pagerDutyAt(server.url), createMemoryRuntime().runtime);
    const error = await incidents.acknowledgedBy?.("key").catch(String);
    expect(error).toContain("incident");
    expect(error).not.toContain(plantedKey);
  });

  it("PagerDuty: nobody has acknowledged what isn't there", async () => {
    const server = await withServer(() => json({ incidents: [] }));
    const incidents = await openIncidents(pagerDutyAt(server.url), createMemoryRuntime().runtime);
    expect(await incidents.acknowledgedBy?.("key")).toBeUndefined();
  });

  it("says what a concern is about", async () => {
    const texts: string[] = [];
    const incidents: Incidents = {
      kind: "http",
      open: async ({ text }) => {
        texts.push(text);
        return { id: "INC-1" };
      },
    };
    const driver = aDriver();
    Object.assign(driver.deps, {
      incidents,
      integrity: {
        name: "chain",
        check: async () => ({ status: "broken", message: "event 7 has a wrong hash" }),
      },
    });
    Object.assign(driver.deps.policy.gates, { integrity: "command" });
    await driver.run();
    expect(texts[0]).toMatch(/^Concern: /);
    expect(texts[0]).toContain("event 7 has a wrong hash");
  });
});
