import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  availabilityQuery,
  createAvailabilityEvidence,
} from "../../../../src/adapters/metrics/azure-monitor/availability-tests.ts";
import {
  createAzureMonitorExceptions,
  exceptionTypesQuery,
} from "../../../../src/adapters/metrics/azure-monitor/exception-types.ts";
import { resourceTables, workspaceTables } from "../../../../src/lib/kql/tables.ts";
import { azureConfig, resourceId, workspaceId } from "../../../support/azure-monitor-world.ts";
import type { Item } from "../../../support/azure-telemetry.ts";
import {
  type AzureMonitorFake,
  azureError,
  logsTable,
  monitorCredential,
  startAzureMonitorFake,
} from "../../../support/http-fake-azure-monitor.ts";
import { checkKql } from "../../../support/kusto.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

const t0 = Date.UTC(2026, 0, 15, 10);
const minute = 60_000;
const nowMs = t0 + 15 * minute;
const nasty = 'a"; AppTraces | where "\\\n\'// x';

let fake: AzureMonitorFake;
beforeAll(async () => {
  fake = await startAzureMonitorFake();
});
afterAll(async () => await fake.close());
beforeEach(() => {
  Object.assign(fake, { telemetry: [], nowMs, override: () => undefined });
});

const { runtime } = createMemoryRuntime();
const azure = { runtime, credential: monitorCredential };
const scopes = [
  ["workspace", { workspaceId }, workspaceTables],
  ["resource", { resourceId }, resourceTables],
] as const;

describe("the KQL that is sent", () => {
  it.each(scopes)("exceptions by type, %s: passes Kusto's type checker", (scope, _, tables) => {
    for (const cohort of [
      { by: "version", stable: "1.2.3", candidate: nasty },
      { by: "role", stable: "a", candidate: "b" },
      { by: "build", property: nasty, stable: "a", candidate: "b" },
    ] as const) {
      const kql = exceptionTypesQuery({ config: { cohort, role: nasty }, tables, fromMs: t0, toMs: nowMs });
      const { problems, columns } = checkKql(kql, scope);
      expect(problems).toEqual([]);
      expect(columns.slice(0, 1)).toEqual(["Type:string"]);
      expect(columns).toContain("Exceptions:long");
    }
  });

  it.each(scopes)("availability tests, %s: passes Kusto's type checker", (scope, _, tables) => {
    const kql = availabilityQuery({ tables, tests: ["ping", nasty], fromMs: t0, toMs: nowMs });
    expect(checkKql(kql, scope)).toEqual({
      problems: [],
      columns: ["Test:string", "NewestMs:long", "FailedMs:long"],
    });
  });
});

describe.each(scopes)("exceptions from the logs of a %s", (_, scope) => {
  const open = () =>
    createAzureMonitorExceptions({
      ...azure,
      config: azureConfig(fake.url, { ...scope, role: "atp-ingestion" }),
    });
  const thrown = (
    AppVersion: string,
    ExceptionType: string,
    ItemCount: number,
    atMs = t0 + minute,
  ): Item => ({
    table: "AppExceptions",
    atMs,
    columns: { AppVersion, ExceptionType, ItemCount },
  });

  it("lists the candidate's of the step, by type, and nobody else's", async () => {
    fake.telemetry = [
      thrown("1.2.4", "System.TimeoutException", 2),
      thrown("1.2.4", "System.TimeoutException", 1),
      thrown("1.2.4", "System.IO.IOException", 7),
      thrown("1.2.4", "", 1),
      thrown("1.2.3", "System.NullReferenceException", 99),
      thrown("1.2.4", "System.NullReferenceException", 99, t0 - minute),
    ];
    expect(await open().list({ sinceMs: t0, nowMs })).toEqual({
      status: "value",
      types: [
        { type: "System.IO.IOException", count: 7 },
        { type: "System.TimeoutException", count: 3 },
        { type: "(no type)", count: 1 },
      ],
    });
  });

  it("none is an empty list; trouble is an error", async () => {
    expect(await open().list({ sinceMs: t0, nowMs })).toEqual({ status: "value", types: [] });
    fake.override = () => azureError(503, ["ServiceUnavailable", "try later"]);
    expect(await open().list({ sinceMs: t0, nowMs })).toMatchObject({ status: "error" });
    fake.override = () => logsTable(["Type:string"], [["A"]]);
    expect(await open().list({ sinceMs: t0, nowMs })).toMatchObject({
      status: "error",
      message: expect.stringContaining("its rows are not of exceptions"),
    });
    const stop = new AbortController();
    stop.abort();
    expect(await open().list({ sinceMs: t0, nowMs, signal: stop.signal })).toMatchObject({ status: "error" });
  });
});

describe.each(scopes)("availability tests from the logs of a %s", (_, scope) => {
  const open = (tests: readonly string[] = ["ping", "order"]) =>
    createAvailabilityEvidence({
      ...azure,
      config: { kind: "availability", ...scope, endpoint: fake.url, tests },
    });
  const result = (Name: string, Success: boolean, atMs = nowMs - 5 * minute): Item => ({
    table: "AppAvailabilityResults",
    atMs,
    columns: { Name, Success, SyntheticSource: "Application Insights Availability Monitoring" },
  });
  const query = { version: "1.2.4", nowMs };

  it("met where the newest result of each is a success", async () => {
    fake.telemetry = [
      result("ping", false, nowMs - 9 * minute),
      result("ping", true),
      result("order", true),
      result("of others", false),
    ];
    expect(await open().read(query)).toEqual({
      status: "value",
      met: true,
      message: "ping: passed, order: passed",
    });
  });

  it("not met where the newest one failed, also with a success at the same time", async () => {
    fake.telemetry = [result("ping", true), result("ping", false), result("order", true)];
    expect(await open().read(query)).toEqual({ status: "value", met: false, message: "ping: failed" });
  });

  it("not met where one is missing, or only older than 15 min", async () => {
    fake.telemetry = [result("ping", true), result("order", true, nowMs - 15 * minute - 1)];
    expect(await open().read(query)).toEqual({
      status: "value",
      met: false,
      message: "order: no result in 15 min",
    });
  });

  it("silence is empty, trouble an error", async () => {
    expect(await open().read(query)).toEqual({
      status: "empty",
      message: "no result of ping, order in the last 15 min",
    });
    fake.override = () => azureError(403, ["InsufficientAccessError", "no access"]);
    expect(await open().read(query)).toMatchObject({ status: "error" });
    fake.override = () => logsTable(["Test:string", "NewestMs:string"], [["ping", "soon"]]);
    expect(await open().read(query)).toMatchObject({ status: "error" });
  });
});
