import { describe, expect, it } from "vitest";
import { gaugeQuery } from "../../../../src/adapters/metrics/azure-monitor/azure-logs-gauge.ts";
import { lookQuery } from "../../../../src/adapters/metrics/azure-monitor/look-query.ts";
import { totalsQuery } from "../../../../src/adapters/metrics/azure-monitor/totals.ts";
import { custom, errorRate, exceptions, latency, saturation } from "../../../../src/lib/kql/checks.ts";
import { lintAlertQuery } from "../../../../src/lib/kql/lint.ts";
import type { CheckScope } from "../../../../src/lib/kql/scope.ts";
import { resourceTables, workspaceTables } from "../../../../src/lib/kql/tables.ts";
import { textLiteral } from "../../../../src/lib/kql/text.ts";
import { queryTables } from "../../../support/azure-telemetry.ts";
import { runKql } from "../../../support/kql-engine.ts";
import { checkKql } from "../../../support/kusto.ts";

const t0 = Date.UTC(2026, 0, 15, 10);
const span = { fromMs: t0, toMs: t0 + 900_000 };
const nasty = 'a"; AppTraces | where "\\\n\t\u0000\u2028\'// x';

const schemas = [
  ["workspace", workspaceTables],
  ["resource", resourceTables],
] as const;
const cohorts = [
  ["version", { by: "version" }],
  ["role", { by: "role" }],
  ["build", { by: "build", property: nasty }],
] as const;

/** Every query that the adapters can emit, by what it is called. */
const emitted = schemas.flatMap(([scope, tables]) =>
  cohorts.flatMap(([name, cohort]) => {
    const check = (more: Partial<CheckScope> = {}): CheckScope => ({
      tables,
      cohort: { ...cohort, values: ["1.2.3", nasty] },
      ...more,
    });
    const look = {
      tables,
      cohort: { ...cohort, stable: nasty, candidate: "1.2.4" },
      ...span,
      freshFromMs: t0 - 3_600_000,
      freshToMs: t0,
    };
    const queries = {
      look: lookQuery({ ...look, thresholdsMs: [1000, 500, 0.5] }),
      "look of a role without thresholds": lookQuery({ ...look, role: nasty, thresholdsMs: [] }),
      "error rate": errorRate(check()),
      "error rate by hand": errorRate(check({ span, role: nasty, binMinutes: 1 }), { minRequests: 1 }),
      latency: latency(check()),
      "latency P99": latency(check({ binMinutes: 1 }), { percentile: 99 }),
      exceptions: exceptions(check()),
      saturation: saturation(check(), { metric: nasty }),
      "saturation as a share": saturation(check(), { metric: "db_pool_in_use", of: 50 }),
    };
    return Object.entries(queries).map(
      ([what, kql]) => [`${what}, ${scope}, by ${name}`, scope, kql] as const,
    );
  }),
);
const others = schemas.flatMap(([scope, tables]) => [
  [`totals, ${scope}`, scope, totalsQuery({ tables, roles: [], ...span })] as const,
  [`totals of roles, ${scope}`, scope, totalsQuery({ tables, roles: ["a", nasty], ...span })] as const,
]);
const own =
  "AppMetrics | where Name == 'pool' // percent\n | summarize Value = max(Max) by TimeGenerated = bin(TimeGenerated, 1m);";
const ownGauge =
  "AppMetrics | where TimeGenerated >= t0 and TimeGenerated < t1 | summarize value = max(Max) by at = bin(TimeGenerated, 1m) // percent";

describe("the KQL that is sent", () => {
  it.each([...emitted, ...others])("%s: passes Kusto's type checker", (_, scope, kql) => {
    expect(checkKql(kql, scope).problems).toEqual([]);
  });

  it("passes where the user's own text is in it", () => {
    expect(checkKql(custom({ query: own }))).toEqual({
      problems: [],
      columns: ["TimeGenerated:datetime", "Value:real"],
    });
    expect(checkKql(gaugeQuery({ query: ownGauge, ...span }))).toEqual({
      problems: [],
      columns: ["AtMs:long", "Value:real"],
    });
  });

  it("has the columns and types that the answer is read by", () => {
    const look = emitted.find(([name]) => name === "look, workspace, by version");
    const numbers = ["Requests", "Weight2", "Errors", "Slow1000", "Slow500", "Slow0_5", "Exceptions"];
    expect(checkKql(look?.[2] ?? "").columns).toEqual([
      "Kind:string",
      "Cohort:string",
      "StartMs:long",
      ...numbers.map((name) => `${name}:long`),
      "LagSeconds:real",
      "NewestMs:long",
    ]);
    const totals = totalsQuery({ tables: workspaceTables, roles: [], ...span });
    expect(checkKql(totals).columns).toEqual(["Rows:long", "Total:long", "Failed:long"]);
  });

  it.each(emitted.filter(([name]) => !name.startsWith("look")))(
    "%s: is fit for an alert rule of any rhythm",
    (_, scope, kql) => {
      expect(lintAlertQuery(kql, { everyMinutes: 1 })).toEqual([]);
      expect(checkKql(kql, scope).columns).toEqual(["TimeGenerated:datetime", "Cohort:string", "Value:real"]);
    },
  );
});

describe("what the checks come to, over the same telemetry in either schema", () => {
  const version = (AppVersion: string, columns = {}) => ({ AppVersion, ...columns });
  const telemetry = [
    { atMs: t0, columns: version("1.2.4", { ItemCount: 90, DurationMs: 100 }) },
    { atMs: t0 + 1000, columns: version("1.2.4", { ItemCount: 6, DurationMs: 900 }) },
    {
      atMs: t0 + 2000,
      columns: version("1.2.4", { ItemCount: 4, DurationMs: 2000, ResultCode: "500", Success: false }),
    },
    { atMs: t0 + 2000, columns: version("1.2.4", { ItemCount: 50, SyntheticSource: "test" }) },
    { atMs: t0, columns: version("1.2.3", { ItemCount: 99 }) },
    { atMs: t0 + 300_000, columns: version("1.2.3", { ItemCount: 200, ResultCode: "404", Success: false }) },
    { table: "AppExceptions", atMs: t0, columns: version("1.2.4", { ItemCount: 3 }) },
    { table: "AppMetrics", atMs: t0, columns: version("1.2.4", { Name: "pool", Max: 40 }) },
    { table: "AppMetrics", atMs: t0 + 1000, columns: version("1.2.4", { Name: "pool", Max: 45 }) },
    { table: "AppMetrics", atMs: t0, columns: version("1.2.4", { Name: "other", Max: 99 }) },
  ] as const;

  it.each(schemas)("%s", (scope, tables) => {
    const check: CheckScope = { tables, cohort: { by: "version", values: ["1.2.3", "1.2.4"] } };
    const seen = {
      fromMs: t0,
      toMs: t0 + 900_000,
      nowMs: Number.POSITIVE_INFINITY,
      workspace: scope === "workspace",
    };
    const run = (kql: string) =>
      runKql(kql, queryTables(telemetry, seen)).map(({ TimeGenerated, Cohort, Value }) => [
        ((TimeGenerated as Date).getTime() - t0) / 60_000,
        Cohort,
        Value,
      ]);
    // Stable has 99 requests in its first bin: too few for a share, so there is no row and no 0.
    expect(run(errorRate(check))).toEqual([
      [0, "1.2.4", 4],
      [5, "1.2.3", 0],
    ]);
    expect(run(latency(check))).toEqual([
      [0, "1.2.4", 900],
      [5, "1.2.3", 20],
    ]);
    expect(run(latency(check, { percentile: 97, minRequests: 1 })).map(([, , value]) => value)).toEqual([
      2000, 20, 20,
    ]);
    expect(run(exceptions(check))).toEqual([[0, "1.2.4", 3]]);
    expect(run(saturation(check, { metric: "pool", of: 50 }))).toEqual([[0, "1.2.4", 90]]);
    const byHand = { ...check, span: { fromMs: t0 + 300_000, toMs: t0 + 600_000 } };
    expect(run(errorRate(byHand))).toEqual([[5, "1.2.3", 0]]);
    expect(run(errorRate({ ...check, role: "billing" }))).toEqual([]);
  });
});

describe("the checker refuses", () => {
  it.each([
    ["a table of the other schema", "requests | count", "workspace", /requests/],
    ["a table of the other schema, at the resource", "AppRequests | count", "resource", /AppRequests/],
    ["a column that isn't there", "AppRequests | where cloud_RoleName == 'a'", "workspace", /cloud_RoleName/],
    ["a quote that ends too early", 'AppRequests | where AppVersion == "a"b"', "workspace", /KS/],
    ["a sum of a text", "AppRequests | summarize sum(ResultCode)", "workspace", /KS/],
    ["a text compared with a number", "AppRequests | where ResultCode >= 500", "workspace", /KS/],
    [
      "the guide's error budget: a table where a number belongs",
      "let total = requests | count; let bad = requests | where tobool(success) == false | count; print 1.0 * bad / total",
      "resource",
      /KS106/,
    ],
    [
      "a function that doesn't exist",
      "AppRequests | extend x = quantile(DurationMs, 95)",
      "workspace",
      /quantile/,
    ],
    ["half a query", "AppRequests | summarize Total = sum(ItemCount", "workspace", /KS/],
  ] as const)("%s", (_, kql, scope, message) => {
    const { problems } = checkKql(kql, scope);
    expect(problems.join("\n")).toMatch(message);
  });
});

describe("a text literal", () => {
  it.each([
    ["plain", "1.2.4", '"1.2.4"'],
    ["quotes", `a"b'c`, `"a\\"b'c"`],
    ["a backslash before a quote", 'a\\"', '"a\\\\\\""'],
    ["line breaks and tabs", "a\r\n\tb", '"a\\r\\n\\tb"'],
    [
      "control characters and Unicode's own line breaks",
      "\u0000\u001b\u0085\u2028",
      '"\\u0000\\u001b\\u0085\\u2028"',
    ],
    ["what looks like a comment or another statement", "a; // b", '"a; // b"'],
    ["letters of elsewhere", "größe 版", '"größe 版"'],
  ])("%s", (_, value, literal) => {
    expect(textLiteral(value)).toBe(literal);
    expect(checkKql(`print x = ${literal}`).problems).toEqual([]);
  });
});

describe("the lint of alert queries", () => {
  const rules = (kql: string, everyMinutes: number) =>
    lintAlertQuery(kql, { everyMinutes }).map(({ rule }) => rule);
  const source = "AppRequests | summarize Value = count() by bin(TimeGenerated, 1m)";

  it.each([
    ["ago", "AppRequests | where TimeGenerated > ago(5m)"],
    ["ago", "AppRequests | where TimeGenerated > AGO (5m)"],
    ["plugin", "AppRequests | evaluate bag_unpack(Properties)"],
    ["plugin", "AppRequests | evaluate pivot(ResultCode)"],
    ["reserved-column", "AppRequests | summarize AggregatedValue = count() by bin(TimeGenerated, 5m)"],
    ["size", `AppRequests | where Name in (${'"x",'.repeat(17_000)}"y")`],
  ])("%s is refused at any rhythm: %s", (rule, kql) => {
    expect(rules(kql, 5)).toEqual([rule]);
    expect(rules(kql, 1)).toEqual([rule]);
  });

  it.each([
    ["search", 'search "boom"'],
    ["search", 'AppTraces | search "boom"'],
    ["union", "union AppRequests, AppExceptions"],
    ["union", "AppRequests | union (AppExceptions)"],
    ["union", "let all = union AppRequests, AppExceptions; all | count"],
    ["join", "AppRequests | join kind=inner (AppExceptions) on OperationId"],
    ["join", "AppRequests | lookup t on AppVersion"],
    ["take", "AppRequests | take 10"],
    ["take", "AppRequests\n| limit 10"],
    ["ingestion-time", "AppRequests | where ingestion_time() > t0"],
    ["other-tables", 'adx("https://x/y").T | count'],
    ["other-tables", 'workspace("other").AppRequests | count'],
  ])("%s is refused in a rule of one minute, and only there: %s", (rule, kql) => {
    expect(rules(kql, 1)).toEqual([rule]);
    expect(rules(kql, 5)).toEqual([]);
  });

  it.each([
    [
      "in texts",
      `${source} | where Name != "| take 5 ago(1m) union" and Name != 'search' and Name != @"\\" `,
    ],
    ["in comments", `${source} // no ago(5m), no | join here`],
    ["as names of columns", "AppRequests | project limit = 1, union = 2 | where limit > 0 and (limit == 1)"],
    ["as part of a name", "AppRequests | extend chicago = 1, narrower = strcat('a', 'b')"],
  ])("says nothing of words %s", (_, kql) => {
    expect(rules(kql, 1)).toEqual([]);
  });

  it("is kept by a custom check, with everything that is wrong at once", () => {
    const query = "union AppRequests, AppTraces | where TimeGenerated > ago(1m) | take 5";
    expect(() => custom({ query, everyMinutes: 1 })).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        issues: [
          expect.objectContaining({ rule: "a query without ago" }),
          expect.objectContaining({ rule: "a query without union" }),
          expect.objectContaining({ rule: "a query without take" }),
        ],
      }),
    );
    expect(() => custom({ query: "AppRequests | take 5 | project TimeGenerated, Value = 1" })).not.toThrow();
  });
});
