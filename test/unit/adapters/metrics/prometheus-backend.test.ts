import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeAnswer, json } from "../../../support/http-fake.ts";
import { type PrometheusFake, startPrometheusFake } from "../../../support/http-fake-prometheus.ts";
import { until } from "../../../support/memory-runtime.ts";
import { column, look, openMetrics, origin, requests, value } from "./metrics-world.ts";

let server: PrometheusFake;
beforeEach(async () => {
  server = await startPrometheusFake();
});
afterEach(() => server.close());

const open = (over: Parameters<typeof openMetrics>[1] = {}) => openMetrics(server.url, over);

describe("a backend that can't answer", () => {
  const good = { resultType: "matrix", result: [] };
  const sample = (text: string, at = origin) =>
    json({
      status: "success",
      data: {
        resultType: "matrix",
        result: [{ metric: { version: "canary", code: "200" }, values: [[at, text]] }],
      },
    });
  it.each<[string, FakeAnswer, RegExp]>([
    [
      "400: a wrong query",
      json({ status: "error", errorType: "bad_data", error: "parse error" }, 400),
      /bad_data: parse error \(HTTP 400\)/,
    ],
    [
      "422: a query that can't be run",
      json({ status: "error", errorType: "execution", error: "too many samples" }, 422),
      /execution: too many/,
    ],
    [
      "503: a query that timed out there",
      json({ status: "error", errorType: "timeout", error: "query timed out" }, 503),
      /timeout: query timed out/,
    ],
    [
      "an error with HTTP 200",
      json({ status: "error", errorType: "internal", error: "boom" }),
      /internal: boom/,
    ],
    ["401 of a proxy", { status: 401, body: "<html>login</html>" }, /HTTP 401/],
    ["502 of a proxy", { status: 502, body: "bad gateway" }, /HTTP 502/],
    ["a login page with 200", { status: 200, body: "<html>" }, /not JSON/],
    ["half a body", { status: 200, body: '{"status":"success","data":{"resultType":"mat' }, /not JSON/],
    ["an empty body", { status: 200, body: "" }, /not JSON/],
    ["a dropped connection", "cut", /Prometheus gave no usable answer/],
    [
      "a vector instead of a matrix",
      json({ status: "success", data: { resultType: "vector", result: [] } }),
      /not a matrix/,
    ],
    ["no data", json({ status: "success" }), /another form/],
    [
      "a number where a text belongs",
      json({ status: "success", data: { ...good, result: [{ metric: {}, values: [[origin, 1]] }] } }),
      /not a matrix/,
    ],
    [
      "a part of the data, with a warning",
      json({ status: "success", data: good, warnings: ["store-1 did not respond"] }),
      /partial answer: store-1/,
    ],
    ["a NaN", sample("NaN"), /is NaN/],
    ["infinity", sample("+Inf"), /is \+Inf/],
    ["a negative counter", sample("-1"), /is -1/],
    ["no number", sample(""), /where a counter has a number/],
    ["a sample between the steps", sample("1", origin + 3), /none of the steps/],
    ["a sample after the end", sample("1", origin + 600), /none of the steps/],
  ])("%s", async (_, answer, message) => {
    server.override = ({ url }) => (url.pathname.endsWith("query_range") ? answer : undefined);
    expect(await open().metrics.observe(look)).toEqual({
      status: "error",
      message: expect.stringMatching(message),
    });
  });

  it("info annotations are no trouble", async () => {
    server.override = () => json({ status: "success", data: good, infos: ["metric might not be a counter"] });
    expect((await open().metrics.observe(look)).status).toBe("empty");
  });

  it("no answer within the time limit", async () => {
    server.override = () => "hang";
    const { metrics, wall } = open();
    const answer = metrics.observe(look);
    await until(() => server.requests.length === 2);
    await wall.advance(10_000);
    expect(await answer).toEqual({
      status: "error",
      message: expect.stringMatching(/no answer within 10 s/),
    });
  });

  it.each([
    ["a URL that is none", { url: "prometheus" }, /rollout\.metrics\.url is not a valid URL/],
    [
      "one label value for both sides",
      { cohort: { label: "version", stable: "v", candidate: "v" } },
      /both sides have the label version="v"/,
    ],
  ])("%s", async (_, over, message) => {
    expect(await open(over).metrics.observe(look)).toEqual({
      status: "error",
      message: expect.stringMatching(message),
    });
  });
});

describe("how it asks", () => {
  const served = [requests('a"b', "200", { 0: 0, 10: 1, 20: 2, 30: 3, 40: 4 })];
  const cohort = { label: "version", stable: 'a"b', candidate: "1.2" };

  it("escapes configured values, and takes credentials out of the URL", async () => {
    server.series = [...served, requests("1x2", "200", { 0: 0, 30: 9 })];
    const url = server.url.replace("//", "//ops:s3cr3t@");
    const { candidate, stable } = value(await open({ cohort, url: `${url}/` }).metrics.observe(look));
    expect(column(stable.bins, "n")).toEqual([1, 1, 1]);
    expect(candidate.bins).toEqual([]);
    const basic = `Basic ${Buffer.from("ops:s3cr3t").toString("base64")}`;
    expect(server.requests.map(({ headers }) => headers["authorization"])).toEqual([basic, basic]);
  });

  it("keeps a path of the base URL, and says nothing of credentials in errors", async () => {
    server.override = ({ url }) =>
      url.pathname.startsWith("/prom/api/v1/") ? json({ status: "success", data: 1 }) : undefined;
    const url = `${server.url.replace("//", "//ops:s3cr3t@")}/prom`;
    const answer = await open({ url }).metrics.observe(look);
    expect(answer).toMatchObject({ status: "error", message: expect.stringMatching(/not a matrix/) });
    expect(JSON.stringify(answer)).not.toMatch(/s3cr3t|ops/);
  });

  it("waits for two scrapes of a slower rhythm where config says so", async () => {
    server.series = served;
    expect((await open({ cohort, lagSeconds: 60 }).metrics.observe(look)).status).toBe("empty");
    const later = { ...look, nowMs: look.nowMs + 30_000 };
    expect(value(await open({ cohort, lagSeconds: 60 }).metrics.observe(later)).watermarkMs).toBe(
      (origin + 30) * 1000,
    );
  });

  it("does not trust a clock of ours that runs ahead of the server's", async () => {
    server.series = served.map((one) => ({ ...one, samples: [...one.samples, [origin + 300, 4] as const] }));
    const behind = new Date((origin + 50) * 1000).toUTCString();
    server.override = () => undefined;
    const plain = await open({ cohort }).metrics.observe(look);
    expect(value(plain).watermarkMs).toBe((origin + 30) * 1000);
    const body = {
      resultType: "matrix",
      result: [
        {
          metric: { version: 'a"b', code: "200" },
          values: [
            [origin, "0"],
            [origin + 10, "1"],
            [origin + 20, "2"],
            [origin + 30, "3"],
          ],
        },
      ],
    };
    server.override = () => ({
      status: 200,
      body: JSON.stringify({ status: "success", data: body }),
      headers: { date: behind },
    });
    const answer = value(await open({ cohort }).metrics.observe(look));
    expect(answer.watermarkMs).toBe((origin + 20) * 1000);
    expect(column(answer.stable.bins, "n")).toEqual([1, 1]);
  });
});
