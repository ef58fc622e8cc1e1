import { afterEach, describe, expect, it } from "vitest";
import { createPingdomEvidence } from "../../../../src/adapters/evidence/pingdom.ts";
import {
  closedPort,
  type FakeAnswer,
  type HttpFake,
  json,
  startHttpFake,
} from "../../../support/http-fake.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

const nowMs = Date.UTC(2026, 0, 15, 10);
const token = "planted-pingdom-token";
const query = { version: "1.2.4", nowMs };

let fake: HttpFake | undefined;
afterEach(async () => await fake?.close());

/** As the API's reference shows a detailed check. */
function check(id: number, over: Readonly<Record<string, unknown>> = {}): FakeAnswer {
  const lasttesttime = nowMs / 1000 - 60;
  const more = {
    resolution: 1,
    type: { http: { url: "/" } },
    hostname: "atp.example",
    created: 1_240_394_682,
  };
  return json({ check: { id, name: `check ${id}`, status: "up", lasttesttime, ...more, ...over } });
}

async function pingdom(answers: Readonly<Record<number, FakeAnswer>>, endpoint?: string) {
  const server = await startHttpFake(({ url }) => {
    const id = Number(/^\/api\/3\.1\/checks\/(\d+)$/.exec(url.pathname)?.[1]);
    return answers[id] ?? json({ error: { statuscode: 404, errormessage: "Invalid check identifier" } }, 404);
  });
  fake = server;
  const { runtime, wall } = createMemoryRuntime();
  const checks = Object.keys(answers).map(Number);
  const config = { kind: "pingdom", token, checks, endpoint: `${server.url}${endpoint ?? ""}` } as const;
  return { evidence: createPingdomEvidence({ config, runtime }), server, wall };
}

describe("checks of Pingdom", () => {
  it.each([undefined, "/", "/api/3.1"])(
    "met where each is up; the token goes in a header (endpoint + %s)",
    async (end) => {
      const { evidence, server } = await pingdom({ 85975: check(85975), 161748: check(161748) }, end);
      expect(await evidence.read(query)).toEqual({
        status: "value",
        met: true,
        message: "check 85975 is up, check 161748 is up",
      });
      expect(server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
        ["GET", `Bearer ${token}`],
        ["GET", `Bearer ${token}`],
      ]);
      expect(server.requests.every(({ url }) => !url.href.includes(token))).toBe(true);
    },
  );

  it.each(["down", "unconfirmed_down", "unknown", "paused", "up!"])("%s: not met", async (status) => {
    const { evidence } = await pingdom({ 1: check(1), 2: check(2, { status }) });
    expect(await evidence.read(query)).toEqual({
      status: "value",
      met: false,
      message: `check 2 is ${status}`,
    });
  });

  it("up by a test that is late is not met: 15 min, or two of its intervals", async () => {
    const late = (minutes: number, resolution = 1) =>
      check(1, { lasttesttime: nowMs / 1000 - minutes * 60, resolution });
    const read = async (answer: FakeAnswer) => {
      const { evidence, server } = await pingdom({ 1: answer });
      const said = await evidence.read(query);
      await server.close();
      return said;
    };
    expect(await read(late(15))).toMatchObject({ met: true });
    expect(await read(late(16))).toMatchObject({
      met: false,
      message: "check 1 is up, but was tested 16 min ago last",
    });
    expect(await read(late(60, 30))).toMatchObject({ met: true });
    expect(await read(late(61, 30))).toMatchObject({ met: false });
    expect(await read(check(1, { lasttesttime: undefined }))).toMatchObject({
      met: false,
      message: "check 1 was not tested yet",
    });
  });

  it.each([
    [401, "the token was refused (HTTP 401)"],
    [403, "the token may not read it (HTTP 403)"],
    [404, "there is no such check (HTTP 404)"],
    [500, "HTTP 500"],
    [302, "HTTP 302"],
  ])("HTTP %i is an error that says why, without the token", async (status, why) => {
    const answer = { status, body: token, headers: { location: "https://other.example" } };
    const { evidence } = await pingdom({ 1: check(1), 2: answer });
    const said = await evidence.read(query);
    expect(said).toEqual({ status: "error", message: `check 2 can't be read: ${why}` });
  });

  it.each([
    ["no JSON", { status: 200, body: `up ${token}` }],
    ["no check", json({ status: "up" })],
    ["a list", json([{ check: { name: "a", status: "up" } }])],
    ["a cut connection", "cut"],
  ] as const)("%s is an error", async (_, answer) => {
    const { evidence } = await pingdom({ 1: answer });
    const said = await evidence.read(query);
    expect(said).toMatchObject({ status: "error" });
    expect(JSON.stringify(said)).not.toContain(token);
  });

  it("one that is down is that, whatever else can't be read", async () => {
    const { evidence } = await pingdom({ 1: check(1, { status: "down" }), 2: { status: 500 } });
    expect(await evidence.read(query)).toEqual({
      status: "value",
      met: false,
      message: "check 1 is down, check 2 can't be read: HTTP 500",
    });
  });

  it("a server that hangs is an error in time, one that isn't there at once; a call can be cut short", async () => {
    const { evidence, wall, server } = await pingdom({ 1: "hang" });
    const asked = evidence.read(query);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await wall.advance(10_000);
    expect(await asked).toMatchObject({
      status: "error",
      message: expect.stringContaining("no answer within 10 s"),
    });
    const stop = new AbortController();
    stop.abort();
    expect(await evidence.read({ ...query, signal: stop.signal })).toMatchObject({ status: "error" });
    const { runtime } = createMemoryRuntime();
    const endpoint = `http://127.0.0.1:${closedPort}`;
    const gone = createPingdomEvidence({
      config: { kind: "pingdom", token, checks: [1], endpoint },
      runtime,
    });
    expect(await gone.read(query)).toMatchObject({
      status: "error",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    const none = createPingdomEvidence({ config: { kind: "pingdom", token, checks: [], endpoint }, runtime });
    expect(await none.read(query)).toMatchObject({ status: "empty" });
  });
});
