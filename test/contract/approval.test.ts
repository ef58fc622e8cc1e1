import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { createAzureDevOpsApprovals } from "../../src/adapters/approval/azure-devops.ts";
import { createGithubApprovals } from "../../src/adapters/approval/github.ts";
import { createSignedFiles } from "../../src/adapters/approval/signed-files.ts";
import { approvalLine } from "../../src/analysis/approval-text.ts";
import type { Approval } from "../../src/types/approval.ts";
import { aStep, azureToken, startFakeAzureDevOps } from "../support/http-fake-azure-devops.ts";
import { aReview, githubToken, startFakeGithub } from "../support/http-fake-github.ts";
import { createMemoryApprovals } from "../support/memory-approval.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { signatory, writeApproval } from "../support/signed-approvals.ts";
import { approvalSuite, approvedAt } from "./approval-suite.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

approvalSuite("memory", async () => {
  const approvals = createMemoryApprovals();
  const given: Approval[] = [];
  return {
    approvals,
    approve: async (person, subject) => {
      given.push({
        kind: "review",
        by: { source: "github", id: person },
        person: true,
        decision: "approved",
        at: approvedAt,
        comment: approvalLine(subject),
        where: "memory",
      });
      approvals.set({ status: "value", approvals: given, authors: [], requesters: [] });
    },
    breakIt: async () => approvals.set({ status: "error", message: "down" }),
  };
});

approvalSuite("github", async () => {
  const server = await startFakeGithub();
  cleanups.push(() => server.close());
  const config = {
    kind: "github" as const,
    repository: "atp/ingestion",
    environment: "prod",
    runId: "42",
    token: githubToken,
    tag: "v{version}",
    apiUrl: server.url,
  };
  return {
    approvals: createGithubApprovals({ config, runtime: createMemoryRuntime().runtime }),
    approve: async (person, subject) => {
      server.repository.reviews.push(aReview(person.split("@")[0] ?? "", approvalLine(subject)));
    },
    breakIt: () => server.close(),
    secrets: [githubToken],
  };
});

approvalSuite("azure-devops", async () => {
  const server = await startFakeAzureDevOps();
  cleanups.push(() => server.close());
  const config = {
    kind: "azure-devops" as const,
    organizationUrl: server.organizationUrl,
    project: "audit trail",
    buildId: "99",
    token: azureToken,
  };
  return {
    approvals: createAzureDevOpsApprovals({ config, runtime: createMemoryRuntime().runtime }),
    approve: async (person, subject) => {
      server.project.approvals[0]?.steps.push(aStep(person, approvalLine(subject)));
    },
    breakIt: () => server.close(),
    secrets: [azureToken, Buffer.from(`:${azureToken}`).toString("base64")],
  };
});

approvalSuite("signed-files", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rollouts-approvals-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const people = ["dana@atp.example", "erin@atp.example"].map(signatory);
  return {
    approvals: createSignedFiles({ config: { kind: "signed-files", dir }, projectDir: dir }),
    approve: async (person, subject) => {
      const who = people.find((one) => one.person === person);
      if (who === undefined) throw new Error(`${person} has no key`);
      await writeApproval(dir, who, { ...subject, by: person, at: approvedAt });
    },
    breakIt: () => rm(dir, { recursive: true }),
    keys: people.map(({ trusted }) => trusted),
  };
});
