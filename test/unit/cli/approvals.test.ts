import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFileRecord } from "../../../src/adapters/record/file-record.ts";
import { ofThisRun, openStart } from "../../../src/cli/compose/start-ports.ts";
import { callers } from "../../../src/cli/start.ts";
import type { World } from "../../../src/cli/world.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { createMemoryTotals } from "../../support/memory-totals.ts";
import { signatory, signText } from "../../support/signed-approvals.ts";
import { sandboxConfig } from "../config/valid-config.ts";
import { aWorld, type CliRun, cli } from "./harness.ts";

const dana = signatory("dana@atp.example");
const eve = signatory("eve@atp.example");
const ada = signatory("ada@atp.example");
let dir: string;

/** A repository whose tags say that ada wrote 1.2.4, and a folder of approvals in it. */
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rollouts-approvals-"));
  mkdirSync(join(dir, "approvals"));
  git("init", "--quiet");
  commit("zoe@atp.example", "v1.2.3");
  commit("ada@atp.example", "v1.2.4");
});
afterEach(() => rmSync(dir, { recursive: true }));

function git(...args: readonly string[]) {
  execFileSync("git", ["-C", dir, ...args], { stdio: "pipe" });
}

function commit(mail: string, tag: string) {
  const who = ["-c", `user.email=${mail}`, "-c", "user.name=somebody", "-c", "commit.gpgsign=false"];
  git(...who, "commit", "--quiet", "--allow-empty", "-m", tag);
  git("tag", tag);
}

/** The stack as a user has it: signed files and three keys in its config; engine and cloud in memory. */
function aStack(more: Readonly<Record<string, unknown>> = {}) {
  const rollout = {
    ...sandboxConfig,
    approvals: {
      required: 2,
      cab: false,
      sources: [{ kind: "signed-files", dir: "approvals", tag: "v{version}" }],
      keys: [dana.trusted, eve.trusted, ada.trusted],
      people: { "eve@atp.example": ["environment:eve"] },
    },
    promotedIn: false,
    checklist: false,
    windows: { rules: [] },
    ...more,
  };
  const policy = normalizeOrThrow({ written: rollout, stack: "prod" });
  // Approvals are dated by the machine's clock, and so is this rollout.
  const driver = aDriver({ startMs: Date.now() });
  const config = { project: "atp", main: "index.ts", version: "1.2.4", rollout, policy };
  const { runtime } = createMemoryRuntime();
  const world: World = {
    ...aWorld(driver, config),
    openDriver: async (at, _context, observer) => ({
      ...driver.deps,
      observer,
      totals: createMemoryTotals(),
      policy: at.config.policy,
      start: await openStart(
        { policy: at.config.policy, stack: at.stack, projectDir: dir, env: {} },
        runtime,
      ),
    }),
  };
  const call = (argv: readonly string[], env: NodeJS.ProcessEnv = { GITHUB_ACTOR: "ci" }): Promise<CliRun> =>
    cli([...argv, "--stack", "prod"], { world, cwd: dir, env });
  return { driver, call };
}

type Stack = ReturnType<typeof aStack>;

/** As docs/approvals.md says: print the text, sign its bytes. */
async function sign(stack: Stack, who: typeof dana, by = who.person) {
  const { stdout } = await stack.call(["approve", "--sign-text", "--by", by]);
  writeFileSync(join(dir, "approvals", `${by}.json`), stdout);
  writeFileSync(join(dir, "approvals", `${by}.json.sig`), signText(who, stdout));
  return stdout;
}

describe("a start with signed files, from the command line", () => {
  it("asks with the whole hash, and starts once two people have signed this plan", async () => {
    const stack = aStack();
    const asked = await stack.call(["run", "--json"]);
    expect(asked.code).toBe(23);
    const { planHash, approvalRequest } = asked.json["data"] as Record<string, string>;
    expect(planHash).toMatch(/^[0-9a-f]{64}$/);
    expect(approvalRequest).toContain(`approve prod 1.2.4 plan ${planHash}`);
    const human = await stack.call(["run"]);
    expect(human.stdout).toContain(`approve prod 1.2.4 plan ${planHash}`);
    await sign(stack, dana);
    const one = await stack.call(["run", "--json"]);
    expect(one.json).toMatchObject({ error: { message: expect.stringContaining("1 of 2 approvals count") } });
    await sign(stack, eve);
    const { code, stderr } = await stack.call(["run"]);
    expect(code).toBe(0);
    expect(stderr).toContain("2 of 2 approvals count (key:dana@atp.example, key:eve@atp.example)");
  });

  it("--sign-text prints what docs/approvals.md shows, of the plan that waits", async () => {
    const stack = aStack();
    const early = await stack.call(["approve", "--sign-text", "--by", "dana", "--json"]);
    expect(early.code).toBe(7);
    expect(early.json).toMatchObject({ error: { code: "nothing-waits" } });
    await stack.call(["run"]);
    const { stdout } = await stack.call(["approve", "--sign-text", "--by", "dana@atp.example"]);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      decision: "approve",
      stack: "prod",
      version: "1.2.4",
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      by: "dana@atp.example",
      at: expect.any(String),
    });
    expect(stdout.endsWith("}\n")).toBe(true);
  });

  const refused = [
    { why: "an author, by the git history", who: ada, by: ada.person, reason: "author" },
    { why: "somebody else's name", who: dana, by: eve.person, reason: "wrong-person" },
    {
      why: "a key that nobody listed",
      who: signatory("mal@atp.example"),
      by: dana.person,
      reason: "bad-sig",
    },
  ];
  it.each(refused)("$why: refused as $reason", async ({ who, by, reason }) => {
    const stack = aStack();
    await stack.call(["run"]);
    await sign(stack, who, by);
    const { code, json } = await stack.call(["run", "--json"]);
    expect(code).toBe(23);
    expect(json).toMatchObject({ error: { message: expect.stringContaining(reason) } });
  });

  it("who calls is ruled out by the machine's name for them", async () => {
    const stack = aStack();
    await stack.call(["run"]);
    await sign(stack, dana);
    await sign(stack, eve);
    const { code, json } = await stack.call(["run", "--json"], { GITHUB_ACTOR: "eve" });
    expect(code).toBe(23);
    expect(json).toMatchObject({ error: { message: expect.stringContaining("requester") } });
  });

  it("signed for a canary, replayed on a hotfix: void", async () => {
    const stack = aStack();
    await stack.call(["run"]);
    await sign(stack, dana);
    await sign(stack, eve);
    const { code, json } = await stack.call(["run", "--change", "hotfix", "--json"]);
    expect(code).toBe(23);
    expect(json).toMatchObject({ error: { message: expect.stringContaining("plan-changed") } });
  });
});

describe("--change", () => {
  it("an unknown word is refused with the list, a strategy that lacks its flag before anything is opened", async () => {
    const stack = aStack();
    const unknown = await stack.call(["run", "--change", "bugfix", "--json"]);
    expect(unknown.code).toBe(2);
    expect(JSON.stringify(unknown.json)).toContain("new-feature, bug-fix, major-version");
    const flagless = await stack.call(["run", "--change", "breaking-api", "--json"]);
    expect(flagless.code).toBe(2);
    expect(flagless.json).toMatchObject({ error: { code: "config-invalid", path: "rollout.flag" } });
    expect(stack.driver.entries()).toEqual([]);
  });

  it("the plan in the journal has it; another one in flight is refused, the same goes on", async () => {
    const stack = aStack({ approvals: { required: 0, cab: false } });
    const held = await stack.call(["run", "--change", "new-feature", "--until", "5"]);
    expect(held.code).toBe(22);
    const other = await stack.call(["run", "--change", "bug-fix", "--json"]);
    expect(other.code).toBe(23);
    expect(other.json).toMatchObject({ error: { code: "rollout-in-flight", path: "--change" } });
    expect((await stack.call(["run", "--change", "new-feature"])).code).toBe(0);
    expect(stack.driver.entries()[0]?.data["plan"]).toMatchObject({ change: "new-feature" });
  });

  it("an override without its reason: exit 2 with the key to write", async () => {
    const stack = aStack({ strategy: "canary" });
    const { code, json } = await stack.call(["plan", "--change", "bug-fix", "--json"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({
      error: { code: "override-reason-missing", path: "rollout.strategyReason" },
    });
  });
});

describe("what a start asks of the machine", () => {
  it("promotions come from the journals of the other stacks, beside this one's", async () => {
    const { runtime } = createMemoryRuntime();
    const record = createFileRecord({ dir: join(dir, ".rollouts", "atp", "test"), runtime });
    const lease = await record.lease.acquire({ holder: "test", termMs: 30_000 });
    const at = "2026-01-14T10:00:00.000Z";
    const draft = {
      at,
      wallAt: at,
      step: "settle",
      planHash: "0",
      leaseToken: lease.granted ? lease.token : 0,
    };
    const end = { ...draft, kind: "end", state: "completed" } as const;
    const data = { outcome: "promoted", identity: "1.2.4+cfg-of-test" };
    await record.journal.append({ ...end, rolloutId: "a", data }, { sync: true });
    await record.journal.append(
      { ...end, rolloutId: "b", data: { outcome: "reverted", identity: "1.2.5+cfg-of-test" } },
      { sync: true },
    );
    // Promoted, and taken back afterwards: it proves nothing.
    const gone = { ...data, identity: "1.2.2+cfg-of-test" };
    await record.journal.append({ ...end, rolloutId: "d", data: gone }, { sync: true });
    await record.journal.append(
      { ...end, rolloutId: "undo-d", data: { ...gone, outcome: "reverted" } },
      { sync: true },
    );
    const begin = { ...draft, kind: "begin", state: "planned", rolloutId: "c" } as const;
    await record.journal.append({ ...begin, data: { rehearsed: true } }, { sync: true });
    await record.journal.append({ ...end, rolloutId: "c", data }, { sync: true });
    const policy = normalizeOrThrow({ written: sandboxConfig, stack: "prod" });
    const start = await openStart({ policy, stack: "atp/prod", projectDir: dir, env: {} }, runtime);
    expect(start.stack).toBe("prod");
    expect(await start.promotions(["test", "staging"])).toEqual([
      { stack: "test", identity: "1.2.4", atMs: Date.parse(at) },
    ]);
  });

  it("the run whose reviews are read is the pipeline's, where config names none; without one it is an error answer", async () => {
    const github = { kind: "github", repository: "a/b", environment: "p", runId: "", token: "t" } as const;
    expect(ofThisRun(github, { GITHUB_RUN_ID: "42" })).toMatchObject({ runId: "42" });
    expect(ofThisRun({ ...github, runId: "7" }, { GITHUB_RUN_ID: "42" })).toMatchObject({ runId: "7" });
    const { runtime } = createMemoryRuntime();
    const bare = normalizeOrThrow({ written: sandboxConfig, stack: "prod" });
    const policy = { ...bare, approvers: { ...bare.approvers, sources: [github] } };
    const { approvals } = await openStart({ policy, stack: "prod", projectDir: dir, env: {} }, runtime);
    expect(await approvals[0]?.list({ planHash: "0", version: "1.2.4" })).toMatchObject({
      status: "error",
      message: expect.stringContaining("GITHUB_RUN_ID"),
    });
  });

  it("who calls has every name that the machine gives them", () => {
    const env = { GITHUB_ACTOR: "dana-m", USER: "runner", BUILD_REQUESTEDFOREMAIL: "dana@atp.example" };
    expect(callers(env)).toEqual([
      { source: "environment", id: "dana-m" },
      { source: "environment", id: "runner" },
      { source: "environment", id: "dana@atp.example" },
      { source: "github", id: "dana-m" },
    ]);
  });
});
