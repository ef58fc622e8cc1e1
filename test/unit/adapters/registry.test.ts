import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openHealth, openLever, openMetrics, openRecord } from "../../../src/adapters/registry.ts";
import { journalDraft } from "../../support/memory-record.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const { runtime } = createMemoryRuntime();
const names = { stable: "atp", candidate: "atp-canary" };
const prometheus = {
  kind: "prometheus" as const,
  url: "http://127.0.0.1:9",
  cohort: { label: "version", stable: "stable", candidate: "canary" },
  match: {},
  requests: { metric: "r", codeLabel: "code" },
  latency: { metric: "l" },
  exceptions: { metric: "e" },
};

it.each([
  ["prometheus", async () => (await openMetrics({ config: prometheus, runtime })).openFor(prometheus)],
  ["http", () => openHealth({ config: { kind: "http", candidate: [], stable: [] }, runtime })],
  [
    "HTTPRoute prod/atp",
    () => openLever({ config: { kind: "http-route", namespace: "prod", route: "atp" }, runtime, names }),
  ],
])("opens %s", async (name, open) => {
  expect((await open()).name).toBe(name);
});

it.each([
  ["metrics", () => openMetrics({ config: { kind: "sandbox" }, runtime })],
  ["health", () => openHealth({ config: { kind: "sandbox" }, runtime })],
  ["lever", () => openLever({ config: { kind: "sandbox" }, runtime, names })],
])("has no sandbox for %s, and says where there is one", async (port, open) => {
  await expect(open()).rejects.toMatchObject({
    code: "not-here",
    exit: "config",
    path: `rollout.${port}.kind`,
    hint: expect.stringContaining("rollouts rehearse"),
  });
});

it("opens the record in a folder of the project", async () => {
  const projectDir = await mkdtemp(join(tmpdir(), "rollouts-project-"));
  const config = { kind: "file" as const, dir: ".rollouts/prod", leaseSeconds: 30 };
  const { lease, journal } = await openRecord({ config, name: "atp/prod", runtime, projectDir });
  expect(journal.location).toBe(join(projectDir, ".rollouts/prod/journal.jsonl"));
  await lease.acquire({ holder: "a", termMs: 1_000 });
  await access(join(projectDir, ".rollouts/prod/lease/0000000001.json"));
  expect((await journal.append(journalDraft(1))).prev).toBe("rollouts-journal/1 atp/prod");
  const elsewhere = await openRecord({ config: { ...config, dir: "/var/x" }, runtime, projectDir });
  expect(elsewhere.journal.location).toBe("/var/x/journal.jsonl");
  await rm(projectDir, { recursive: true });
});
