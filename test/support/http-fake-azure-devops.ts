import { type FakeAnswer, json, type SeenRequest, startHttpFake } from "./http-fake.ts";

export const azureToken = "pat-s3cr3tT0ken";
const api = "/atp/audit%20trail/_apis";

/** A member of Azure DevOps. */
export function member(uniqueName: string, overrides: Record<string, unknown> = {}) {
  return {
    displayName: uniqueName.split("@")[0],
    id: `id-${uniqueName}`,
    uniqueName,
    descriptor: "aad.x",
    ...overrides,
  };
}

export interface FakeStep {
  readonly assignedApprover: unknown;
  readonly actualApprover?: unknown;
  readonly status: string;
  readonly comment?: string;
  readonly lastModifiedOn?: string;
}

export function aStep(uniqueName: string, comment: string, overrides: Partial<FakeStep> = {}): FakeStep {
  return {
    assignedApprover: { displayName: "[atp]\\Approvers", isContainer: true, descriptor: "vssgp.x" },
    actualApprover: member(uniqueName),
    status: "approved",
    comment,
    lastModifiedOn: "2026-01-15T09:30:00.5793622Z",
    ...overrides,
  };
}

export interface FakeProject {
  build: Record<string, unknown>;
  records: { readonly id: string; readonly type: string }[];
  approvals: { readonly id: string; readonly status: string; steps: FakeStep[] }[];
  changes: { readonly id: string; readonly message?: string; readonly author: unknown }[];
  pageSize: number;
  intercept: (request: SeenRequest) => FakeAnswer | undefined;
}

/** Azure DevOps' REST API 7.1 for build 99 of one project; steps only with `$expand=steps`, as documented. */
export async function startFakeAzureDevOps() {
  const project: FakeProject = {
    build: { id: 99, requestedBy: member("rick@atp.example"), requestedFor: member("rick@atp.example") },
    records: [
      { id: "5f3e0b7e-0000-0000-0000-000000000001", type: "Stage" },
      { id: "ee14f612-6838-43c0-b445-db238ef14153", type: "Checkpoint.Approval" },
    ],
    approvals: [{ id: "ee14f612-6838-43c0-b445-db238ef14153", status: "pending", steps: [] }],
    changes: [{ id: "c".repeat(40), message: "A change", author: member("alice@atp.example") }],
    pageSize: 100,
    intercept: () => undefined,
  };
  const basic = `Basic ${Buffer.from(`:${azureToken}`).toString("base64")}`;
  const server = await startHttpFake((request) => {
    const own = project.intercept(request);
    if (own !== undefined) return own;
    // A token that isn't taken leads to the sign-in page.
    if (request.headers.authorization !== basic) return { status: 203, body: "<html>Sign in</html>" };
    if (!request.url.searchParams.get("api-version")?.startsWith("7.1")) return json({}, 400);
    return route(project, request);
  });
  return { project, ...server, organizationUrl: `${server.url}/atp` };
}

function route(project: FakeProject, { url }: SeenRequest): FakeAnswer {
  const path = url.pathname.replace(api, "");
  if (path === "/build/builds/99") return json(project.build);
  if (path === "/build/builds/99/timeline") return json({ records: project.records });
  if (path === "/build/builds/99/changes") return changes(project, url);
  if (path !== "/pipelines/approvals") return json({ message: "no such thing" }, 404);
  const ids = (url.searchParams.get("approvalIds") ?? "").split(",");
  const expanded = url.searchParams.get("$expand") === "steps";
  const value = project.approvals
    .filter(({ id }) => ids.includes(id))
    .map((approval) => ({ ...approval, steps: expanded ? approval.steps : [] }));
  return json({ count: value.length, value });
}

function changes(project: FakeProject, url: URL): FakeAnswer {
  const start = Number(url.searchParams.get("continuationToken") ?? "0");
  const value = project.changes.slice(start, start + project.pageSize);
  const rest = start + project.pageSize < project.changes.length;
  const headers: Record<string, string> = rest
    ? { "x-ms-continuationtoken": String(start + project.pageSize) }
    : {};
  return { status: 200, body: JSON.stringify({ count: value.length, value }), headers };
}
