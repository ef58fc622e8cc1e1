import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { followRoute, type RouteFollower } from "../support/follow-route.ts";
import { type Haproxy, startHaproxy } from "../support/haproxy.ts";
import { type HttpService, startHttpServices } from "../support/http-service.ts";
import { mustSucceed } from "../support/kube-api.ts";
import { deployment, httpRoute, isAccepted, routesPath } from "../support/manifests.ts";
import { waitUntil } from "../support/process.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";

const stops: (() => Promise<unknown>)[] = [];
const dirs: string[] = [];
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});
const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "parts-"));
  dirs.push(dir);
  return dir;
};

let stable: HttpService;
let canary: HttpService;
let haproxy: Haproxy;
beforeAll(async () => {
  const hosted = await startHttpServices([
    { app: "atp", version: "1.2.3" },
    { app: "atp", version: "1.2.4" },
  ]);
  stops.push(hosted.stop);
  [stable, canary] = hosted.services as [HttpService, HttpService];
  const servers = { atp: stable.port, "atp-canary": canary.port };
  haproxy = await startHaproxy({ dir: folder(), servers, weights: { atp: 100, "atp-canary": 0 } });
  stops.push(haproxy.stop);
});

/** Sends requests and counts the answers by version and status: `1.2.3:200`. */
async function send(count: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const response = await fetch(haproxy.url);
    await response.text();
    const key = `${response.headers.get("x-version")}:${response.status}`;
    answers[key] = (answers[key] ?? 0) + 1;
  }
  return answers;
}

describe("traffic", () => {
  it.each([
    [95, 5],
    [80, 20],
    [50, 50],
    [0, 100],
    [100, 0],
  ])("is split by weight, %i to %i", async (a, b) => {
    await haproxy.setWeights({ atp: a, "atp-canary": b });
    expect(await haproxy.weights()).toEqual({ atp: a, "atp-canary": b });
    const answers = await send(200);
    const [one, two] = [answers["1.2.3:200"] ?? 0, answers["1.2.4:200"] ?? 0];
    expect(one + two).toBe(200);
    // Where in the cycle the change came decides about one request.
    expect(Math.abs(two - 2 * b)).toBeLessThanOrEqual(b % 100 === 0 ? 0 : 1);
  });

  it("fails exactly the asked share, slows it, and says so in /metrics", async () => {
    await haproxy.setWeights({ atp: 0, "atp-canary": 100 });
    await canary.set({ errorRate: 0.05, slowShare: 0.1, slowMs: 600, exceptionRate: 0.02 });
    const before = await canary.counts();
    expect(await send(100)).toEqual({ "1.2.4:200": 95, "1.2.4:500": 5 });
    const after = await canary.counts();
    expect(after.errors - before.errors).toBe(5);
    expect(after.exceptions - before.exceptions).toBe(2);
    const metrics = await (await fetch(`${canary.url}/metrics`)).text();
    expect(metrics).toContain('http_requests_total{app="atp",version="1.2.4",code="500"} 5');
    expect(metrics).toContain('exceptions_total{app="atp",version="1.2.4"} 2');
    const bin = (limit: string): number =>
      Number(metrics.split(`_bucket{app="atp",version="1.2.4",le="${limit}"} `)[1]?.split("\n")[0]);
    expect(bin("1") - bin("0.5")).toBe(10);
    expect(bin("+Inf")).toBe(after.requests);
    await canary.set({ errorRate: 0, slowShare: 0, exceptionRate: 0 });
  });

  it("stops at once at weight 0, and lets the requests in flight finish", async () => {
    await haproxy.setWeights({ atp: 0, "atp-canary": 100 });
    await canary.set({ latencyMs: 800 });
    const inFlight = fetch(haproxy.url);
    await waitUntil({
      what: "the request",
      timeoutMs: 2_000,
      ready: async () => (await canary.counts()).inFlight === 1,
    });
    await haproxy.setWeights({ atp: 100, "atp-canary": 0 });
    expect(await send(100)).toEqual({ "1.2.3:200": 100 });
    expect((await inFlight).headers.get("x-version")).toBe("1.2.4");
    await canary.set({ latencyMs: 0 });
  });

  it("answers health checks as it is told", async () => {
    const health = async (): Promise<number[]> => {
      const paths = ["/health", "/health/ready", "/health/live"];
      return await Promise.all(paths.map(async (path) => (await fetch(canary.url + path)).status));
    };
    expect(await health()).toEqual([200, 200, 200]);
    await canary.set({ ready: false });
    expect(await health()).toEqual([503, 503, 200]);
    await canary.set({ ready: true });
  });
});

describe("Prometheus", () => {
  it("has the counters of each version within seconds", async () => {
    const prometheus: Prometheus = await startPrometheus({ dir: folder(), targets: [stable.port] });
    stops.push(prometheus.stop);
    prometheus.setTargets([stable.port, canary.port]);
    const total = 'sum by (version) (http_requests_total{app="atp"})';
    await waitUntil({
      what: "both versions",
      timeoutMs: 15_000,
      ready: async () => (await prometheus.query(total)).length === 2,
    });
    const { requests } = await stable.counts();
    await waitUntil({
      what: `${requests} requests`,
      timeoutMs: 5_000,
      ready: async () =>
        (await prometheus.query(total)).find((sample) => sample.metric["version"] === "1.2.3")?.value ===
        requests,
    });
    const slower = 'http_request_duration_seconds_bucket{version="1.2.4",le="0.5"}';
    expect(await prometheus.query(slower)).toHaveLength(1);
    await expect(prometheus.query("sum(")).rejects.toThrow("parse error");
  });
});

describe("the control plane", () => {
  let plane: ControlPlane;
  let follower: RouteFollower;
  beforeAll(async () => {
    plane = await startControlPlane({ dir: folder(), log: (line) => console.error(line) });
    stops.push(plane.stop);
  });

  it("brings the pods of a Deployment up", async () => {
    await mustSucceed(plane.api, {
      method: "POST",
      path: "/apis/apps/v1/namespaces/default/deployments",
      body: deployment("atp", 2),
    });
    await waitUntil({
      what: "the Deployment",
      timeoutMs: 30_000,
      ready: async () => {
        const answer = await plane.api({ path: "/apis/apps/v1/namespaces/default/deployments/atp" });
        return answer.body.status?.readyReplicas === 2;
      },
    });
    const pods = await plane.api({ path: "/api/v1/namespaces/default/pods" });
    expect(pods.body.items.map((pod: { status: { phase: string } }) => pod.status.phase)).toEqual([
      "Running",
      "Running",
    ]);
  });

  it("has an HTTPRoute whose weights the balancer follows", async () => {
    follower = followRoute({
      kubeconfigPath: plane.kubeconfigPath,
      api: plane.api,
      namespace: "default",
      name: "atp",
      apply: haproxy.setWeights,
      log: (line) => console.error(line),
    });
    stops.push(follower.stop);
    await mustSucceed(plane.api, {
      method: "POST",
      path: routes,
      body: httpRoute("atp", { atp: 95, "atp-canary": 5 }),
    });
    await follower.waitFor({ atp: 95, "atp-canary": 5 });
    await waitUntil({
      what: "acceptance",
      timeoutMs: 5_000,
      ready: async () => isAccepted(await readRoute(), 1),
    });
    const answers = await send(100);
    expect([4, 5, 6]).toContain(answers["1.2.4:200"]);
  });

  it("has each weight ever written in the follower's record, and the status of the last", async () => {
    for (const weight of [20, 50, 100, 0]) {
      const { spec } = httpRoute("atp", { atp: 100 - weight, "atp-canary": weight });
      await mustSucceed(plane.api, { method: "PATCH", path: `${routes}/atp`, body: { spec } });
    }
    const written = Date.now();
    const last = await follower.waitFor({ atp: 100, "atp-canary": 0 });
    expect(follower.seen.map((state) => state.weights["atp-canary"])).toEqual([5, 20, 50, 100, 0]);
    expect(last.appliedAt - written).toBeLessThan(1_000);
    await waitUntil({
      what: "acceptance",
      timeoutMs: 5_000,
      ready: async () => isAccepted(await readRoute(), 5),
    });
    expect(await send(50)).toEqual({ "1.2.3:200": 50 });
  });

  it("ends with everything that it started", async () => {
    await follower.stop();
    await plane.stop();
    await expect(plane.api({ path: "/readyz" })).rejects.toThrow("ECONNREFUSED");
  });

  const routes = routesPath("default");
  const readRoute = async () => (await plane.api({ path: `${routes}/atp` })).body;
});
