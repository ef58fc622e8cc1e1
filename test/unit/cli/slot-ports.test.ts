import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { wallClock } from "../../../src/lib/wall-clock.ts";
import { type ArmServer, armAddress, startArmServer } from "../../../src/sandbox/arm/server.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { jumpingClock } from "../adapters/slots/slots-world.ts";

let server: ArmServer;
const clock = jumpingClock();

beforeEach(async () => {
  server = await startArmServer({ now: () => clock.now(), production: "1.2.3", idle: "1.2.4" });
  setDefaultCACertificates([...getCACertificates("default"), server.cert]);
  server.queues["ingest"] = "Active";
  // As on a CI agent with a managed identity: nothing is passed in.
  for (const [name, value] of Object.entries(server.identityEnv("unused"))) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

async function open(more: Readonly<Record<string, unknown>> = {}) {
  const asked: string[] = [];
  const written = {
    preset: "staging",
    service: "atp",
    metrics: { kind: "prometheus", url: "http://127.0.0.1:9", cohort: { stable: "live", candidate: "none" } },
    health: { kind: "http", stable: ["http://127.0.0.1:9/live"] },
    lever: { kind: "app-service-slot", ...armAddress, endpoint: server.endpoint, buildPath: "/version" },
    validate: { serviceBus: { namespace: "atp-bus", queue: "ingest" } },
    ...more,
  };
  const { runtime } = createMemoryRuntime();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith("http://127.0.0.1:9/")) return await globalThis.fetch(input, init);
    asked.push(url);
    return new Response("ok");
  };
  const at = { projectDir: ".", env: {} };
  const policy = normalizeOrThrow({ written, stack: "staging" });
  return { asked, ports: await openPorts(policy, { ...runtime, clock, wall: wallClock, fetch }, at) };
}

describe("the ports of a stack with slots", () => {
  it("swap by build ids, there and back, as the ambient identity", async () => {
    const { ports } = await open();
    const lever = ports.leverFor?.({ stable: "1.2.3", candidate: "1.2.4" });
    expect(await lever?.read()).toMatchObject({ exposure: 0, accepted: true });
    await lever?.setExposure(100);
    expect(await lever?.read()).toMatchObject({ exposure: 100, accepted: true, hasCandidate: true });
    await lever?.setExposure(0);
    expect(await lever?.read()).toMatchObject({ exposure: 0, hasCandidate: false });
    expect(server.model.swaps).toBe(2);
  });

  it("validate the idle slot at the host that ARM names, and what the config names", async () => {
    const { ports } = await open();
    const report = await ports.validation?.run(new AbortController().signal);
    expect(report?.results.map(({ name, ok, message }) => [name, ok, message])).toEqual([
      ["health", true, "GET /health/live answered 200"],
      ["ready", true, "GET /health/ready answered 200"],
      ["service-bus", true, "queue ingest of atp-bus is active"],
    ]);
  });

  it("wait for a slot that starts, and judge it once it has come up", async () => {
    const { ports } = await open();
    server.model.idle.restartsUntil = clock.now() + 60_000;
    const before = clock.now();
    expect(await ports.validation?.run(new AbortController().signal)).toMatchObject({ ok: true });
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });

  it("wait no longer than a read-back may take", async () => {
    const { ports } = await open({ timeouts: { confirm: "20s" } });
    server.model.idle.restartsUntil = Number.POSITIVE_INFINITY;
    const before = clock.now();
    const report = await ports.validation?.run(new AbortController().signal);
    expect(report).toMatchObject({ ok: false });
    expect(report?.results.map(({ ok }) => ok)).toEqual([false, false, true]);
    expect(clock.now() - before).toBeLessThan(30_000);
  });

  it("don't wait for a build that answers and is ill", async () => {
    const { ports } = await open();
    server.model.builds["1.2.4"] = { live: 500 };
    const before = clock.now();
    expect(await ports.validation?.run(new AbortController().signal)).toMatchObject({ ok: false });
    expect(clock.now() - before).toBe(0);
  });

  it("ask the health of the service alone: one side serves", async () => {
    const { ports, asked } = await open();
    await ports.health.probe({ tries: 1, timeoutMs: 1000 });
    expect(asked).toEqual(["http://127.0.0.1:9/live"]);
  });
});

describe("the ports of blue-green on Kubernetes", () => {
  const kubernetes = {
    health: { kind: "http", candidate: ["http://127.0.0.1:9/idle"], stable: ["http://127.0.0.1:9/live"] },
    lever: { kind: "http-route", namespace: "atp" },
    strategy: "blue-green",
    validate: undefined,
  };

  it("validate the candidate where its health is asked", async () => {
    const { ports, asked } = await open(kubernetes);
    expect(await ports.validation?.run(new AbortController().signal)).toMatchObject({ ok: true });
    expect([...new Set(asked)].sort()).toEqual([
      "http://127.0.0.1:9/health/live",
      "http://127.0.0.1:9/health/ready",
    ]);
    expect(ports.lever.name).toBe("HTTPRoute atp/atp");
    expect(ports.leverFor).toBeUndefined();
  });
});
