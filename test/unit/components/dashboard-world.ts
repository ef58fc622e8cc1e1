import { runtime } from "@pulumi/pulumi";
import { RolloutDashboard } from "../../../src/components/rollout-dashboard.ts";
import type { RolloutDashboardArgs } from "../../../src/components/rollout-dashboard-args.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { known, mockStack } from "../program/mock-stack.ts";
import { ids, insights } from "./alerts-world.ts";

/** An item of a workbook that asks something. */
export interface QueryItem {
  readonly name: string;
  readonly customWidth: string;
  readonly content: {
    readonly query: string;
    readonly title: string;
    readonly visualization: string;
    readonly resourceType: string;
    readonly crossComponentResources: readonly string[];
    readonly timeContext?: { readonly durationMs: number };
    readonly timeContextFromParameter?: string;
  };
}

export interface RegisteredDashboard {
  readonly dashboard: RolloutDashboard;
  readonly inputs: Record<string, unknown>;
  /** What a person sees, read back from the text that Azure gets. */
  readonly workbook: { readonly items: readonly Record<string, unknown>[] };
  readonly panels: ReadonlyMap<string, QueryItem>;
}

/** Registers the dashboard under mocks. */
export async function registerDashboard(
  policy: EnvironmentPolicy,
  more: Partial<RolloutDashboardArgs> = {},
): Promise<RegisteredDashboard> {
  const { resources } = await mockStack({});
  const dashboard = new RolloutDashboard("atp-ingestion-dashboard", {
    policy,
    telemetry: insights,
    source: ids.workspace,
    resourceGroup: "atp-prod",
    location: "westeurope",
    ...more,
  });
  await known(dashboard.workbookId);
  // Outputs are registered after that, and must not meet the mocks of the next.
  await runtime.disconnect();
  const inputs = resources.find(({ type }) => type.endsWith(":Workbook"))?.inputs;
  if (inputs === undefined) throw new Error("no workbook was registered");
  const workbook = JSON.parse(String(inputs["serializedData"])) as RegisteredDashboard["workbook"];
  const items = workbook.items.filter(({ type }) => type === 3) as unknown as QueryItem[];
  return { dashboard, inputs, workbook, panels: new Map(items.map((item) => [item.name, item])) };
}
