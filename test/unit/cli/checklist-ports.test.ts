import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../src/adapters/registry.ts";
import { openChecklist } from "../../../src/cli/compose/checklist-ports.ts";
import { openPolicy } from "../../../src/cli/compose/secrets.ts";
import { recordOf } from "../../../src/cli/compose/world.ts";
import { aPolicy } from "../../support/builders.ts";
import { journalDraft } from "../../support/memory-record.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aChecklist } from "../../support/pre-checklist-world.ts";
import { aStackConfig } from "./harness.ts";

const { runtime } = createMemoryRuntime();
let projectDir = "";

beforeAll(async () => {
  projectDir = await mkdtemp(join(tmpdir(), "checklist-ports-"));
});
afterAll(() => rm(projectDir, { recursive: true, force: true }));

describe("where a stack's checklists are looked up", () => {
  it("nowhere, where it has none", async () => {
    expect(
      await openChecklist({ policy: aPolicy(), stack: "dev", projectDir, env: {} }, runtime),
    ).toBeUndefined();
  });

  it("in the journals beside its own, and in those of their migrations", async () => {
    const policy = aPolicy({ checklist: aChecklist });
    for (const dir of ["atp/staging", "atp/staging/migration"]) {
      const config = recordOf(policy.record, dir);
      const record = await openRecord({ config, runtime, projectDir, name: dir });
      const lease = await record.lease.acquire({ holder: "test", termMs: 30_000 });
      if (!lease.granted) throw new Error("the lease is held");
      await record.journal.append(journalDraft(lease.token, { data: { of: dir } }));
    }
    const ports = await openChecklist({ policy, stack: "atp/prod", projectDir, env: {} }, runtime);
    expect(ports?.stack).toBe("atp/prod");
    expect(await ports?.journalOf("staging")).toMatchObject([{ data: { of: "atp/staging" } }]);
    expect(await ports?.migrationJournalOf("staging")).toMatchObject([
      { data: { of: "atp/staging/migration" } },
    ]);
    expect(await ports?.journalOf("elsewhere")).toEqual([]);
  });

  it("with a source for what config names, and for no more", async () => {
    const communication = { zone: "UTC", dashboards: [{ name: "Grafana", url: "https://grafana.example" }] };
    const at = { stack: "prod", projectDir, env: {} };
    const all = await openChecklist(
      { ...at, policy: aPolicy({ checklist: aChecklist, communication }) },
      runtime,
    );
    expect([all?.dashboards.map(({ name }) => name), all?.loadTest?.name, all?.securityScan?.name]).toEqual([
      ["Grafana"],
      "load-test",
      "sarif",
    ]);
    const { loadTest: _l, securityScan: _s, ...people } = aChecklist;
    const few = await openChecklist({ ...at, policy: aPolicy({ checklist: people }) }, runtime);
    expect([few?.dashboards, few?.loadTest, few?.securityScan]).toEqual([[], undefined, undefined]);
  });

  it("a token of Pingdom is masked in all that is printed, journaled and sent", async () => {
    const pingdom = { kind: "pingdom", token: "planted-4711", checks: [7], endpoint: "https://a" } as const;
    const config = aStackConfig({ checklist: { ...aChecklist, synthetics: [pingdom] } });
    const { secrets } = await openPolicy({ projectDir, stack: "prod", config }, async () => "");
    expect(secrets).toContain("planted-4711");
  });
});
