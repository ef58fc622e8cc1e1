import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rollout } from "../../../src/components/rollout.ts";
import type { RolloutAlerts } from "../../../src/components/rollout-alerts.ts";
import type { RolloutDashboard } from "../../../src/components/rollout-dashboard.ts";
import { alertsOf } from "../../../src/plan/alerts.ts";
import { panelsOf } from "../../../src/plan/dashboard.ts";
import { checkKql } from "../../support/kusto.ts";
import { ids, insights, policyOf, production, rolloutOf } from "../components/alerts-world.ts";
import { known, mockStack } from "../program/mock-stack.ts";

const root = join(import.meta.dirname, "../../..");
const pageOf = (name: string) => readFileSync(join(root, "docs", name), "utf8");
const blocks = (page: string, language: string) =>
  [...pageOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );

/** Ids in the first cells of a page's table that begins with a head. */
function idsIn(page: string, head: string): string[] {
  const lines = pageOf(page).split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  const rows = lines.slice(from + 2, lines.indexOf("", from));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, id = ""]) => id),
  );
}

// Beside the sources, so that the snippet's packages are found; its imports of ours lead to the sources.
const dir = mkdtempSync(join(root, "test/unit/docs/.snippet-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function snippet<T>(page: string, component: string): Promise<T> {
  const [code = ""] = blocks(page, "ts");
  expect(code).toContain(`import { ${component} } from "pulumi-rollouts/monitor";`);
  const path = join(dir, `${component}.ts`);
  writeFileSync(
    path,
    code.replace('"pulumi-rollouts/monitor"', JSON.stringify(join(root, "src/monitor.ts"))),
  );
  return (await import(path)) as T;
}

beforeAll(async () => {
  await mockStack({});
  runtime.setAllConfig({
    "atp:logAnalyticsId": ids.workspace,
    "atp:prometheusId": ids.prometheus,
    "atp:pagerDutyUrl": "https://events.pagerduty.com/integration/key/enqueue",
    "atp:slackWorkflowUrl": "https://hooks.slack.com/triggers/T0/key",
  });
});
afterAll(() => runtime.setAllConfig({}));

describe("docs/alerts.md", () => {
  it("shows a program that makes the rules of the prod stack", async () => {
    type Snippet = { readonly alertsOf: (rollout: Rollout) => RolloutAlerts };
    const { alertsOf: make } = await snippet<Snippet>("alerts.md", "RolloutAlerts");
    const alerts = make(rolloutOf(await policyOf("prod")));
    expect((await known<string[]>(alerts.ruleIds)).length).toBe(4);
    expect(alerts.rules).toContain("queue-depth");
    await runtime.disconnect();
  });

  it("lists every rule that there can be, and no other", () => {
    const gauge = { kind: "prometheus", url: "http://p:9090", query: "up" };
    const watch = { dbPool: gauge, queue: gauge, memory: gauge, queueLag: gauge };
    const slo = { throughput: { target: 3, warning: 2, critical: 1 } };
    const metrics = {
      kind: "prometheus",
      url: "http://p:9090",
      cohort: { label: "version", stable: "a", candidate: "b" },
    };
    const policy = production({ metrics, watch, slo });
    const sites = { sides: ["production", "slot"] } as const;
    const all = [...alertsOf({ policy }).rules, ...alertsOf({ policy, sites }).rules].map(({ id }) => id);
    const general = (id: string) =>
      id
        .replace(/^slo-(?!availability-critical).+-(warning|critical)$/, "slo-<row>-$1")
        .replace(/-(production|slot)$/, "-<side>");
    expect(new Set(idsIn("alerts.md", "rule"))).toEqual(new Set(all.map(general)));
  });
});

describe("docs/dashboard.md", () => {
  it("shows a program that makes the workbook of the prod stack", async () => {
    type Snippet = { readonly dashboardOf: (rollout: Rollout) => RolloutDashboard };
    const { dashboardOf } = await snippet<Snippet>("dashboard.md", "RolloutDashboard");
    const dashboard = dashboardOf(rolloutOf(await policyOf("prod")));
    expect(await known(dashboard.workbookId)).toBe("atp-ingestion-dashboard-id");
    await runtime.disconnect();
  });

  it("lists every panel that there can be, and no other", () => {
    const policy = production();
    const flag = { cohort: { label: "feature", on: "on", off: "off" }, spec: { id: "F" } } as never;
    const shown = [
      panelsOf({ ...policy, flag }, insights),
      panelsOf({ ...policy, strategy: "blue-green" }, insights),
      panelsOf({ ...policy, lever: { kind: "node-pools" } }, insights),
    ].flatMap((panels) => panels.map(({ id }) => id));
    expect(new Set(idsIn("dashboard.md", "panel"))).toEqual(new Set(shown));
  });

  it("shows the query of the error budget as the workbook has it", () => {
    const [query = ""] = blocks("dashboard.md", "kusto");
    expect(panelsOf(production(), insights).find(({ id }) => id === "error-budget")?.query).toBe(query);
    expect(checkKql(query).problems).toEqual([]);
  });
});
