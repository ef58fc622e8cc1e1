import { describe, expect, it } from "vitest";
import type { World } from "../../../src/cli/world.ts";
import { createMemoryRecord } from "../../support/memory-record.ts";
import { aRolledStack, identityOf, type RolledStack, rolling } from "../../support/rolled-stack.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const stackArgs = ["--stack", "test"];
const why = ["--reason", "customer", "--by", "dana"];

function worldOf(stack: RolledStack, version = "1.2.5"): World & { opened: unknown[] } {
  return { ...aWorld(stack, aStackConfig(rolling, version)), openRevisions: async () => stack.revisions };
}

function rollback(stack: RolledStack, argv: readonly string[], world: World = worldOf(stack)) {
  return cli(["rollback", ...stackArgs, ...argv], { world });
}

describe("history", () => {
  it("versions newest first by the journal, then the Deployment's revisions", async () => {
    const stack = await aRolledStack();
    const { code, json } = await cli(["history", ...stackArgs, "--json"], { world: worldOf(stack) });
    expect(code).toBe(0);
    const data = json["data"] as Record<string, unknown>;
    expect(data["served"]).toMatchObject([
      {
        version: "1.2.5",
        identity: identityOf("1.2.5"),
        by: "rolling",
        since: expect.stringMatching(/^2026-/),
      },
      { version: "1.2.4", identity: identityOf("1.2.4"), by: "rolling" },
      { version: "1.2.3", identity: identityOf("1.2.3"), by: "before" },
    ]);
    expect(data["served"]).not.toHaveProperty("2.since");
    expect(data["revisions"]).toMatchObject([
      { number: 3, changeCause: "atp-ingestion 1.2.5", ready: 6, desired: 6, present: true, canUndo: false },
      { number: 2, changeCause: "atp-ingestion 1.2.4", ready: 0, desired: 0, present: false, canUndo: true },
      { number: 1, changeCause: "atp-ingestion 1.2.3", present: false, canUndo: true },
    ]);
    expect(data["unfinished"]).toEqual([]);
  });

  it("for people: both tables, and the command that goes back", async () => {
    const stack = await aRolledStack();
    const { stdout } = await cli(["history", ...stackArgs], { world: worldOf(stack) });
    expect(stdout).toMatch(/^ {2}1\.2\.5 +2026-01-15T\S+ +rolling +1\.2\.5\+/m);
    expect(stdout).toMatch(/^ {2}1\.2\.3 +unknown +before the first rollout +1\.2\.3\+/m);
    expect(stdout).toMatch(/^ {2}3 +atp-ingestion 1\.2\.5 +6\/6 +\S+ +present$/m);
    expect(stdout).toMatch(/^ {2}1 +atp-ingestion 1\.2\.3 +0\/0 +\S+ +can be gone back to$/m);
    expect(stdout).toContain("rollouts rollback --stack test --to-revision 2 --reason REASON --by NAME");
  });

  it("a cluster that doesn't answer: said, and the journal is shown all the same, exit 0", async () => {
    const stack = await aRolledStack();
    stack.pods.listFails = true;
    const { code, stdout } = await cli(["history", ...stackArgs], { world: worldOf(stack) });
    expect(code).toBe(0);
    expect(stdout).toContain("the cluster could not be read: the API server does not answer");
    expect(stdout).toMatch(/1\.2\.5 .+ rolling/);
    const { json } = await cli(["history", ...stackArgs, "--json"], { world: worldOf(stack) });
    expect(json["data"]).not.toHaveProperty("revisions");
  });

  it("versions that don't come in place: the journal alone, nothing is asked of a cluster", async () => {
    const stack = await aRolledStack();
    const world = { ...worldOf(stack), openRevisions: async () => undefined };
    const { json } = await cli(["history", ...stackArgs, "--json"], { world });
    expect(Object.keys(json["data"] as object).sort()).toEqual([
      "journal",
      "served",
      "service",
      "stack",
      "unfinished",
    ]);
  });

  it("a reverted rollout never served: it isn't there", async () => {
    const stack = await aRolledStack([]);
    stack.world.knobs.upFails = (_step, converge) =>
      converge ? undefined : { kind: "resource", message: "no" };
    await stack.run();
    const { json } = await cli(["history", ...stackArgs, "--json"], { world: worldOf(stack) });
    expect(json["data"]).toMatchObject({ served: [{ version: "1.2.3", by: "before" }] });
  });

  it("a rollback whose driver died: what is left is said until the next version is in service", async () => {
    const stack = await aRolledStack();
    await rollback(stack, ["--to-revision", "1", ...why]);
    stack.record.state.entries.pop();
    const { stdout } = await cli(["history", ...stackArgs], { world: worldOf(stack) });
    expect(stdout).toMatch(/! the rollback 1\.2\.5 → 1\.2\.3 \(revision 1\) of \S+ broke off/);
    await stack.run({ version: "1.2.6" });
    const later = await cli(["history", ...stackArgs], { world: worldOf(stack) });
    expect(later.stdout).not.toContain("broke off");
  });

  it("no rollout yet", async () => {
    const stack = await aRolledStack([]);
    const { stdout } = await cli(["history", ...stackArgs], { world: worldOf(stack) });
    expect(stdout).toContain("no version yet");
  });
});

describe("rollback --to-revision", () => {
  it("takes the stack back, prints ready, desired and image, and names the config: exit 0", async () => {
    const stack = await aRolledStack();
    const argv = ["--to-revision", "1", ...why, "--details", "orders lost"];
    const { code, stdout, stderr } = await rollback(stack, argv);
    expect(code).toBe(0);
    expect(stdout).toContain("atp-ingestion serves 1.2.3 again");
    expect(stdout).toContain("6 of 6 ready, image atp.azurecr.io/ingestion:1.2.3 (revision 4 now)");
    expect(stdout).toMatch(/no pod of 1\.2\.5 after 0 ms \(objective: 5 min\)/);
    expect(stdout).toContain("`pulumi config set version 1.2.3 --stack test`");
    expect(stderr).toContain("○ undo  1.2.5 → 1.2.3 (revision 1), asked by dana: customer: orders lost");
    expect(stack.world.record()).toMatchObject({ stable: { version: "1.2.3" } });
  });

  it("what serves is known afterwards: to status, plan and history", async () => {
    const stack = await aRolledStack();
    await rollback(stack, ["--to-revision", "1", ...why]);
    const world = worldOf(stack);
    const status = await cli(["status", ...stackArgs, "--json"], { world });
    expect(status.json["data"]).toMatchObject({ served: "1.2.3" });
    const plan = await cli(["plan", ...stackArgs, "--version", "1.2.6", "--json"], { world });
    expect(plan.json["data"]).toMatchObject({ from: "1.2.3", identity: { stable: identityOf("1.2.3") } });
    const history = await cli(["history", ...stackArgs, "--json"], { world });
    expect(history.json["data"]).toMatchObject({
      served: [
        { version: "1.2.3", by: "rollback", revision: 1 },
        { version: "1.2.5", by: "rolling" },
        { version: "1.2.4" },
        { version: "1.2.3", by: "before" },
      ],
    });
    await stack.run({ version: "1.2.6" });
    const later = await cli(["status", ...stackArgs, "--json"], { world });
    expect(later.json["data"]).toMatchObject({ served: "1.2.6" });
  });

  it("config that names the old version already needs no word", async () => {
    const stack = await aRolledStack();
    const { stdout } = await rollback(stack, ["--to-revision", "1", ...why], worldOf(stack, "1.2.3"));
    expect(stdout).not.toContain("pulumi config set");
  });

  it("what doesn't verify: exit 21, the problems, and history names what is left", async () => {
    const stack = await aRolledStack();
    stack.world.knobs.upFails = () => ({ kind: "resource", message: "forbidden" });
    const { code, json } = await rollback(stack, ["--to-revision", "1", ...why, "--json"]);
    expect(code).toBe(21);
    expect(json).toMatchObject({
      ok: false,
      data: { outcome: "undo-failed", running: { ready: 6, desired: 6 } },
      error: { code: "revert-failed", hint: expect.stringContaining("rollouts history") },
    });
    const history = await cli(["history", ...stackArgs, "--json"], { world: worldOf(stack) });
    expect(history.json["data"]).toMatchObject({
      unfinished: [expect.stringMatching(/1\.2\.5 → 1\.2\.3 \(revision 1\) of 2026-\S+ did not verify/)],
    });
    const status = await cli(["status", ...stackArgs, "--json"], { world: worldOf(stack) });
    expect(status.json["data"]).toMatchObject({ served: "1.2.5" });
  });

  it("the version in service: nothing to do, exit 0", async () => {
    const stack = await aRolledStack();
    const { code, stdout } = await rollback(stack, ["--to-revision", "3", ...why]);
    expect(code).toBe(0);
    expect(stdout).toContain("1.2.5 is in service already (revision 3): nothing to do");
  });

  interface Refusal {
    readonly what: string;
    readonly argv: readonly string[];
    readonly prepare: (stack: RolledStack) => unknown;
    readonly code: number;
    readonly error: string;
    readonly opened: number;
  }
  const refusals: readonly Refusal[] = [
    {
      what: "a rollout in flight: before a driver is opened",
      argv: ["--to-revision", "1", ...why],
      prepare: (stack) => stack.run({ version: "1.2.6", stopAfter: "roll" }),
      code: 23,
      error: "rollout-in-flight",
      opened: 0,
    },
    {
      what: "no such revision",
      argv: ["--to-revision", "12", ...why],
      prepare: () => {},
      code: 23,
      error: "no-such-revision",
      opened: 1,
    },
    {
      what: "another driver",
      argv: ["--to-revision", "1", ...why],
      prepare: async (stack) => {
        const other = createMemoryRecord({ runtime: stack.deps.runtime, state: stack.record.state });
        await other.lease.acquire({ holder: "kim@ci pid 7", termMs: 30_000 });
      },
      code: 24,
      error: "lease-held",
      opened: 1,
    },
    ...["0", "-1", "1.5", "three"].map((text) => ({
      what: `revision ${text}`,
      argv: [`--to-revision=${text}`, ...why],
      prepare: () => {},
      code: 2,
      error: "usage",
      opened: 0,
    })),
    {
      what: "no reason",
      argv: ["--to-revision", "1", "--by", "dana"],
      prepare: () => {},
      code: 2,
      error: "usage",
      opened: 0,
    },
  ];
  it.each(refusals)("$what: exit $code, nothing is touched", async ({ argv, prepare, ...expected }) => {
    const stack = await aRolledStack();
    await prepare(stack);
    const before = JSON.stringify([stack.entries(), stack.world.calls]);
    const world = worldOf(stack);
    const { code, json } = await rollback(stack, [...argv, "--json"], world);
    expect({ code, error: Object(json["error"]).code }).toEqual({
      code: expected.code,
      error: expected.error,
    });
    expect(JSON.stringify([stack.entries(), stack.world.calls])).toBe(before);
    expect(world.opened).toHaveLength(expected.opened);
  });

  it("a stack without revisions to go to: exit 2, with what does go", async () => {
    const stack = await aRolledStack();
    const world = { ...worldOf(stack), openRevisions: async () => undefined };
    const { code, json } = await rollback(stack, ["--to-revision", "1", ...why, "--json"], world);
    expect(code).toBe(2);
    expect(json).toMatchObject({
      error: { code: "not-in-place", hint: expect.stringContaining("--version") },
    });
    expect(world.opened).toEqual([]);
  });
});
