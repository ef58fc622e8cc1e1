import { afterEach, describe, expect, it } from "vitest";
import { createAzureDevOpsApprovals } from "../../../../src/adapters/approval/azure-devops.ts";
import { type FakeAnswer, json } from "../../../support/http-fake.ts";
import {
  aStep,
  azureToken,
  type FakeProject,
  member,
  startFakeAzureDevOps,
} from "../../../support/http-fake-azure-devops.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

let server: Awaited<ReturnType<typeof startFakeAzureDevOps>> | undefined;
afterEach(() => server?.close());

async function azure(change: (project: FakeProject) => void = () => {}, token = azureToken) {
  server = await startFakeAzureDevOps();
  change(server.project);
  const { organizationUrl } = server;
  const config = {
    kind: "azure-devops" as const,
    organizationUrl,
    project: "audit trail",
    buildId: "99",
    token,
  };
  const approvals = createAzureDevOpsApprovals({ config, runtime: createMemoryRuntime().runtime });
  const query = { planHash: "4".repeat(64), version: "1.2.4", from: "1.2.3" };
  return { server, list: () => approvals.list(query) };
}

const step =
  (...steps: ReturnType<typeof aStep>[]) =>
  (project: FakeProject) =>
    void project.approvals[0]?.steps.push(...steps);

describe("approvals", () => {
  it("carry who approved in fact, not which group was asked, with date and comment", async () => {
    const { list, server } = await azure(step(aStep("Dana@atp.example", "approve …")));
    expect(await list()).toMatchObject({
      status: "value",
      approvals: [
        {
          by: { source: "azure-devops", id: "Dana@atp.example" },
          person: true,
          decision: "approved",
          at: "2026-01-15T09:30:00.5793622Z",
          comment: "approve …",
        },
      ],
      requesters: [{ id: "rick@atp.example" }, { id: "rick@atp.example" }],
      authors: [{ source: "azure-devops", id: "alice@atp.example" }],
    });
    const asked = server.requests.find(({ url }) => url.pathname.endsWith("/pipelines/approvals"));
    expect(asked?.url.searchParams.get("$expand")).toBe("steps");
    expect(asked?.url.searchParams.get("approvalIds")).toBe("ee14f612-6838-43c0-b445-db238ef14153");
  });

  it.each([
    ["pending", 0],
    ["skipped", 0],
    ["timedOut", 0],
    ["canceled", 0],
    ["rejected", 1],
    ["approved", 1],
  ])("a step that is %s: %s", async (status, count) => {
    const { list } = await azure(step(aStep("dana@atp.example", "", { status })));
    expect(await list()).toMatchObject({ approvals: Array(count).fill({}) });
  });

  it.each([
    ["a user of a domain", member("ATP\\dana", { descriptor: "win.x" }), true],
    ["a service principal", member("0f3e0b7e-0000-4000-8000-000000000001", { descriptor: "aadsp.x" }), false],
    ["a build service", member("Build\\99", { descriptor: "svc.x" }), false],
    ["a group", member("[atp]\\Approvers", { descriptor: "vssgp.x" }), false],
    ["a container", member("team@atp.example", { isContainer: true }), false],
    [
      "an id that is no sign-in name",
      member("0f3e0b7e-0000-4000-8000-000000000001", { descriptor: null }),
      false,
    ],
  ])("%s: a person? %s", async (_, actualApprover, person) => {
    const { list } = await azure(step(aStep("x@y", "", { actualApprover })));
    expect(await list()).toMatchObject({ approvals: [{ person }] });
  });

  it("none where the run has no approval check", async () => {
    const { list } = await azure((project) => void project.records.splice(1));
    expect(await list()).toMatchObject({ status: "value", approvals: [] });
  });
});

describe("authors", () => {
  it("are read to the last page, with co-authors", async () => {
    const { list } = await azure((project) => {
      project.pageSize = 1;
      project.changes.push(
        { id: "2", author: member("bob@atp.example"), message: "x\nCo-Authored-By: Cy <cy@atp.example>" },
        { id: "3", author: member("kim@atp.example") },
      );
    });
    const ids = ["alice", "bob", "cy", "kim"].map((name) => ({ id: `${name}@atp.example` }));
    expect(await list()).toMatchObject({ authors: ids });
  });
});

describe("errors, never an empty list", () => {
  const on = (path: RegExp, answer: FakeAnswer) => (project: FakeProject) => {
    project.intercept = ({ url }) => (path.test(url.pathname) ? answer : undefined);
  };
  it.each<[string, (project: FakeProject) => void, RegExp]>([
    [
      "the sign-in page by a redirect",
      on(/./, { status: 302, headers: { location: "/signin" } }),
      /HTTP 302/,
    ],
    ["a build that isn't there", on(/builds\/99$/, json({}, 404)), /build 99 can't be read.*HTTP 404/],
    [
      "an approval that doesn't come",
      (project) => void project.approvals.splice(0),
      /ee14f612\S* did not come/,
    ],
    [
      "an approval without steps",
      (project) =>
        void project.approvals.splice(0, 1, {
          id: "ee14f612-6838-43c0-b445-db238ef14153",
          status: "approved",
          steps: [],
        }),
      /has no steps/,
    ],
    [
      "an approver without a name",
      step(aStep("x", "", { actualApprover: { displayName: "Dana" } })),
      /doesn't tell whose/,
    ],
    [
      "a change without its author",
      (project) => void project.changes.push({ id: "9".repeat(40), author: { displayName: "Dana" } }),
      /don't tell who wrote 999999999999/,
    ],
    ["a rate limit", on(/timeline$/, { status: 503, headers: { "retry-after": "30" } }), /rate limit/],
    ["a date that is none", step(aStep("x@y", "", { lastModifiedOn: "yesterday" })), /lastModifiedOn/],
  ])("%s", async (_, change, message) => {
    const { list } = await azure(change);
    const answer = await list();
    expect(answer).toMatchObject({ status: "error", message: expect.stringMatching(message) });
    expect(JSON.stringify(answer)).not.toContain(azureToken);
  });

  it("a token that isn't taken: 203 with a page to sign in", async () => {
    const { list } = await azure(() => {}, "expired");
    expect(await list()).toMatchObject({
      status: "error",
      message: expect.stringMatching(/sign in.*HTTP 203/),
    });
  });
});
