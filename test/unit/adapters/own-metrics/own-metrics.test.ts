import { afterEach, describe, expect, it } from "vitest";
import { type OtlpTarget, otlpFromEnv, otlpSecrets } from "../../../../src/adapters/own-metrics/otlp-env.ts";
import { pushMetrics } from "../../../../src/adapters/own-metrics/otlp-push.ts";
import { type MetricsServer, serveMetrics } from "../../../../src/adapters/own-metrics/serve.ts";
import type { MetricsNow } from "../../../../src/types/own-metrics.ts";
import { type FakeAnswer, type HttpFake, json, startHttpFake } from "../../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

let value = 0;
const read = async (): Promise<MetricsNow> => ({
  families: [{ name: "rollouts_test", type: "gauge", help: "A test.", samples: [{ labels: {}, value }] }],
  sinceMs: 0,
});

async function serve(from: typeof read = read): Promise<MetricsServer> {
  const server = await serveMetrics({ host: "127.0.0.1", port: 0, read: from });
  open.push(server);
  return server;
}

describe("GET /metrics", () => {
  it("is the text format, as it is at the moment", async () => {
    const { url } = await serve();
    for (value of [1, 2]) {
      const response = await fetch(url);
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(await response.text()).toContain(`\nrollouts_test ${value}\n`);
    }
    expect(await (await fetch(url, { method: "HEAD" })).text()).toBe("");
  });

  it("is all that there is, and reads only", async () => {
    const { url } = await serve();
    expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
    const written = await fetch(url, { method: "POST", body: "x" });
    expect([written.status, written.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("says so where the journal can't be read: an empty page would be a lie", async () => {
    const { url } = await serve(async () => {
      throw new Error("the disk is gone");
    });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, "the disk is gone\n"]);
  });

  it("on a port that is taken is refused, with a hint", async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(serveMetrics({ host: "127.0.0.1", port, read })).rejects.toMatchObject({
      code: "metrics-port",
      exit: "config",
    });
  });

  it("ends with its driver", async () => {
    const server = await serve();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });
});

async function collector(answer: () => FakeAnswer = () => json({})) {
  const server: HttpFake = await startHttpFake(answer);
  open.push(server);
  const { runtime, wall, lines } = createMemoryRuntime();
  const target: OtlpTarget = {
    url: `${server.url}/v1/metrics?key=planted-planted`,
    headers: { "x-api-key": "planted-planted" },
    timeoutMs: 8000,
    resource: { "service.name": "pulumi-rollouts" },
  };
  return { server, wall, lines, push: pushMetrics({ target, runtime, read }) };
}

describe("OTLP", () => {
  it("is sent at once, every 10 s, and at the end", async () => {
    const { server, wall, push } = await collector();
    await until(() => server.requests.length === 1 && wall.sleepers(10_000) === 1);
    await wall.advance(9999);
    expect(server.requests).toHaveLength(1);
    await wall.advance(1);
    await until(() => server.requests.length === 2);
    value = 9;
    await push.close();
    expect(server.requests).toHaveLength(3);
    const [first, , last] = server.requests;
    expect(first?.method).toBe("POST");
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "x-api-key": "planted-planted",
    });
    expect(JSON.parse(last?.body ?? "")).toMatchObject({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{ asDouble: 9 }] } }] }] }],
    });
  });

  it.each<[string, FakeAnswer, string]>([
    ["down", { status: 503 }, "HTTP 503"],
    ["a redirect", { status: 302, headers: { location: "/elsewhere" } }, "HTTP 302"],
    ["gone", "cut", ""],
    ["picky", json({ partialSuccess: { rejectedDataPoints: "2" } }), "2 data points were rejected"],
  ])("to a collector that is %s is told once, without its address", async (_, answer, why) => {
    const { server, wall, lines, push } = await collector(() => answer);
    await until(() => lines.length === 1 && wall.sleepers(10_000) === 1);
    await wall.advance(10_000);
    await until(() => server.requests.length === 2);
    await push.close();
    expect(lines).toEqual([expect.stringContaining(why)]);
    expect(lines[0]).not.toMatch(/planted|127\.0\.0\.1/);
  });

  it("that hangs ends with its driver, after 5 s", async () => {
    const { server, wall, lines, push } = await collector(() => "hang");
    await until(() => server.requests.length === 1);
    const closing = push.close();
    await until(() => server.requests.length === 2);
    await wall.advance(5000);
    await closing;
    expect(lines).toEqual([expect.stringContaining("no answer within 5 s")]);
  });
});

describe("OpenTelemetry's variables", () => {
  const base = "https://collector.example:4318";
  it.each<[NodeJS.ProcessEnv, string | undefined]>([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: base }, `${base}/v1/metrics`],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/otlp/` }, `${base}/otlp/v1/metrics`],
    [
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${base}/own`, OTEL_EXPORTER_OTLP_ENDPOINT: "http://x" },
      `${base}/own`,
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_SDK_DISABLED: "true" }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_METRICS_EXPORTER: "none" }, undefined],
  ])("%j: %s", (env, url) => {
    expect(otlpFromEnv(env).target?.url).toBe(url);
    expect(otlpFromEnv(env).problem).toBeUndefined();
  });

  it("say who sends, with which headers and for how long; what is of metrics alone counts", () => {
    const { target } = otlpFromEnv({
      OTEL_EXPORTER_OTLP_ENDPOINT: base,
      OTEL_EXPORTER_OTLP_HEADERS: "ignored=1",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "api-key=planted%20key%3D1, x-tenant = atp ,bad",
      OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=prod,service.name=other",
      OTEL_SERVICE_NAME: "rollouts",
    });
    expect(target).toEqual({
      url: `${base}/v1/metrics`,
      headers: { "api-key": "planted key=1", "x-tenant": "atp" },
      timeoutMs: 2000,
      resource: { "service.name": "rollouts", "deployment.environment.name": "prod" },
    });
    expect(target && otlpSecrets(target)).toEqual(["planted key=1"]);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "grpc"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, "no http or https URL"],
  ])("that ask for what can't be done are told: %j", (env, problem) => {
    expect(otlpFromEnv(env)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
