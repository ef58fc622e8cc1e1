import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CanaryDeployment } from "../../src/components/canary-deployment.ts";
import type { Engine } from "../../src/ports/engine.ts";
import { rolloutProgram } from "../../src/program/rollout-program.ts";
import type { Target } from "../../src/types/engine.ts";
import { createTestStack, rolloutConfig, type TestStack } from "./engine-stack.ts";

/** The program below, for the language host. */
const source = `
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram((rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
  });
});
`;
const program = rolloutProgram((rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: "atp-prod",
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: 6,
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
  });
});

const head = (seq: number) => ({ seq, hash: String(seq % 10).repeat(64) });
const step = (id: string): Target => ({ kind: "step", version: "1.2.4", step: id });

let stack: TestStack;
let engine: Engine;

async function up(target: Target, more: { readonly converge?: boolean; readonly refresh?: boolean } = {}) {
  const result = await engine.up({ target, ...more });
  if (!result.ok) throw new Error(`${result.failure.kind}: ${result.failure.message}`);
  return result.summary;
}

beforeAll(async () => {
  stack = await createTestStack(source, { languageHost: true });
  stack.config({ "atp:version": "1.2.3", "atp:rollout": rolloutConfig });
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  engine = stack.engine(program);
});
afterAll(() => stack.stop());

// One story: each test goes on where the one before it stopped.
describe("the head of the journal in a stack's state", () => {
  const installed = { kind: "step", version: "1.2.3" } as const;

  test("comes with an update, and a newer one changes no resource", async () => {
    await up({ ...installed, journalHead: head(3) });
    const first = await engine.deployed();
    expect(first.journalHead).toEqual(head(3));
    stack.calls();
    expect(Object.keys(await up({ ...installed, journalHead: head(12) }))).toEqual(["same"]);
    expect(stack.calls()).toEqual([]);
    const second = await engine.deployed();
    expect(second).toEqual({ ...first, journalHead: head(12) });
  });

  test("stays where none is brought: a preview with refresh shows only same", async () => {
    const preview = await engine.preview({ target: installed, refresh: true });
    expect(preview.changes).toEqual([]);
    expect(Object.keys(await up(installed, { refresh: true }))).toEqual(["same"]);
    expect((await engine.deployed()).journalHead).toEqual(head(12));
  });

  test("stays where an update fails: its outputs wait for the release's resources", async () => {
    stack.faults({ fail: { "Deployment atp-ingestion-canary": "ProgressDeadlineExceeded" } });
    const result = await engine.up({ target: { ...step("5"), journalHead: head(20) } });
    stack.faults({});
    expect(result.ok).toBe(false);
    expect((await engine.deployed()).journalHead).toEqual(head(12));
  });

  test("leaves a revert equal to its baseline, with the newest head", async () => {
    const { record } = await engine.deployed();
    if (record === undefined) throw new Error("nothing is installed");
    const release = { kind: "release", version: "1.2.4", release: record } as const;
    await up({ ...release, journalHead: head(21) }, { refresh: true, converge: true });
    const baseline = await engine.deployed();
    await up({ ...step("5"), journalHead: head(22) });
    await up({ ...step("20"), journalHead: head(30) });
    expect((await engine.deployed()).hash).not.toBe(baseline.hash);
    await up({ ...release, journalHead: head(41) }, { refresh: true, converge: true });
    expect(await engine.deployed()).toEqual({ ...baseline, journalHead: head(41) });
    const preview = await engine.preview({ target: release, refresh: true });
    expect(preview.changes).toEqual([]);
  });

  test("is kept by a plain `pulumi up`, which sees no change", async () => {
    const preview = await stack.cli("preview", "--expect-no-changes", "--stack", "prod");
    expect(preview.code, preview.text).toBe(0);
    const plain = await stack.cli("up", "--yes", "--skip-preview", "--stack", "prod");
    expect(plain.text).toMatch(/\d+ unchanged/);
    expect((await engine.deployed()).journalHead).toEqual(head(41));
  });
});
