import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAzureMetricsGauge } from "../../../../src/adapters/gauge/azure-metrics-gauge.ts";
import type { TokenCredential } from "../../../../src/lib/token-credential.ts";
import type { GaugeConfig } from "../../../../src/types/gauge.ts";
import { type FakeAnswer, json } from "../../../support/http-fake.ts";
import {
  type AzureMonitorFake,
  azureError,
  monitorCredential,
  monitorToken,
  startAzureMonitorFake,
} from "../../../support/http-fake-azure-monitor.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

type Config = Extract<GaugeConfig, { kind: "azure-metrics" }>;

const t0 = Date.UTC(2026, 0, 15, 10, 0, 0);
const minute = (count: number) => t0 + count * 60_000;
const look = { sinceMs: t0, nowMs: minute(4) };
const resourceId = "/subscriptions/s/resourceGroups/atp rg/providers/Microsoft.ServiceBus/namespaces/atp";

let fake: AzureMonitorFake;
beforeEach(async () => {
  fake = await startAzureMonitorFake();
});
afterEach(() => fake.close());

function open(over: Partial<Config> = {}, credential: TokenCredential = monitorCredential) {
  const { runtime, wall } = createMemoryRuntime();
  const config: Config = {
    kind: "azure-metrics",
    resourceId,
    metric: "ActiveMessages",
    aggregation: "Average",
    endpoint: fake.url,
    ...over,
  };
  return { gauge: createAzureMetricsGauge({ config, runtime, credential }), wall };
}
const series = (values: readonly unknown[], filter?: string) => ({
  metric: "ActiveMessages",
  points: values.map((value, index) => [minute(index), value] as const),
  ...(filter === undefined ? {} : { filter }),
});
const values = async (over: Partial<Config> = {}) => {
  const answer = await open(over).gauge.read(look);
  return answer.status === "value" ? answer.samples.map(({ value }) => value) : answer;
};

describe("azure metrics", () => {
  it("asks ARM's metrics by the minute, with everything escaped", async () => {
    const filter = "EntityName eq 'a&b' or EntityName eq '*'";
    fake.metrics = [series([1, 2, 3], filter)];
    expect(await values({ filter, resourceId: `${resourceId}/` })).toEqual([1, 2, 3]);
    const [request] = fake.requests;
    expect(request?.url.pathname).toBe(
      "/subscriptions/s/resourceGroups/atp%20rg/providers/Microsoft.ServiceBus/namespaces/atp/providers/Microsoft.Insights/metrics",
    );
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      "api-version": "2023-10-01",
      metricnames: "ActiveMessages",
      timespan: "2026-01-15T10:00:00.000Z/2026-01-15T10:03:00.000Z",
      interval: "PT1M",
      aggregation: "Average",
      $filter: filter,
    });
    expect(request?.headers.authorization).toBe(`Bearer ${monitorToken}`);
  });

  it("takes the token for ARM, or for the cloud of the endpoint", async () => {
    const scopes: (string | string[])[] = [];
    const credential: TokenCredential = {
      getToken: async (scope) => {
        scopes.push(scope);
        throw new Error("enough");
      },
    };
    await open({ endpoint: "https://management.usgovcloudapi.net/" }, credential).gauge.read(look);
    const { runtime } = createMemoryRuntime();
    const config = { kind: "azure-metrics", resourceId, metric: "m", aggregation: "Total" } as const;
    await createAzureMetricsGauge({ config, runtime, credential }).read(look);
    expect(scopes).toEqual([
      "https://management.usgovcloudapi.net/.default",
      "https://management.azure.com/.default",
    ]);
  });

  it("the worst of several series counts, and minutes without a value are left out", async () => {
    fake.metrics = [series([1, 9, null]), series([5, 2, null])];
    expect(await values()).toEqual([5, 9]);
  });

  it("0 is a value, and `of` makes percent", async () => {
    fake.metrics = [series([0, 45, 50])];
    expect(await values({ of: 50 })).toEqual([0, 90, 100]);
  });

  it("a minute that has just ended is not complete", async () => {
    fake.metrics = [series([1, 2, 3, 4])];
    const answer = await open().gauge.read(look);
    expect(answer).toMatchObject({ everyMs: 60_000, watermarkMs: minute(2), samples: [{}, {}, {}] });
    expect(await open().gauge.read({ sinceMs: t0, nowMs: minute(1) + 59_999 })).toMatchObject({
      status: "empty",
    });
  });

  it("is empty where no series has a value, or none matches the filter", async () => {
    fake.metrics = [series([null, null], "EntityName eq 'a'")];
    expect(await values({ filter: "EntityName eq 'a'" })).toMatchObject({ status: "empty" });
    expect(await values({ filter: "EntityName eq 'b'" })).toMatchObject({ status: "empty" });
  });

  const answer = (timeseries: unknown, more = {}) => json({ value: [{ timeseries, ...more }] });
  const point = (value: unknown) =>
    answer([{ data: [{ timeStamp: "2026-01-15T10:00:00Z", average: value }] }]);
  it.each<[string, FakeAnswer | undefined, RegExp]>([
    [
      "a metric that the resource doesn't have",
      undefined,
      /BadRequest: Failed to find metric .* \(HTTP 400\)/,
    ],
    [
      "401",
      azureError(401, ["InvalidAuthenticationToken", "expired"]),
      /InvalidAuthenticationToken: expired \(HTTP 401\)/,
    ],
    ["403", azureError(403, ["AuthorizationFailed", "no read"]), /AuthorizationFailed: no read \(HTTP 403\)/],
    ["404", azureError(404, ["ResourceNotFound", "gone"]), /ResourceNotFound/],
    ["429", azureError(429, ["TooManyRequests", "slow down"]), /TooManyRequests/],
    ["502 of a proxy", { status: 502, body: "<html>" }, /HTTP 502/],
    ["a login page with 200", { status: 200, body: "<html>" }, /another form/],
    ["a text where a number belongs", point("NaN"), /average at .* is "NaN"/],
    [
      "a part that failed",
      answer([], { errorCode: "InternalError", errorMessage: "shard 3" }),
      /InternalError: shard 3/,
    ],
    ["no time", answer([{ data: [{ average: 1 }] }]), /another form/],
    ["a dropped connection", "cut", /gave no usable answer/],
  ])("%s is an error", async (_, given, message) => {
    if (given !== undefined) fake.override = () => given;
    expect(await open().gauge.read(look)).toEqual({
      status: "error",
      message: expect.stringMatching(message),
    });
  });

  it("no answer in time, of the service or of the credential", async () => {
    fake.override = () => "hang";
    const slow = open();
    const first = slow.gauge.read(look);
    await until(() => fake.requests.length === 1);
    await slow.wall.advance(10_000);
    expect(await first).toMatchObject({
      status: "error",
      message: expect.stringMatching(/no answer within 10 s/),
    });

    let asked = false;
    const getToken = () => {
      asked = true;
      return new Promise<never>(() => {});
    };
    const stuck = open({}, { getToken });
    const second = stuck.gauge.read(look);
    await until(() => asked);
    await stuck.wall.advance(10_000);
    expect(await second).toMatchObject({
      status: "error",
      message: expect.stringMatching(/no answer within 10 s/),
    });
  });

  it.each([
    ["fails", async () => Promise.reject(new Error("no identity on this host")), /no identity on this host/],
    ["gives nothing", async () => null, /no identity gives a token/],
  ])("says why where the credential %s", async (_, getToken, message) => {
    const answer = await open({}, { getToken }).gauge.read(look);
    expect(answer).toEqual({ status: "error", message: expect.stringMatching(message) });
  });

  it("never quotes its token", async () => {
    fake.override = () => azureError(401, ["InvalidAuthenticationToken", `${monitorToken} is not valid`]);
    expect(JSON.stringify(await open().gauge.read(look))).not.toContain(monitorToken);
  });
});
