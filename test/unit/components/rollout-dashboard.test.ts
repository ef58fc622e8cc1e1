import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { workbookName } from "../../../src/components/render/workbook.ts";
import type { RolloutDashboardArgs } from "../../../src/components/rollout-dashboard-args.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { type Item, queryTables } from "../../support/azure-telemetry.ts";
import { type ResultRow, runKql, type StoredRow } from "../../support/kql-engine.ts";
import { checkKql } from "../../support/kusto.ts";
import { rehearsedItems } from "../../support/rehearsed-telemetry.ts";
import { canaryWorld, MINUTE, START_MS, shift } from "../sandbox/world.ts";
import { ids, insights, policyOf, production, stacks } from "./alerts-world.ts";
import { type RegisteredDashboard, registerDashboard } from "./dashboard-world.ts";

const folder = resolve(import.meta.dirname, "../../golden/dashboard");
const { workspaceId: _, ...anywhere } = insights;
const resource = { ...anywhere, resourceId: ids.component };
const flag = {
  cohort: { label: "feature", on: "on", off: "off" },
  spec: { id: "AuditTrail.NewTamperProofAlgorithm" },
} as unknown as NonNullable<EnvironmentPolicy["flag"]>;
const nodePools = { kind: "node-pools" } as EnvironmentPolicy["lever"];

/** Every stack of the repository as it is, and policies that show what else there can be. */
const cases: readonly (readonly [
  name: string,
  policy: () => EnvironmentPolicy | Promise<EnvironmentPolicy>,
  args?: Partial<RolloutDashboardArgs>,
])[] = [
  ...stacks.map((stack) => [stack, () => policyOf(stack), { environment: stack }] as const),
  ["prod-resource", () => policyOf("prod"), { telemetry: resource, source: ids.component }],
  ["flag", () => ({ ...production(), flag })],
  ["node-pools", () => ({ ...production(), lever: nodePools })],
  ["calendar-month", () => production({ slo: { availability: 99.95, window: "calendar-month" } })],
];

const registered = new Map<string, RegisteredDashboard>();
beforeAll(async () => {
  for (const [name, policy, args] of cases)
    registered.set(name, await registerDashboard(await policy(), args));
});
const of = (name: string) => registered.get(name) as RegisteredDashboard;

describe("the workbook", () => {
  it.each(cases.map(([name]) => name))("of %s", async (name) => {
    const { inputs, workbook } = of(name);
    const { serializedData: _, ...args } = inputs;
    await expect(`${stableJson({ args, workbook }, 2)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`));
  });

  it("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(cases.map(([name]) => `${name}.json`).toSorted());
  });

  it("its name is a GUID of stack and service, its text always the same", async () => {
    const [first, again] = [of("prod").inputs, (await registerDashboard(await policyOf("prod"))).inputs];
    expect(first["resourceName"]).toBe(workbookName("atp/prod", "atp-ingestion"));
    expect(first["resourceName"]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(again["serializedData"]).toBe(first["serializedData"]);
    expect(workbookName("atp/staging", "atp-ingestion")).not.toBe(first["resourceName"]);
    expect(workbookName("atp/prod", "atp-query")).not.toBe(first["resourceName"]);
  });

  it("shows what the strategy moves", async () => {
    const common = ["exposure", "error-rate", "p95-latency", "versions", "exceptions", "exception-types"];
    const budget = ["error-budget", "burn-rates"];
    const panels = (name: string) => [...of(name).panels.keys()];
    expect(panels("dev")).toEqual([...common, "replicas"]);
    expect(panels("staging")).toEqual([...common, "slot"]);
    const { dashboard } = await registerDashboard(production());
    expect(dashboard.panels).toEqual([...common, ...budget, "replicas"]);
    expect(panels("flag")).toEqual([
      ...common,
      ...budget,
      "replicas",
      "flag-exposure",
      "flag-error-rate",
      "flag-p95-latency",
    ]);
    expect(panels("node-pools")).toEqual([...common, ...budget, "nodes", "pods"]);
    expect(of("prod").dashboard.panels).toEqual(panels("prod"));
  });

  it("asks the source that was given, over the reader's span or a fixed one", () => {
    const { content } = of("prod").panels.get("exposure") as NonNullable<
      ReturnType<RegisteredDashboard["panels"]["get"]>
    >;
    expect(content).toMatchObject({
      resourceType: "microsoft.operationalinsights/workspaces",
      crossComponentResources: [ids.workspace],
      timeContextFromParameter: "TimeRange",
    });
    expect(of("prod-resource").panels.get("exposure")?.content).toMatchObject({
      resourceType: "microsoft.insights/components",
      crossComponentResources: [ids.component],
    });
    const days = (name: string) =>
      (of(name).panels.get("error-budget")?.content.timeContext?.durationMs ?? 0) / 86_400_000;
    expect([days("prod"), days("calendar-month")]).toEqual([30, 31]);
    expect(of("prod").inputs["sourceId"]).toBe(ids.workspace.toLowerCase());
  });

  it("has the policy's limits in its titles", () => {
    const title = (id: string) => of("prod").panels.get(id)?.content.title;
    expect(title("error-rate")).toBe("Failed requests (5xx), % (limit 1 %)");
    expect(title("p95-latency")).toBe("P95, ms (limit 1000 ms)");
    expect(title("exceptions")).toBe("Exceptions a minute (limit 10 in 15 min)");
    expect(title("burn-rates")).toBe(
      "Burn rates now (alerts above 14.4 over 1 h and 5 min; 6 over 6 h and 30 min; 3 over 24 h and 2 h; 1 over 72 h and 6 h)",
    );
  });

  it("every query passes Kusto's type check, and a chart's has what the chart shows", () => {
    const checked = new Map<string, ReturnType<typeof checkKql>>();
    for (const [name, { panels }] of registered) {
      for (const { name: id, content } of panels.values()) {
        const { query, visualization } = content;
        const result =
          checked.get(query) ?? checkKql(query, name === "prod-resource" ? "resource" : "workspace");
        checked.set(query, result);
        expect(result.problems, `${name}: ${id}`).toEqual([]);
        if (visualization === "table") continue;
        expect(result.columns, `${name}: ${id}`).toEqual([
          "TimeGenerated:datetime",
          "Cohort:string",
          expect.stringMatching(/^Value:(real|long)$/),
        ]);
      }
    }
    expect(checked.size).toBeGreaterThan(15);
  }, 120_000);
});

/** What a panel shows at a time over some telemetry. */
function rows(
  name: string,
  id: string,
  over: {
    readonly telemetry: readonly Item[];
    readonly nowMs: number;
    readonly cluster?: Record<string, StoredRow[]>;
  },
): ResultRow[] {
  const panel = of(name).panels.get(id);
  if (panel === undefined) throw new Error(`${name} has no panel ${id}`);
  const seen = {
    fromMs: 0,
    toMs: over.nowMs,
    nowMs: over.nowMs + MINUTE,
    workspace: name !== "prod-resource",
  };
  return runKql(panel.content.query, { ...queryTables(over.telemetry, seen), ...over.cluster }, over.nowMs);
}

describe("over the telemetry of a rehearsal", () => {
  let telemetry: Item[];
  let nowMs: number;
  let counted: { readonly n: number; readonly errors: number };
  let cluster: Record<string, StoredRow[]>;

  beforeAll(async () => {
    // 5 % and 20 % for five minutes each; 3 % of the candidate's requests fail from 20 % on.
    const sandbox = await canaryWorld({ faults: ["errors=3%@20", "exceptions=30@20"], rps: 200 });
    for (const exposure of [5, 20]) {
      await shift(sandbox, exposure);
      await sandbox.clock.advance(5 * MINUTE);
    }
    nowMs = sandbox.clock.now();
    telemetry = rehearsedItems(sandbox, {
      candidate: { AppVersion: "1.2.4", AppRoleInstance: "canary-1", Properties: { feature: "on" } },
      stable: { AppVersion: "1.2.3", AppRoleInstance: "stable-1", Properties: { feature: "off" } },
    });
    const { bins } = sandbox.telemetry.series("candidate", START_MS, []);
    const sum = (count: (bin: (typeof bins)[number]) => number) =>
      bins.reduce((all, bin) => all + count(bin), 0);
    counted = { n: sum(({ n }) => n), errors: sum(({ errors }) => errors) };
    const node = (Computer: string, agentpool: string, KubeletVersion: string) => ({
      ingestedAt: new Date(nowMs),
      columns: {
        TimeGenerated: new Date(nowMs),
        Computer,
        KubeletVersion,
        Status: "Ready",
        Labels: JSON.stringify([{ agentpool }]),
      },
    });
    const pod = (PodUid: string, Computer: string) => ({
      ingestedAt: new Date(nowMs),
      columns: { TimeGenerated: new Date(nowMs), PodUid, Computer },
    });
    cluster = {
      KubeNodeInventory: [
        node("n1", "work", "v1.33.5"),
        node("n2", "work2", "v1.34.2"),
        node("n3", "work2", "v1.34.2"),
      ],
      KubePodInventory: [pod("a", "n1"), pod("b", "n2"), pod("c", "n3"), pod("c", "n3"), pod("d", "n3")],
    };
  });

  it("every panel of every stack has rows", () => {
    const empty = [...registered].flatMap(([name, { panels }]) =>
      [...panels.keys()]
        .filter((id) => rows(name, id, { telemetry, nowMs, cluster }).length === 0)
        .map((id) => `${name}: ${id}`),
    );
    expect(empty).toEqual([]);
  });

  it("exposure is what the route had", () => {
    const share = new Map<number, number>();
    for (const { TimeGenerated, Cohort, Value } of rows("prod", "exposure", { telemetry, nowMs }))
      if (Cohort === "1.2.4")
        share.set(((TimeGenerated as Date).getTime() - START_MS) / MINUTE, Value as number);
    // Whole minutes of either weight; requests are whole, so shares are near.
    expect(share.get(4)).toBeCloseTo(5, 0);
    expect(share.get(10)).toBeCloseTo(20, 0);
  });

  it("versions and errors are those that the sandbox counted", () => {
    const [candidate] = rows("prod", "versions", { telemetry, nowMs });
    expect(candidate).toMatchObject({
      Version: "1.2.4",
      Requests: counted.n,
      ErrorPercent: (100 * counted.errors) / counted.n,
      Instances: 1,
    });
    const failing = rows("prod", "error-rate", { telemetry, nowMs }).filter(
      ({ Cohort }) => Cohort === "1.2.4",
    );
    expect(Math.max(...failing.map(({ Value }) => Value as number))).toBeGreaterThan(2);
    const thrown = rows("prod", "exceptions", { telemetry, nowMs }).filter(
      ({ Cohort }) => Cohort === "1.2.4",
    );
    expect(thrown.reduce((sum, { Value }) => sum + (Value as number), 0)).toBeGreaterThan(8);
  });

  it("node pools: nodes by version, pods by pool", () => {
    const at = new Date(Math.floor(nowMs / 300_000) * 300_000);
    expect(rows("node-pools", "nodes", { telemetry, nowMs, cluster })).toEqual([
      { TimeGenerated: at, Cohort: "work v1.33.5 Ready", Value: 1 },
      { TimeGenerated: at, Cohort: "work2 v1.34.2 Ready", Value: 2 },
    ]);
    expect(rows("node-pools", "pods", { telemetry, nowMs, cluster })).toEqual([
      { TimeGenerated: at, Cohort: "work", Value: 1 },
      { TimeGenerated: at, Cohort: "work2", Value: 3 },
    ]);
  });
});

describe("numbers, by hand", () => {
  const t0 = Date.UTC(2026, 0, 15, 10);
  const request = (
    minute: number,
    AppVersion: string,
    ItemCount: number,
    more: Item["columns"] = {},
  ): Item => ({
    atMs: t0 + minute * MINUTE,
    columns: { AppVersion, ItemCount, ...more },
  });
  const failed = { ResultCode: "503", Success: false };
  const telemetry: Item[] = [
    request(0, "1.2.3", 950, { AppRoleInstance: "s1", DurationMs: 100 }),
    request(0, "1.2.3", 0, { AppRoleInstance: "s2" }),
    request(0, "1.2.4", 45, { AppRoleInstance: "c1", DurationMs: 200, Properties: { feature: "on" } }),
    request(0, "1.2.4", 5, {
      AppRoleInstance: "c1",
      DurationMs: 900,
      Properties: { feature: "off" },
      ...failed,
    }),
    request(1, "1.2.3", 600, { AppRoleInstance: "s1", ResultCode: "404", Success: false }),
    request(1, "1.2.4", 200, { AppRoleInstance: "c2" }),
    request(1, "1.2.4", 200, { SyntheticSource: "test" }),
    request(1, "2.0.0", 500, { AppRoleName: "billing" }),
    {
      table: "AppExceptions",
      atMs: t0,
      columns: { AppVersion: "1.2.4", ItemCount: 3, ExceptionType: "TimeoutException" },
    },
    { table: "AppExceptions", atMs: t0, columns: { AppVersion: "1.2.3", ItemCount: 7 } },
    {
      table: "AppExceptions",
      atMs: t0 + MINUTE,
      columns: { AppVersion: "1.2.4", ItemCount: 2, ExceptionType: "TimeoutException" },
    },
  ];
  const nowMs = t0 + 2 * MINUTE;
  const shown = (id: string, name = "prod", more: readonly Item[] = []) =>
    rows(name, id, { telemetry: [...telemetry, ...more], nowMs }).map(({ TimeGenerated, ...row }) =>
      TimeGenerated instanceof Date ? { minute: (TimeGenerated.getTime() - t0) / MINUTE, ...row } : row,
    );

  it.each(["prod", "prod-resource"])("exposure (%s)", (name) => {
    expect(shown("exposure", name)).toEqual([
      { minute: 0, Cohort: "1.2.3", Value: 95 },
      { minute: 0, Cohort: "1.2.4", Value: 5 },
      { minute: 1, Cohort: "1.2.3", Value: 75 },
      { minute: 1, Cohort: "1.2.4", Value: 25 },
    ]);
  });

  it.each(["prod", "prod-resource"])("failed requests and P95 (%s)", (name) => {
    expect(shown("error-rate", name)).toEqual([
      { minute: 0, Cohort: "1.2.3", Value: 0 },
      { minute: 0, Cohort: "1.2.4", Value: 10 },
      { minute: 1, Cohort: "1.2.3", Value: 0 },
      { minute: 1, Cohort: "1.2.4", Value: 0 },
    ]);
    expect(shown("p95-latency", name).map(({ Value }) => Value)).toEqual([100, 900, 20, 20]);
  });

  it("versions, the newest first", () => {
    const at = (minute: number) => new Date(t0 + minute * MINUTE);
    const [newer, older] = shown("versions", "prod", [request(-5, "1.2.3", 450, { DurationMs: 700 })]);
    expect(newer).toEqual({
      Version: "1.2.4",
      Requests: 250,
      ErrorPercent: 2,
      P95Ms: 200,
      P99Ms: 900,
      Instances: 2,
      First: at(0),
      Newest: at(1),
    });
    // 2,000 requests, of which 450 took 700 ms; a row that stands for none still is an instance.
    expect(older).toMatchObject({
      Version: "1.2.3",
      Requests: 2000,
      ErrorPercent: 0,
      P95Ms: 700,
      Instances: 3,
      First: at(-5),
    });
  });

  it("exceptions by the minute, and by type, the most frequent first", () => {
    expect(shown("exceptions")).toEqual([
      { minute: 0, Cohort: "1.2.4", Value: 3 },
      { minute: 0, Cohort: "1.2.3", Value: 7 },
      { minute: 1, Cohort: "1.2.4", Value: 2 },
    ]);
    expect(shown("exception-types")).toMatchObject([
      { Type: "System.Exception", Version: "1.2.3", Exceptions: 7 },
      { Type: "TimeoutException", Version: "1.2.4", Exceptions: 5 },
    ]);
  });

  it("the error budget: 5 of 1,800 failed, of which 0.1 % may", () => {
    const [row] = shown("error-budget");
    expect(row).toMatchObject({
      ObjectivePercent: 99.9,
      Total: 1800,
      Failed: 5,
      BudgetPercent: 0.1,
      Since: new Date(t0),
    });
    expect(row).toMatchObject({
      AvailabilityPercent: expect.closeTo(99.7222222, 6),
      UsedPercent: expect.closeTo(0.2777778, 6),
      RemainingOfBudgetPercent: expect.closeTo(-177.7777778, 6),
    });
    // 5 of 4,000,000 use a four-hundredth of… 0.125 % of a thousandth: 0.125 % of the budget's whole.
    const many = shown("error-budget", "prod", [request(0, "1.2.3", 3_998_200)]);
    expect(many).toMatchObject([{ Total: 4_000_000, RemainingOfBudgetPercent: expect.closeTo(99.875, 9) }]);
  });

  it("without traffic nobody knows the budget, and it isn't full", () => {
    const [row] = rows("prod", "error-budget", { telemetry: [], nowMs });
    expect(row).toMatchObject({ Total: 0, AvailabilityPercent: null, RemainingOfBudgetPercent: null });
  });

  it("a calendar month begins on its first day, and a stack's own objective counts", () => {
    const before = { ...request(0, "1.2.3", 5000, failed), atMs: Date.UTC(2025, 11, 31, 23, 59) };
    expect(shown("error-budget", "calendar-month", [before])).toMatchObject([
      { Total: 1800, ObjectivePercent: 99.95, BudgetPercent: 0.05 },
    ]);
    expect(shown("error-budget", "prod", [before])).toMatchObject([{ Total: 6800 }]);
  });

  it("burn rates of each window, null where it had no requests", () => {
    const hour = 60;
    const [row] = rows("prod", "burn-rates", {
      telemetry: [
        request(-40 * hour, "1.2.3", 1000, failed),
        request(-5 * hour, "1.2.3", 9000),
        request(-0.5 * hour, "1.2.3", 90),
        request(-0.5 * hour, "1.2.3", 10, failed),
      ],
      nowMs: t0,
    });
    expect(row).toEqual({
      Burn5m: null,
      Burn30m: expect.closeTo(100, 9),
      Burn1h: expect.closeTo(100, 9),
      Burn2h: expect.closeTo(100, 9),
      // 10 of 9,100; then 1,010 of 10,100.
      Burn6h: expect.closeTo(1.0989011, 6),
      Burn24h: expect.closeTo(1.0989011, 6),
      Burn72h: expect.closeTo(100, 9),
    });
  });

  it("replicas and slot: instances that serve, by version", () => {
    const expected = [
      { minute: 0, Cohort: "1.2.3", Value: 2 },
      { minute: 0, Cohort: "1.2.4", Value: 1 },
      { minute: 1, Cohort: "1.2.3", Value: 1 },
      { minute: 1, Cohort: "1.2.4", Value: 1 },
    ];
    expect(shown("replicas")).toEqual(expected);
    expect(shown("slot", "staging")).toEqual(expected);
  });

  it("flag on and off, whatever the version", () => {
    expect(shown("flag-exposure", "flag")).toEqual([
      { minute: 0, Cohort: "on", Value: 90 },
      { minute: 0, Cohort: "off", Value: 10 },
    ]);
    expect(shown("flag-error-rate", "flag")).toEqual([
      { minute: 0, Cohort: "on", Value: 0 },
      { minute: 0, Cohort: "off", Value: 100 },
    ]);
    expect(shown("flag-p95-latency", "flag").map(({ Value }) => Value)).toEqual([200, 900]);
  });
});

describe("refuses, before it registers anything", () => {
  it("everything that is wrong, at once", async () => {
    const { role: _, ...telemetry } = { ...insights, cohort: { ...insights.cohort, by: "build" as const } };
    const broken = registerDashboard(
      { ...production(), lever: nodePools },
      {
        telemetry,
        source: "6f0e1bd1",
        clusterWorkspace: ids.component,
      },
    );
    await expect(broken).rejects.toMatchObject({
      code: "config-invalid",
      issues: [
        { path: "atp-ingestion-dashboard.telemetry.cohort.property" },
        { path: "atp-ingestion-dashboard.telemetry.role" },
        { path: "atp-ingestion-dashboard.source", received: '"6f0e1bd1"' },
        { path: "atp-ingestion-dashboard.clusterWorkspace" },
      ],
    });
  });

  it.each<[string, Partial<RolloutDashboardArgs>, string]>([
    ["a workspace's id where an Application Insights resource is meant", { telemetry: resource }, "source"],
    ["both", { telemetry: { ...insights, resourceId: ids.component } }, "telemetry"],
    ["neither", { telemetry: anywhere }, "telemetry"],
  ])("%s", async (_what, args, path) => {
    await expect(registerDashboard(production(), args)).rejects.toMatchObject({
      path: `atp-ingestion-dashboard.${path}`,
    });
  });

  it("node pools at an Application Insights resource, which doesn't show them", async () => {
    const policy = { ...production(), lever: nodePools };
    const args = { telemetry: resource, source: ids.component };
    await expect(registerDashboard(policy, args)).rejects.toMatchObject({
      issues: [{ path: "atp-ingestion-dashboard.clusterWorkspace" }],
    });
    const { panels } = await registerDashboard(policy, { ...args, clusterWorkspace: ids.workspace });
    expect(panels.get("nodes")?.content).toMatchObject({
      crossComponentResources: [ids.workspace],
      resourceType: "microsoft.operationalinsights/workspaces",
    });
  });
});

it("a transform sees the workbook", async () => {
  const workbook = (args: { displayName: unknown }) => ({ ...args, tags: { team: "atp" } }) as never;
  const { inputs } = await registerDashboard(production(), { transform: { workbook } });
  expect(inputs).toMatchObject({ tags: { team: "atp" }, displayName: "Rollouts of atp-ingestion (prod)" });
});
