import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ofFlag } from "../../../src/cli/compose/metrics-ports.ts";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { realWorld } from "../../../src/cli/compose/world.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { flagContentType, flagKey } from "../../../src/plan/flag-value.ts";
import { flagAt } from "../../../src/plan/render-flag.ts";
import { flagStoreToken } from "../../../src/sandbox/flags/server.ts";
import type { MetricsConfig } from "../../../src/types/policy.ts";
import { flagId, startFlagsWorld } from "../../support/flags-world.ts";
import { type HttpFake, json, startHttpFake } from "../../support/http-fake.ts";
import { monitorToken, startAzureMonitorFake } from "../../support/http-fake-azure-monitor.ts";
import { checkKql } from "../../support/kusto.ts";
import { aFlagSpec } from "../../support/memory-flag-stack.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const root = resolve(import.meta.dirname, "../../..");
let identity: HttpFake;
let dir: string;

// One for all: MSAL keeps the endpoint that it has seen first.
beforeAll(async () => {
  identity = await startHttpFake(({ url }) => {
    const resource = url.searchParams.get("resource") ?? "";
    const access_token = resource.includes("appconfig") ? flagStoreToken : monitorToken;
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    return json({ access_token, expires_on, resource, token_type: "Bearer" });
  });
});
afterAll(() => identity.close());

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rollouts-flag-ports-"));
  // As on a CI agent with a managed identity: nothing is passed in.
  vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential");
  vi.stubEnv("IDENTITY_ENDPOINT", `${identity.url}/msi/token`);
  vi.stubEnv("IDENTITY_HEADER", "planted");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const prometheus = {
  kind: "prometheus",
  url: "http://127.0.0.1:9",
  cohort: { label: "version", stable: "stable", candidate: "canary" },
};
const health = {
  kind: "http",
  candidate: ["http://127.0.0.1:9/canary"],
  stable: ["http://127.0.0.1:9/service"],
};

async function open(more: Readonly<Record<string, unknown>>, endpoint: string) {
  const asked: string[] = [];
  const written = {
    preset: "test",
    service: "atp",
    strategy: "feature-flag",
    metrics: prometheus,
    health,
    flag: { id: flagId, endpoint, refresh: "5s" },
    ...more,
  };
  const { runtime, clock } = createMemoryRuntime();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith("http://127.0.0.1:9/")) return await globalThis.fetch(input, init);
    asked.push(url);
    return new Response("ok");
  };
  const policy = normalizeOrThrow({ written, stack: "test" });
  const at = { projectDir: dir, env: {} };
  return { asked, clock, policy, ports: await openPorts(policy, { ...runtime, fetch }, at) };
}

describe("the ports of a stack with a flag", () => {
  it("read and switch it in its store, as the ambient identity; beside them the service's own stay", async () => {
    const { server, put } = await startFlagsWorld();
    const value = JSON.stringify(flagAt(aFlagSpec({ id: flagId }), 25));
    put({ value, contentType: flagContentType, tags: {} });
    const { ports, clock, asked } = await open(
      { lever: { kind: "http-route", namespace: "atp" } },
      server.endpoint,
    );
    expect(ports.lever.name).toBe("HTTPRoute atp/atp");
    expect(await ports.flag?.lever.read()).toMatchObject({ exposure: 25, accepted: false });
    await ports.flag?.lever.setExposure(0);
    expect(JSON.parse(server.store.get({ key: flagKey(flagId) })?.value ?? "")).toMatchObject({
      enabled: false,
    });
    // What was written counts once every application has had the time to read it.
    expect(await ports.flag?.lever.read()).toMatchObject({ exposure: 0, accepted: false });
    await clock.advance(5_000);
    expect(await ports.flag?.lever.read()).toMatchObject({ exposure: 0, accepted: true });
    expect(await ports.flag?.flags.read()).toMatchObject({ contentType: flagContentType });
    await ports.flag?.health.probe({ tries: 1, timeoutMs: 1000 });
    expect(asked).toEqual(["http://127.0.0.1:9/service"]);
    expect(ports.flag).not.toHaveProperty("tenants");
  });

  it("alone they are the stack's: nothing of a route is opened", async () => {
    const { server } = await startFlagsWorld();
    const { ports } = await open({ lever: { kind: "app-configuration" } }, server.endpoint);
    expect(ports.lever).toBe(ports.flag?.lever);
    expect(ports.metrics).toBe(ports.flag?.metrics);
    expect(ports.health).toBe(ports.flag?.health);
    expect(ports).not.toHaveProperty("leverFor");
    expect(ports).not.toHaveProperty("metricsFor");
  });

  it("ask nobody before they are asked", async () => {
    const { server } = await startFlagsWorld();
    const before = identity.requests.length;
    await open({ lever: { kind: "app-configuration" } }, server.endpoint);
    expect([server.calls, identity.requests.slice(before)]).toEqual([[], []]);
  });

  it("of a stack that watches nothing switch the flag all the same", async () => {
    const { server, put } = await startFlagsWorld();
    put({
      value: JSON.stringify(flagAt(aFlagSpec({ id: flagId }), 100)),
      contentType: flagContentType,
      tags: {},
    });
    const written = {
      preset: "development",
      service: "atp",
      flag: { id: flagId, endpoint: server.endpoint },
    };
    const policy = normalizeOrThrow({ written, stack: "dev" });
    const { runtime } = createMemoryRuntime();
    const ports = await openPorts(policy, runtime, { projectDir: dir, env: {} });
    await ports.flag?.lever.setExposure(0);
    expect(await ports.flag?.lever.read()).toMatchObject({ exposure: 0 });
    expect(ports.lever.name).toBe("none");
  });

  it("have the tenants of the file, and refuse one that is not right before anything is touched", async () => {
    const { server } = await startFlagsWorld();
    const flag = { id: flagId, endpoint: server.endpoint, tenants: "tenants.json" };
    const more = { flag, lever: { kind: "app-configuration" } };
    await expect(open(more, "")).rejects.toMatchObject({ code: "tenants-missing", exit: "config" });
    writeFileSync(join(dir, "tenants.json"), '[{"id":"tenant-0001","requests":0}]');
    const { ports } = await open(more, "");
    expect(ports.flag?.tenants).toEqual([{ id: "tenant-0001", requests: 0 }]);
    writeFileSync(join(dir, "tenants.json"), '[{"id":"a"},{"id":"a"}]');
    await expect(open(more, "")).rejects.toMatchObject({
      code: "tenants-invalid",
      path: "rollout.flag.tenants",
    });
  });

  it("are opened by the real world, as `flag off` opens them", async () => {
    const { server, put } = await startFlagsWorld();
    put({ value: "{}", contentType: flagContentType, tags: {} });
    const { policy } = await open({ lever: { kind: "app-configuration" } }, server.endpoint);
    const config = { project: "atp", main: "index.ts", rollout: {}, policy };
    const { runtime } = createMemoryRuntime();
    const context = { runtime } as Parameters<NonNullable<typeof realWorld.openFlags>>[1];
    const flags = await realWorld.openFlags?.({ projectDir: dir, stack: "prod", config }, context);
    expect(await flags?.read()).toMatchObject({
      value: "{}",
      changedAt: expect.stringMatching(/^2026-01-15T10:/),
    });
  });
});

describe("the counts of a flag's cohorts", () => {
  const cohort = { label: "feature", on: "sha512", off: "sha256" };

  it("are the stack's own source, told apart by the flag's label", () => {
    const config = { ...prometheus, match: { app: "atp" } } as unknown as MetricsConfig;
    expect(ofFlag(config, { cohort })).toEqual({
      ...config,
      cohort: { label: "feature", stable: "sha256", candidate: "sha512" },
    });
    expect(ofFlag({ kind: "sandbox" }, { cohort })).toEqual({ kind: "sandbox" });
  });

  it.each(["version", "role", "build"] as const)(
    "of Azure Monitor are a property of each request, whatever tells versions apart (%s), and Kusto takes the query",
    async (by) => {
      const fake = await startAzureMonitorFake();
      const { server } = await startFlagsWorld();
      const sides =
        by === "role" ? { stable: "atp", candidate: "atp-canary" } : { stable: "{from}", candidate: "{to}" };
      const metrics = {
        kind: "azure-monitor",
        workspaceId: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
        endpoint: fake.url,
        cohort: { by, ...sides },
        ...(by === "role" ? {} : { role: "atp" }),
      };
      const flag = {
        id: flagId,
        endpoint: server.endpoint,
        cohort: { label: 'fea"ture', on: "on", off: "off" },
      };
      const { ports } = await open({ metrics, flag, lever: { kind: "http-route", namespace: "atp" } }, "");
      const nowMs = Date.UTC(2026, 0, 15, 10);
      await ports.flag?.metrics.observe({ sinceMs: nowMs - 900_000, nowMs, thresholdsMs: [1000] });
      await fake.close();
      const [{ query } = { query: "" }] = fake.requests.map(
        ({ body }) => JSON.parse(body) as { query: string },
      );
      expect(checkKql(query).problems).toEqual([]);
      expect(query).toContain('tostring(Properties["fea\\"ture"]) in (stable, candidate)');
      expect(query).toContain('let candidate = "on";');
      expect(query.includes('AppRoleName == "atp"')).toBe(by !== "role");
    },
  );
});

describe("a stack without a flag", () => {
  /** Opens a stack's ports in a process where a library of Azure's throws as it is loaded. */
  const opened = (more: Readonly<Record<string, unknown>>) => {
    const lever = { kind: "http-route", namespace: "atp" };
    const written = { preset: "test", service: "atp", metrics: prometheus, health, lever, ...more };
    const from = (path: string) => JSON.stringify(join(root, path));
    const script = `
      const { openPorts } = await import(${from("src/cli/compose/ports.ts")});
      const { normalizeOrThrow } = await import(${from("src/config/normalize.ts")});
      const policy = normalizeOrThrow({ written: ${JSON.stringify(written)}, stack: "test" });
      await openPorts(policy, { fetch, wall: {}, clock: {}, logger: {} }, { projectDir: ".", env: {} });
      console.log("opened");
    `;
    const hooks = `
      export async function resolve(name, context, next) {
        if (name.startsWith("@azure/")) throw new Error("loaded " + name);
        return next(name, context);
      }`;
    const file = join(dir, "hooks.mjs");
    writeFileSync(file, hooks);
    const preload = `data:text/javascript,import{register}from"node:module";register(${JSON.stringify(`file://${file}`)})`;
    const run = spawnSync(process.execPath, ["--import", preload, "--input-type=module", "-e", script], {
      encoding: "utf8",
      cwd: root,
    });
    return run.stdout + run.stderr;
  };

  it("loads nothing of Azure's, and one with a flag does", () => {
    expect(opened({}).trim()).toBe("opened");
    expect(opened({ flag: { id: flagId, endpoint: "https://atp.azconfig.io" } })).toContain("loaded @azure/");
  });
});
