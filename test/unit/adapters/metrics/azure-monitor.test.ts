import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AzureMonitorConfig } from "../../../../src/types/azure-monitor.ts";
import type { CohortBin } from "../../../../src/types/observation.ts";
import {
  azureConfig,
  openAzureMonitor,
  resourceId,
  type SideColumns,
  value,
  workspaceId,
} from "../../../support/azure-monitor-world.ts";
import type { Item } from "../../../support/azure-telemetry.ts";
import type { FakeAnswer } from "../../../support/http-fake.ts";
import {
  type AzureMonitorFake,
  azureError,
  logsTable,
  monitorCredential,
  monitorToken,
  startAzureMonitorFake,
} from "../../../support/http-fake-azure-monitor.ts";
import { until } from "../../../support/memory-runtime.ts";

const t0 = Date.UTC(2026, 0, 15, 10, 0, 0);
const at = (seconds: number) => t0 + seconds * 1000;
const look = { sinceMs: t0, nowMs: at(60), thresholdsMs: [1000] };

let fake: AzureMonitorFake;
beforeEach(async () => {
  fake = await startAzureMonitorFake();
});
afterEach(() => fake.close());

const open = (over: Partial<AzureMonitorConfig> = {}) => openAzureMonitor(azureConfig(fake.url, over));
const request = (version: string, seconds: number, columns: SideColumns = {}, lateMs = 10_000): Item => ({
  atMs: at(seconds),
  lateMs,
  columns: { AppVersion: version, ...columns },
});
const sent = () => fake.requests.map(({ body }) => JSON.parse(body) as { query: string; timespan: string });
const column = (bins: readonly CohortBin[], key: "n" | "errors" | "exceptions" | "weightSquared") =>
  bins.map((bin) => bin[key]);

describe("what counts", () => {
  const ofStable = [request("1.2.3", 0), request("1.2.3", 40)];
  const observed = async (items: readonly Item[], over: Partial<AzureMonitorConfig> = {}) => {
    fake.telemetry = [...ofStable, ...items];
    return value(await open(over).metrics.observe(look)).candidate.bins;
  };

  it.each([
    ["200", true, 0],
    ["404", false, 0],
    ["499", false, 0],
    ["500", false, 1],
    ["503", true, 1],
    ["599", false, 1],
    ["", false, 1],
    ["", true, 0],
    ["Timeout", false, 1],
    ["Success", true, 0],
    ["0", false, 1],
    ["0", true, 0],
    ["14", false, 1],
  ])("ResultCode %j with Success %j: %i errors, in either schema", async (ResultCode, Success, errors) => {
    const items = [request("1.2.4", 3, { ResultCode, Success })];
    expect(column(await observed(items), "errors")).toEqual([errors]);
    expect(column(await observed(items, { resourceId }), "errors")).toEqual([errors]);
  });

  it("a stored row stands for ItemCount requests: counts are sums, confidence is in weightSquared", async () => {
    const items = [
      request("1.2.4", 1, { ItemCount: 20, ResultCode: "500", Success: false, DurationMs: 1001 }),
      request("1.2.4", 2, { ItemCount: 5, DurationMs: 1000 }),
      { ...request("1.2.4", 2, { ItemCount: 4 }), table: "AppExceptions" as const },
    ];
    expect(await observed(items)).toEqual([
      { startMs: t0, n: 25, errors: 20, slow: { 1000: 20 }, exceptions: 4, weightSquared: 425 },
    ]);
  });

  it("synthetic traffic counts nowhere", async () => {
    const SyntheticSource = "Application Insights Availability Monitoring";
    const items = [
      request("1.2.4", 1),
      request("1.2.4", 2, { SyntheticSource, ResultCode: "500", Success: false }),
      { ...request("1.2.4", 2, { SyntheticSource }), table: "AppExceptions" as const },
    ];
    expect(await observed(items)).toMatchObject([{ n: 1, errors: 0, exceptions: 0 }]);
  });

  it("exceptions without requests in the same bin are seen", async () => {
    const items = [{ ...request("1.2.4", 12), table: "AppExceptions" as const }];
    expect(await observed(items)).toEqual([
      { startMs: at(10), n: 0, errors: 0, slow: { 1000: 0 }, exceptions: 1, weightSquared: 0 },
    ]);
  });

  it("other roles and other versions of the workspace don't count", async () => {
    const items = [
      request("1.2.4", 1),
      request("1.2.4", 1, { AppRoleName: "billing" }),
      request("1.2.40", 1),
      request("1.2.4 ", 1),
    ];
    expect(column(await observed(items, { role: "atp-ingestion" }), "n")).toEqual([1]);
    expect(column(await observed(items), "n")).toEqual([2]);
  });

  it("values from config can't leave their quotes", async () => {
    const stable = 'a" or true or AppVersion == "';
    const candidate = "it's \\ ☃\n| take 1 // x";
    fake.telemetry = [request(stable, 1), request(candidate, 1), request("1.2.4", 1), request(stable, 40)];
    const answer = value(await open({ cohort: { by: "version", stable, candidate } }).metrics.observe(look));
    expect([column(answer.candidate.bins, "n"), column(answer.stable.bins, "n")]).toEqual([[1], [1]]);
  });
});

describe("how fresh telemetry is", () => {
  const every10s = (version: string, from: number, to: number, lateMs?: number) =>
    Array.from({ length: (to - from) / 10 + 1 }, (_, index) =>
      request(version, from + index * 10, {}, lateMs),
    );
  const watermark = async (
    items: readonly Item[],
    nowSeconds: number,
    over: Partial<AzureMonitorConfig> = {},
  ) => {
    fake.telemetry = items;
    fake.nowMs = at(nowSeconds);
    const answer = await open(over).metrics.observe({ ...look, nowMs: at(nowSeconds) });
    return answer.status === "value" ? (answer.watermarkMs - t0) / 1000 : answer;
  };
  const both = (to: number, lateMs?: number) => [
    ...every10s("1.2.3", 0, to, lateMs),
    ...every10s("1.2.4", 0, to, lateMs),
  ];

  it("is taken as 2 min late where config says nothing", async () => {
    const config = azureConfig(fake.url);
    const { lagSeconds: _, ...plain } = config;
    fake.telemetry = both(290);
    const { metrics } = openAzureMonitor(plain);
    expect(value(await metrics.observe({ ...look, nowMs: at(305) })).watermarkMs).toBe(at(180));
  });

  it("is as late as it was measured, where that is more", async () => {
    expect(await watermark(both(600, 20_000), 600)).toBe(570);
    expect(await watermark(both(600, 95_000), 600)).toBe(500);
  });

  it("is not made late by a few stragglers", async () => {
    expect(await watermark([...both(600), request("1.2.4", 20, {}, 500_000)], 600)).toBe(570);
  });

  it("is made late by more than one in twenty", async () => {
    const slow = Array.from({ length: 8 }, (_, index) => request("1.2.4", index * 10, {}, 95_000));
    expect(await watermark([...both(600), ...slow], 600)).toBe(500);
  });

  it("does not go past stable's newest row: a pipeline that stands still proves nothing", async () => {
    expect(await watermark(both(420), 600)).toBe(420);
    expect(await watermark([...every10s("1.2.3", 0, 410), ...every10s("1.2.4", 0, 430)], 600)).toBe(410);
  });

  it("goes on with the candidate's where stable has no traffic any more", async () => {
    const items = [...every10s("1.2.3", 0, 200), ...every10s("1.2.4", 0, 600)];
    expect(await watermark(items, 600)).toBe(570);
    const never = every10s("1.2.4", 0, 600);
    expect(await watermark(never, 600)).toBe(570);
  });

  it("leaves out the bins after it, of both sides", async () => {
    fake.telemetry = both(420);
    const answer = value(await open().metrics.observe({ ...look, nowMs: at(600) }));
    for (const { bins } of [answer.candidate, answer.stable]) expect(bins.at(-1)?.startMs).toBe(at(410));
  });

  it("is old where nothing came for an hour: the newest bin is the end, not now", async () => {
    expect(await watermark(both(100), 7200)).toBe(110);
  });

  it("says so where no bin is complete for it", async () => {
    expect(
      await watermark(
        both(40, 5_000).map((item) => ({ ...item, atMs: item.atMs - 35_000 })),
        60,
      ),
    ).toEqual({
      status: "empty",
      message: expect.stringMatching(/no bin is complete yet: .* behind/),
    });
  });

  it("does not see what has not come yet, and adds it in the next look", async () => {
    const late = request("1.2.4", 5, { ResultCode: "500", Success: false }, 200_000);
    fake.telemetry = [...both(600), late];
    fake.nowMs = at(200);
    const ask = { ...look, nowMs: at(200) };
    expect(value(await open().metrics.observe(ask)).candidate.bins[0]).toMatchObject({ n: 1, errors: 0 });
    fake.nowMs = at(210);
    expect(value(await open().metrics.observe(ask)).candidate.bins[0]).toMatchObject({ n: 2, errors: 1 });
  });
});

describe("how it asks", () => {
  it("one query a look, without ago(), over a timespan that holds all of its times", async () => {
    fake.telemetry = [request("1.2.3", 0), request("1.2.3", 40)];
    await open().metrics.observe({ ...look, sinceMs: at(-10_000) });
    const [{ query, timespan } = { query: "", timespan: "" }, ...more] = sent();
    expect(more).toEqual([]);
    expect(query).not.toMatch(/ago\(|now\(/);
    const times = [...query.matchAll(/datetime\((2026[^)]+)\)/g)].map(([, time = ""]) => time).sort();
    expect(times).toHaveLength(4);
    expect(timespan).toBe(`${times[0]}/${times.at(-1)}`);
  });

  it("at the workspace, at the resource, and with a limit for the service", async () => {
    await open().metrics.observe(look);
    await open({ resourceId }).metrics.observe(look);
    expect(fake.requests.map(({ url }) => decodeURIComponent(url.pathname))).toEqual([
      `/v1/workspaces/${workspaceId}/query`,
      `/v1${resourceId}/query`,
    ]);
    expect(fake.requests[0]?.headers["prefer"]).toBe("wait=20");
  });

  it("exactly one file knows the SDK", () => {
    const root = join(import.meta.dirname, "../../../..");
    const files = globSync("src/**/*.ts", { cwd: root }).filter((file) =>
      /(?:from|import\()\s*"@azure\/monitor-query/.test(readFileSync(join(root, file), "utf8")),
    );
    expect(files).toEqual(["src/adapters/metrics/azure-monitor/logs-api.ts"]);
  });
});

describe("a backend that can't answer", () => {
  const columns = [
    "Kind:string",
    "Cohort:string",
    "StartMs:long",
    "Requests:long",
    "Weight2:long",
    "Errors:long",
  ];
  const rows = (row: readonly unknown[], more: readonly string[] = ["Slow1000:long"]) =>
    logsTable([...columns, ...more], [row]);
  const good = ["requests", "1.2.4", t0, 10, 10, 0, 0];
  const json = (body: unknown) => ({
    status: 200,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

  it.each<[string, FakeAnswer, RegExp]>([
    [
      "400: a wrong query, with the innermost reason",
      azureError(
        400,
        ["BadArgumentError", "Some invalid properties"],
        ["SemanticError", "E"],
        ["SEM0100", "no table 'requests'"],
      ),
      /BadArgumentError: Some invalid properties; SemanticError: E; SEM0100: no table 'requests' \(HTTP 400\)/,
    ],
    [
      "403: no rights, and what helps",
      azureError(403, ["InsufficientAccessError", "The provided credentials have insufficient access"]),
      /InsufficientAccessError: .* \(HTTP 403\); the identity needs Log Analytics Reader/,
    ],
    [
      "404: no such workspace",
      azureError(404, ["WorkspaceNotFoundError", "not found"]),
      /WorkspaceNotFoundError.*404/,
    ],
    [
      "429: throttled",
      {
        status: 429,
        body: '{"error":{"code":"TooManyRequests","message":"slow down"}}',
        headers: { "retry-after": "1" },
      },
      /429/,
    ],
    ["500", azureError(500, ["InternalServerError", "boom"]), /InternalServerError: boom \(HTTP 500\)/],
    ["503 without a body", { status: 503 }, /HTTP 503/],
    [
      "504: the query took too long there",
      azureError(504, ["GatewayTimeout", "timed out"]),
      /GatewayTimeout/,
    ],
    ["502 of a proxy", { status: 502, body: "<html>bad</html>" }, /not JSON \(HTTP 502\)/],
    ["a login page with 200", { status: 200, body: "<html>" }, /not JSON/],
    ["an empty body with 200", { status: 200, body: "" }, /not JSON/],
    ["a dropped connection", "cut", /Azure Monitor gave no usable answer/],
    [
      "PartialFailure: a part must not pass for the whole",
      json({
        ...JSON.parse((rows(good) as { body: string }).body),
        error: { code: "PartialError", message: "There were some errors when processing your query." },
      }),
      /only a part of the data came: PartialError: There were some errors when processing your query\.$/,
    ],
    [
      "NaN, which comes as a text",
      rows(["requests", "1.2.4", t0, "NaN", 10, 0, 0]),
      /Requests of a row is "NaN"/,
    ],
    ["null", rows(["requests", "1.2.4", t0, 10, 10, null, 0]), /Errors of a row is null/],
    ["null in a threshold's column", rows(["requests", "1.2.4", t0, 10, 10, 0, null]), /Slow1000 is null/],
    ["a column that is missing", rows(good.slice(0, 6), []), /Slow1000 is undefined/],
    ["a number as a text", rows(["requests", "1.2.4", t0, "10", 10, 0, 0]), /Requests of a row is "10"/],
    ["half a request", rows(["requests", "1.2.4", t0, 10.5, 10, 0, 0]), /Requests of a row is 10.5/],
    ["less than nothing", rows(["requests", "1.2.4", t0, -1, 10, 0, 0]), /Requests of a row is -1/],
    [
      "a kind of row that was not asked for",
      rows(["totals", "1.2.4", t0, 1, 1, 0, 0]),
      /Kind of a row is "totals"/,
    ],
    [
      "a version that was not asked for",
      rows(["requests", "9.9", t0, 10, 10, 0, 0]),
      /"9.9", which is neither side/,
    ],
    [
      "a lag that can't be measured",
      logsTable(
        ["Kind:string", "Cohort:string", "LagSeconds:real", "NewestMs:long"],
        [["freshness", "1.2.4", "NaN", t0]],
      ),
      /LagSeconds of a row is "NaN"/,
    ],
  ])("%s", async (_, answer, message) => {
    fake.override = () => answer;
    expect(await open().metrics.observe(look)).toEqual({
      status: "error",
      message: expect.stringMatching(message),
    });
    // Once: the driver looks again in seconds.
    expect(fake.requests).toHaveLength(1);
  });

  it.each<[string, FakeAnswer]>([
    ["204", { status: 204 }],
    ["no tables", json({ tables: [] })],
    ["no rows", logsTable(columns, [])],
  ])("%s: nothing was heard", async (_, answer) => {
    fake.override = () => answer;
    expect((await open().metrics.observe(look)).status).toBe("empty");
  });

  it("no answer within the time limit", async () => {
    fake.override = () => "hang";
    const { metrics, wall } = open();
    const answer = metrics.observe(look);
    await until(() => fake.requests.length === 1);
    await wall.advance(20_000);
    expect(await answer).toEqual({
      status: "error",
      message: expect.stringMatching(/no answer within 20 s/),
    });
  });

  it("a look that is cancelled on its way", async () => {
    fake.override = () => "hang";
    const stop = new AbortController();
    const answer = open().metrics.observe({ ...look, signal: stop.signal });
    await until(() => fake.requests.length === 1);
    stop.abort();
    expect(await answer).toEqual({ status: "error", message: expect.stringMatching(/cancelled/) });
  });

  it.each([
    [
      "that fails",
      async () => Promise.reject(new Error("no managed identity here")),
      /no managed identity here/,
    ],
    ["that gives no token", async () => null, /Azure Monitor gave no usable answer/],
  ])("a credential %s", async (_, getToken, message) => {
    const { metrics } = openAzureMonitor(azureConfig(fake.url), { credential: { getToken } });
    expect(await metrics.observe(look)).toEqual({ status: "error", message: expect.stringMatching(message) });
    expect(fake.requests).toEqual([]);
  });

  it("a credential that hangs", async () => {
    let asked = false;
    const getToken = () => {
      asked = true;
      return new Promise<never>(() => {});
    };
    const { metrics, wall } = openAzureMonitor(azureConfig(fake.url), { credential: { getToken } });
    const answer = metrics.observe(look);
    await until(() => asked);
    await wall.advance(20_000);
    expect(await answer).toMatchObject({ status: "error", message: expect.stringMatching(/within 20 s/) });
  });

  it("never quotes a token, even where the service does", async () => {
    fake.override = () => azureError(401, ["InvalidTokenError", `the token ${monitorToken} is not valid`]);
    const answer = await open().metrics.observe(look);
    expect(answer).toMatchObject({ message: expect.stringMatching(/the token \[secret\] is not valid/) });
    expect(JSON.stringify(answer)).not.toContain(monitorToken);
  });
});

describe("a config that can't work", () => {
  const cohort = { by: "version", stable: "1.2.4", candidate: "1.2.4" } as const;
  it.each<[string, Partial<AzureMonitorConfig>, RegExp]>([
    [
      "one value for both sides",
      { cohort },
      /both sides have the version "1.2.4" \(rollout\.metrics\.cohort\)/,
    ],
    [
      "neither workspace nor resource",
      { workspaceId: undefined } as object,
      /exactly one of workspaceId and resourceId/,
    ],
    ["both of them", { workspaceId, resourceId }, /exactly one of workspaceId and resourceId/],
    [
      "a build without its property",
      { cohort: { by: "build", stable: "a", candidate: "b" } },
      /cohort\.property names/,
    ],
    ["an endpoint that is no URL", { endpoint: "logs" }, /endpoint is not a valid URL/],
  ])("%s", async (_, over, message) => {
    const answer = await open(over).metrics.observe(look);
    expect(answer).toEqual({ status: "error", message: expect.stringMatching(message) });
    expect(fake.requests).toEqual([]);
  });

  it("plain http is refused before a token leaves", async () => {
    const { metrics } = openAzureMonitor(azureConfig(fake.url.replace("https", "http")), {
      credential: monitorCredential,
    });
    expect(await metrics.observe(look)).toMatchObject({ status: "error" });
    expect(fake.requests).toEqual([]);
  });
});
