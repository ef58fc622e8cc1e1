import { beforeAll, describe, expect, it } from "vitest";
import { firesAt, type ScheduledRule } from "../../support/azure-alerts.ts";
import type { Item } from "../../support/azure-telemetry.ts";
import { production, register } from "../components/alerts-world.ts";

// The rules as they are registered, evaluated as log search alerts are, over telemetry.

const start = Date.UTC(2026, 0, 15, 10);
const minute = 60_000;
const failed = { ResultCode: "500", Success: false };

/** One stored row that stands for some requests of a version, at a minute from the start. */
function requests(at: number, AppVersion: string, ItemCount: number, more: Item["columns"] = {}): Item {
  return { atMs: start + at * minute, columns: { AppVersion, ItemCount, ...more } };
}

/** Minutes in which of `total` requests `bad` failed. */
const minutes = (
  from: number,
  to: number,
  [total, bad]: readonly [number, number],
  version = "1.2.4",
): Item[] =>
  Array.from({ length: to - from }, (_, index) => [
    requests(from + index, version, total - bad),
    requests(from + index, version, bad, failed),
  ]).flat();

let rules: ReadonlyMap<string, ScheduledRule>;
beforeAll(async () => {
  const slo = { throughput: { target: 100, warning: 80, critical: 20 } };
  const { resources } = await register(production({ slo }), { healthTests: ["health"] });
  const own = resources.filter(({ type }) => type === "azure-native:monitor:ScheduledQueryRule");
  rules = new Map(
    own.map(({ name, inputs }) => [name.replace("atp-ingestion-alerts-", ""), inputs as never]),
  );
});

const fires = (id: string, telemetry: readonly Item[], at: number): string[] => {
  const rule = rules.get(id);
  if (rule === undefined) throw new Error(`${id} is not among ${[...rules.keys()]}`);
  return firesAt(rule, telemetry, { atMs: start + at * minute });
};

describe("error-rate: above 1 % for two consecutive minutes", () => {
  const canary = minutes(0, 2, [200, 3]);
  const stable = minutes(0, 2, [9000, 9], "1.2.3");

  it("fires for the version that fails, and for no other", () => {
    expect(fires("error-rate", [...canary, ...stable], 2)).toEqual(["1.2.4"]);
  });

  it.each<[string, readonly Item[], number]>([
    ["after one minute", minutes(0, 1, [200, 3]), 1],
    ["after two minutes of which one is well", [...minutes(0, 1, [200, 3]), ...minutes(1, 2, [200, 0])], 2],
    ["at exactly 1 %", minutes(0, 2, [200, 2]), 2],
    ["of 99 requests a minute, however many failed", minutes(0, 2, [99, 99]), 2],
    ["without any request", [], 2],
    ["of 404s", [0, 1].map((at) => requests(at, "1.2.4", 200, { ResultCode: "404", Success: false })), 2],
    [
      "of availability tests",
      [0, 1].map((at) => requests(at, "1.2.4", 200, { ...failed, SyntheticSource: "test" })),
      2,
    ],
    [
      "of another service in the workspace",
      [0, 1].map((at) => requests(at, "1.2.4", 200, { ...failed, AppRoleName: "billing" })),
      2,
    ],
    ["two minutes after it was over", canary, 4],
  ])("doesn't fire %s", (_, telemetry, at) => {
    expect(fires("error-rate", telemetry, at)).toEqual([]);
  });
});

describe("p95-latency: above 1000 ms for five consecutive minutes", () => {
  /** Of 200 requests a minute `slow` take 1500 ms. */
  const slow = (count: number, slow: number) =>
    Array.from({ length: count }, (_, at) => [
      requests(at, "1.2.4", 200 - slow, { DurationMs: 300 }),
      requests(at, "1.2.4", slow, { DurationMs: 1500 }),
    ]).flat();

  it("fires when more than one in twenty is slower, and not before the fifth minute", () => {
    expect(fires("p95-latency", slow(5, 11), 5)).toEqual(["1.2.4"]);
    expect(fires("p95-latency", slow(4, 11), 4)).toEqual([]);
    expect(fires("p95-latency", slow(5, 10), 5)).toEqual([]);
  });
});

describe("exceptions: more than 10 within 15 minutes", () => {
  const thrown = (at: number, ItemCount: number): Item => ({
    table: "AppExceptions",
    atMs: start + at * minute,
    columns: { AppVersion: "1.2.4", ItemCount },
  });

  it("counts over the window that slides, not over its minutes", () => {
    expect(fires("exceptions", [thrown(0, 5), thrown(14, 6)], 15)).toEqual(["1.2.4"]);
    expect(fires("exceptions", [thrown(0, 5), thrown(14, 5)], 15)).toEqual([]);
    // A minute later the first five have left it.
    expect(fires("exceptions", [thrown(0, 5), thrown(14, 6)], 16)).toEqual([]);
    expect(fires("exceptions", [thrown(7, 5), thrown(21, 6)], 22)).toEqual(["1.2.4"]);
  });
});

describe("health", () => {
  const test = (at: number, Success: boolean, Name = "health"): Item => ({
    table: "AppAvailabilityResults",
    atMs: start + at * minute,
    columns: { Name, Success },
  });

  it("fires where a test of a health endpoint failed", () => {
    expect(fires("health", [test(0, true), test(2, false)], 5)).toEqual(["health"]);
    expect(fires("health", [test(0, true), test(2, true)], 5)).toEqual([]);
    expect(fires("health", [test(0, false, "start page")], 5)).toEqual([]);
  });
});

describe("objectives", () => {
  it("availability is of the service: a canary's failures are a small part of it", () => {
    const telemetry = [...minutes(0, 5, [100, 20]), ...minutes(0, 5, [1900, 0], "1.2.3")];
    expect(fires("slo-error-rate-critical", telemetry, 5)).toEqual(["1.2.4"]);
    // 100 failed of 10,000: exactly 99 %, which breaches the warning's threshold alone.
    expect(fires("slo-availability-critical", telemetry, 5)).toEqual([]);
    expect(fires("slo-availability-warning", telemetry, 5)).toEqual(["*"]);
    const worse = [...telemetry, requests(4, "1.2.4", 1, failed)];
    expect(fires("slo-availability-critical", worse, 5)).toEqual(["*"]);
  });

  it("throughput: silence is below every limit", () => {
    // 80 a second are 24,000 in five minutes.
    expect(fires("slo-throughput-warning", [requests(0, "1.2.3", 24_000)], 5)).toEqual([]);
    expect(fires("slo-throughput-warning", [requests(0, "1.2.3", 23_999)], 5)).toEqual(["*"]);
    expect(fires("slo-throughput-critical", [requests(0, "1.2.3", 23_999)], 5)).toEqual([]);
    expect(fires("slo-throughput-critical", [], 5)).toEqual(["*"]);
  });

  it("P99 by version, warning before critical", () => {
    const telemetry = [
      requests(0, "1.2.4", 98, { DurationMs: 100 }),
      requests(1, "1.2.4", 2, { DurationMs: 1800 }),
    ];
    expect(fires("slo-p99-latency-warning", telemetry, 5)).toEqual(["1.2.4"]);
    expect(fires("slo-p99-latency-critical", telemetry, 5)).toEqual([]);
  });
});

describe("burn rates: in the long window and in the short one", () => {
  // 14.4 times a budget of 0.1 % are 1.44 % of failures, over an hour and over its last five minutes.
  it("fires where both burn", () => {
    expect(fires("burn-1h", minutes(0, 60, [1000, 15]), 60)).toEqual(["*"]);
    expect(fires("burn-1h", minutes(0, 60, [1000, 14]), 60)).toEqual([]);
  });

  it("not where it is over, nor where it has just begun", () => {
    const over = [...minutes(0, 55, [1000, 20]), ...minutes(55, 60, [1000, 0])];
    expect(fires("burn-1h", over, 60)).toEqual([]);
    const begun = [...minutes(0, 55, [1000, 0]), ...minutes(55, 60, [1000, 100])];
    expect(fires("burn-1h", begun, 60)).toEqual([]);
  });

  it("not of too few requests in the short window", () => {
    const few = [...minutes(0, 55, [1000, 20]), ...minutes(55, 60, [19, 19])];
    expect(fires("burn-1h", few, 60)).toEqual([]);
    expect(fires("burn-1h", [...few, requests(59, "1.2.4", 5, failed)], 60)).toEqual(["*"]);
  });

  it("a day of 0.31 % is a ticket, and no page", () => {
    const day = minutes(0, 1440, [10_000, 31]);
    expect(fires("burn-24h", day, 1440)).toEqual(["*"]);
    expect(fires("burn-6h", day, 1440)).toEqual([]);
    expect(fires("burn-1h", day, 1440)).toEqual([]);
  });
});
