import { afterEach, describe, expect, it } from "vitest";
import { createHttpHealth } from "../../../../src/adapters/health/http-health.ts";
import type { HealthStatus } from "../../../../src/types/observation.ts";
import { closedPort, type FakeAnswer, type HttpFake, startHttpFake } from "../../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A side whose answers are given in order; the last one stays. */
async function side(...answers: readonly FakeAnswer[]): Promise<HttpFake> {
  let next = 0;
  const server = await startHttpFake(() => answers[Math.min(next++, answers.length - 1)] ?? "cut");
  servers.push(server);
  return server;
}

const ok = { status: 200 };
const open = (candidate: readonly string[], stable: readonly string[], pauseMs = 0) => {
  const { runtime, wall } = createMemoryRuntime();
  return {
    health: createHttpHealth({ config: { kind: "http", candidate, stable }, runtime, pauseMs }),
    wall,
  };
};

describe("the tries of one probe", () => {
  const unhealthy = (httpStatus: number): HealthStatus => ({
    status: "unhealthy",
    httpStatus,
    path: "/health/ready",
  });
  it.each<[string, readonly FakeAnswer[], number, HealthStatus]>([
    ["200 at once needs no second try", [ok], 1, { status: "ok" }],
    ["the third try counts like the first", [{ status: 500 }, "cut", ok], 3, { status: "ok" }],
    [
      "three failures are unhealthy, with the last status",
      [{ status: 500 }, { status: 500 }, { status: 503 }],
      3,
      unhealthy(503),
    ],
    ["204 is not 200", [{ status: 204 }], 3, unhealthy(204)],
    [
      "a redirect is not 200, and is not followed",
      [{ status: 302, headers: { location: "/ok" } }],
      3,
      unhealthy(302),
    ],
    ["404 is unhealthy: the endpoint is gone", [{ status: 404 }], 3, unhealthy(404)],
    ["an answer weighs more than silence after it", [{ status: 503 }, "cut", "cut"], 3, unhealthy(503)],
  ])("%s", async (_, answers, requests, expected) => {
    const [candidate, stable] = [await side(...answers), await side(ok)];
    const { health } = open([`${candidate.url}/health/ready?token=s3cr3t`], [`${stable.url}/health/ready`]);
    const answer = await health.probe({ tries: 3, timeoutMs: 5_000 });
    expect(answer).toEqual({ candidate: expected, stable: { status: "ok" } });
    expect(candidate.requests).toHaveLength(requests);
  });

  it("pauses between tries, and not after the last one", async () => {
    const candidate = await side({ status: 503 });
    const { health, wall } = open([candidate.url], [], 1_000);
    const answer = health.probe({ tries: 2, timeoutMs: 600_000 });
    await until(() => wall.sleepers(1_000) === 1);
    await wall.advance(999);
    expect(candidate.requests).toHaveLength(1);
    await wall.advance(1);
    expect((await answer).candidate).toMatchObject({ status: "unhealthy" });
    expect(candidate.requests).toHaveLength(2);
  });
});

describe("no answer", () => {
  it("from a port where nothing listens", async () => {
    const { health } = open([`http://127.0.0.1:${closedPort}/health?token=s3cr3t`], []);
    const { candidate, stable } = await health.probe({ tries: 3, timeoutMs: 5_000 });
    expect(candidate).toEqual({ status: "no-answer", message: "GET /health: ECONNREFUSED (try 3 of 3)" });
    expect(stable).toEqual({ status: "no-answer", message: "no health URL is configured for this side" });
  });

  it("within the time-out of a try", async () => {
    const candidate = await side("hang");
    const { health, wall } = open([`${candidate.url}/health`], []);
    const answer = health.probe({ tries: 1, timeoutMs: 5_000 });
    await until(() => candidate.requests.length === 1);
    await wall.advance(5_000);
    expect((await answer).candidate).toEqual({
      status: "no-answer",
      message: "GET /health: no answer within 5 s (try 1 of 1)",
    });
  });

  it("when it is cancelled in the middle, without further tries", async () => {
    const candidate = await side("hang");
    const stop = new AbortController();
    const { health } = open([candidate.url], []);
    const answer = health.probe({ tries: 3, timeoutMs: 5_000, signal: stop.signal });
    await until(() => candidate.requests.length === 1);
    stop.abort();
    expect((await answer).candidate).toMatchObject({ status: "no-answer" });
    expect(candidate.requests).toHaveLength(1);
  });

  it("for a URL that is none, without printing it", async () => {
    const { health } = open(["s3cr3t"], []);
    const { candidate } = await health.probe({ tries: 3, timeoutMs: 5_000 });
    expect(candidate).toEqual({ status: "no-answer", message: "a health URL is not a valid URL" });
  });
});

it("of several URLs of a side one that is ill makes the side ill", async () => {
  const [well, silent, ill] = [await side(ok), await side("cut"), await side({ status: 500 })];
  const { health } = open([well.url, silent.url, `${ill.url}/live`], [well.url]);
  const answer = await health.probe({ tries: 2, timeoutMs: 5_000 });
  expect(answer.candidate).toEqual({ status: "unhealthy", httpStatus: 500, path: "/live" });
  expect(answer.stable).toEqual({ status: "ok" });
});

it("asks both sides at one time", async () => {
  const [candidate, stable] = [await side("hang"), await side("hang")];
  const { health, wall } = open([candidate.url], [stable.url]);
  const answer = health.probe({ tries: 1, timeoutMs: 1_000 });
  await until(() => candidate.requests.length === 1 && stable.requests.length === 1);
  await wall.advance(1_000);
  expect(await answer).toMatchObject({ candidate: { status: "no-answer" }, stable: { status: "no-answer" } });
});
