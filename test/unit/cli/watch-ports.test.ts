import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { openWatch } from "../../../src/cli/compose/watch-ports.ts";
import type { GaugeConfig } from "../../../src/types/gauge.ts";
import type { WatchConfig } from "../../../src/types/watch.ts";
import { aPolicy } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

let projectDir: string;
beforeEach(() => {
  projectDir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-watch-ports-")));
});
afterEach(() => rmSync(projectDir, { recursive: true }));

const none = { kind: "none", reason: "no database" } as const;
const prometheus = { kind: "prometheus", url: "http://127.0.0.1:9", query: "up" } as const;
const azureMetrics = {
  kind: "azure-metrics",
  resourceId: "/subscriptions/s/namespaces/bus",
  metric: "ActiveMessages",
  aggregation: "Maximum",
} as const;
const azureLogs = { kind: "azure-logs", workspaceId: "w", query: "AppMetrics" } as const;
const printing = (code: string) => ({ kind: "command", run: [process.execPath, "-e", code] }) as const;
const unwatched = { "db-pool": none, "queue-depth": none, memory: none };
const now = Date.UTC(2026, 0, 15, 10);
const span = { sinceMs: now - 60_000, nowMs: now };

/** Opens what is watched; nobody on the network may be asked by that. */
async function open(watch: Partial<WatchConfig>) {
  const fetch: typeof globalThis.fetch = async () => {
    throw new Error("nobody is asked before a look");
  };
  const { runtime } = createMemoryRuntime({ start: now, fetch });
  const policy = aPolicy({ watch: { gauges: unwatched, reviews: [], ...watch } });
  return await openWatch(policy, runtime, { projectDir });
}

describe("levels", () => {
  it("each is opened by its kind, under its own name; none isn't opened", async () => {
    const { gauges = {} } = await open({
      gauges: { "db-pool": prometheus, "queue-depth": azureMetrics, memory: none },
    });
    expect(Object.fromEntries(Object.entries(gauges).map(([name, { name: kind }]) => [name, kind]))).toEqual({
      "db-pool": "prometheus",
      "queue-depth": "azure-metrics",
    });
  });

  it("where nothing is watched nothing is opened", async () => {
    expect(await open({})).toEqual({ gauges: {}, reviews: {} });
  });

  it.each([
    ["azure-logs", azureLogs],
    ["command", printing("")],
  ] as const)("of the kind %s", async (kind, config) => {
    const { gauges = {} } = await open({ gauges: { ...unwatched, memory: config } });
    expect(gauges["memory"]?.name).toBe(kind);
  });

  it("the sandbox is refused outside of a rehearsal", async () => {
    const watch = { gauges: { ...unwatched, memory: { kind: "sandbox" } satisfies GaugeConfig } };
    await expect(open(watch)).rejects.toMatchObject({ code: "not-here", exit: "config" });
  });
});

describe("the queue's lag", () => {
  it("is opened by its kind, in the project's folder, where it is watched", async () => {
    expect((await open({ queueLag: azureLogs })).queueLag?.name).toBe("azure-logs");
    const where = printing(`console.log(process.cwd() === ${JSON.stringify(projectDir)} ? 7 : -1)`);
    const { queueLag, gauges } = await open({ queueLag: where });
    expect(await queueLag?.read(span)).toMatchObject({ samples: [{ value: 7 }] });
    expect(gauges).toEqual({});
    expect(await open({})).not.toHaveProperty("queueLag");
    await expect(open({ queueLag: { kind: "sandbox" } })).rejects.toMatchObject({ code: "not-here" });
  });
});

describe("business metrics", () => {
  const review = (name: string, source: GaugeConfig) =>
    ({ name, source, limit: 0.95, worse: "below" }) as const;

  it("are opened by their names, each with a source of its own", async () => {
    const { reviews = {} } = await open({
      reviews: [
        review("checkout-rate", printing("console.log(0.91)")),
        review("refunds", printing("console.log(7)")),
        review("memory", prometheus),
      ],
    });
    expect(Object.keys(reviews)).toEqual(["checkout-rate", "refunds", "memory"]);
    expect(await reviews["checkout-rate"]?.read(span)).toMatchObject({ samples: [{ value: 0.91 }] });
    expect(await reviews["refunds"]?.read(span)).toMatchObject({ samples: [{ value: 7 }] });
    expect(reviews["memory"]?.name).toBe("prometheus");
  });

  it("two of one name are refused: one of them would pass by the other's value", async () => {
    const reviews = [review("a", prometheus), review("b", prometheus), review("a", azureLogs)];
    await expect(open({ reviews })).rejects.toMatchObject({
      code: "config-invalid",
      exit: "config",
      path: "rollout.watch.review[2].name",
      message: "Two business metrics are named a.",
    });
  });
});

describe("programs", () => {
  it("run in the project's folder: levels, business metrics and the check of the data alike", async () => {
    const where = printing(
      `if (process.cwd() !== ${JSON.stringify(projectDir)}) process.exitCode = 3; console.log(4)`,
    );
    const { gauges, reviews, integrity } = await open({
      gauges: { ...unwatched, memory: where },
      reviews: [{ name: "r", source: where, limit: 5, worse: "above" }],
      integrity: where,
    });
    expect(await gauges?.["memory"]?.read(span)).toMatchObject({ status: "value" });
    expect(await reviews?.["r"]?.read(span)).toMatchObject({ status: "value" });
    expect(await integrity?.check(span)).toEqual({ status: "whole", message: "4" });
  });
});

describe("the check of the data", () => {
  it("is opened by its kind, where there is one", async () => {
    const http = { kind: "http", url: "http://127.0.0.1:9/chain" } as const;
    expect((await open({ integrity: http })).integrity?.name).toBe("http");
    expect((await open({ integrity: printing("") })).integrity?.name).toBe("command");
    expect(await open({})).not.toHaveProperty("integrity");
  });
});

it("a driver's ports have all of it beside metrics, health and lever", async () => {
  const { runtime } = createMemoryRuntime({ start: now });
  const policy = aPolicy({
    metrics: {
      kind: "prometheus",
      url: "http://127.0.0.1:9",
      cohort: { label: "version", stable: "stable", candidate: "canary" },
      match: {},
      requests: { metric: "r", codeLabel: "code" },
      latency: { metric: "l" },
      exceptions: { metric: "e" },
    },
    health: { kind: "http", candidate: ["http://127.0.0.1:9/c"], stable: ["http://127.0.0.1:9/s"] },
    lever: { kind: "http-route", namespace: "n", route: "atp" },
    watch: {
      gauges: { ...unwatched, memory: prometheus },
      reviews: [{ name: "refunds", source: prometheus, limit: 1, worse: "above" }],
      integrity: printing(""),
      queueLag: azureMetrics,
    },
  });
  const ports = await openPorts(policy, runtime, { projectDir, env: {} });
  expect(Object.keys(ports.gauges ?? {})).toEqual(["memory"]);
  expect(Object.keys(ports.reviews ?? {})).toEqual(["refunds"]);
  expect([ports.integrity?.name, ports.metrics.name]).toEqual(["command", "prometheus"]);
  expect(ports.queueLag?.name).toBe("azure-metrics");
});
