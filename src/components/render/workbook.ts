import { stableJson } from "../../lib/stable-json.ts";
import { uuidOfName } from "../../lib/uuid.ts";
import type { Panel } from "../../plan/dashboard.ts";

/** Where the queries of a workbook go. */
export interface WorkbookScope {
  /** ARM id of the workspace, or of the Application Insights resource. */
  readonly telemetry: string;
  /** ARM id of the cluster's workspace. */
  readonly cluster: string;
}

/** Name of a workbook: a GUID, the same for a stack's service at all times. */
export function workbookName(stack: string, service: string): string {
  return uuidOfName(`workbook ${stack} ${service}`);
}

/** A workbook's content. Equal panels give equal texts. Pure. */
export function workbookJson(
  { title, panels }: { readonly title: string; readonly panels: readonly Panel[] },
  scope: WorkbookScope,
): string {
  return stableJson({
    version: "Notebook/1.0",
    items: [heading(title), timeRange(), ...panels.map((panel) => queryItem(panel, scope))],
    fallbackResourceIds: [scope.telemetry],
    $schema: "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
  });
}

/** Parts of a notebook, by the numbers that workbooks give them. */
const kinds = { text: 1, query: 3, parameters: 9 } as const;
const hourMs = 3_600_000;

function heading(title: string) {
  const json = `## ${title}\n\nVersions beside each other; release annotations stand in the charts. \`rollouts status\` says where a rollout is, \`rollouts budget\` what the error budget means for the next.`;
  return { type: kinds.text, name: "heading", content: { json } };
}

/** The span that every panel without one of its own is about: from 30 min to a week, 4 h at first. */
function timeRange() {
  return {
    type: kinds.parameters,
    name: "time",
    content: {
      version: "KqlParameterItem/1.0",
      style: "pills",
      parameters: [
        {
          id: uuidOfName("workbook parameter TimeRange"),
          version: "KqlParameterItem/1.0",
          name: "TimeRange",
          label: "Span",
          type: 4,
          isRequired: true,
          value: { durationMs: 4 * hourMs },
          typeSettings: {
            selectableValues: [0.5, 1, 4, 12, 24, 168].map((hours) => ({ durationMs: hours * hourMs })),
            allowCustom: true,
          },
        },
      ],
    },
  };
}

function queryItem(panel: Panel, scope: WorkbookScope) {
  const { id, title, query, shown, width, days, of } = panel;
  const resource = of === "cluster" ? scope.cluster : scope.telemetry;
  return {
    type: kinds.query,
    name: id,
    customWidth: String(width),
    content: {
      version: "KqlItem/1.0",
      title,
      query,
      size: 0,
      queryType: 0,
      resourceType: resourceTypeOf(resource),
      crossComponentResources: [resource],
      visualization: shown,
      ...(days === undefined
        ? { timeContextFromParameter: "TimeRange" }
        : { timeContext: { durationMs: days * 24 * hourMs } }),
      ...(shown === "table" ? {} : chartOf()),
    },
  };
}

function chartOf() {
  return {
    chartSettings: { xAxis: "TimeGenerated", yAxis: ["Value"], group: "Cohort", createOtherGroup: 0 },
  };
}

function resourceTypeOf(id: string): string {
  return /\/providers\/microsoft\.insights\/components\//i.test(id)
    ? "microsoft.insights/components"
    : "microsoft.operationalinsights/workspaces";
}
