import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyJournal } from "../../../src/analysis/verify-journal.ts";
import type { Manifest } from "../../../src/cli/evidence/bundle.ts";
import type { World } from "../../../src/cli/world.ts";
import type { Candidate, CandidateEvidence } from "../../../src/ports/candidate.ts";
import type { Concern } from "../../../src/types/concern.ts";
import { aDriver } from "../../support/drive.ts";
import { memoryJournal } from "../../support/memory-record.ts";
import { aWorld, cli } from "./harness.ts";

type Driver = ReturnType<typeof aDriver>;

const secret = "s3cr3t-of-the-store";
const collected: CandidateEvidence = {
  files: [
    { name: "candidate/pods.json", content: '{"kind":"PodList","items":[]}\n' },
    { name: "candidate/logs/web-canary-1/web.log", content: `token ${secret} was refused\n` },
  ],
  problems: [],
  notes: [],
};

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-evidence-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function aCandidate(of: Partial<CandidateEvidence> = {}): Candidate {
  return { name: "memory", collect: async () => ({ ...collected, ...of }) };
}

interface Beside {
  readonly candidate?: Candidate | "none";
  readonly notes?: readonly string[];
}

function worldOf(driver: Driver, { candidate = aCandidate(), notes = [] }: Beside = {}): World {
  const { metrics } = driver.deps;
  return {
    ...aWorld(driver),
    openEvidence: async () => ({
      dir: join(dir, "evidence"),
      secrets: [secret],
      metrics,
      ...(candidate === "none" ? {} : { candidate }),
      notes,
      problems: [],
    }),
  };
}

/** Soon before now, so that a source of counts isn't asked for months. */
const aRecentDriver = () => aDriver({ startMs: Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000 });

/** Held at 20 %, with nobody driving. */
async function atTwenty(): Promise<Driver> {
  const driver = aRecentDriver();
  await driver.run({ stopAfter: "20" });
  return driver;
}

const run = (argv: readonly string[], world: World) =>
  cli([...argv, "--stack", "memory"], { world, cwd: dir });

async function kept(concern: Concern = "corruption", beside: Beside = {}) {
  const driver = await atTwenty();
  const world = worldOf(driver, beside);
  const abort = await run(["abort", "--by", "dana", "--reason", "wrong ids", "--concern", concern], world);
  const folder = join(dir, "evidence", driver.rolloutId());
  return { driver, world, abort, folder };
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
}

describe("abort --concern", () => {
  it("takes the traffic off, keeps the candidate and exports by itself; it is what was asked for", async () => {
    const { driver, abort, folder } = await kept();
    expect(abort.code).toBe(0);
    expect(abort.stdout).toContain(
      "1.2.4 turned back at 20 %, kept without traffic as evidence of data corruption: aborted by dana: wrong ids",
    );
    expect(abort.stdout).toContain("`rollouts evidence release --by NAME`");
    expect(abort.stderr).toContain(`in ${folder}`);
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(driver.world.record()?.candidate).toBeDefined();
    expect(await manifestIn(folder)).toMatchObject({
      concern: "corruption",
      exportedBy: "dana",
      problems: [],
    });
  });

  it("an export that fails is told, and changes nothing of it", async () => {
    const driver = await atTwenty();
    const world: World = {
      ...worldOf(driver),
      openEvidence: async () => {
        throw new Error("the disk is full");
      },
    };
    const { code, stderr } = await run(["abort", "--concern", "compliance", "--by", "kim"], world);
    expect(code).toBe(0);
    expect(stderr).toContain("warning: the evidence was not exported: the disk is full");
  });

  it.each([
    [["rollback", "--reason", "corruption", "--by", "dana"], "corruption"],
    [["rollback", "--reason", "compliance", "--by", "dana"], "compliance"],
    [["rollback", "--reason", "customer", "--by", "dana", "--concern", "compliance"], "compliance"],
    [["rollback", "--reason", "customer", "--by", "dana"], undefined],
  ] as const)("%j", async (argv, concern) => {
    const driver = await atTwenty();
    const { code } = await run(argv, worldOf(driver));
    expect(code).toBe(0);
    const [asked] = await driver.record.requests.read(driver.rolloutId());
    expect(asked).toMatchObject({ kind: "abort" });
    expect(Object(asked).concern).toBe(concern);
    expect(driver.world.record()?.candidate === undefined).toBe(concern === undefined);
  });

  it("another word is refused", async () => {
    const { code, stderr } = await run(["abort", "--concern", "gossip"], worldOf(await atTwenty()));
    expect([code, stderr]).toEqual([2, expect.stringContaining("one of corruption, compliance")]);
  });
});

describe("a rollout that is kept", () => {
  it("status says so, for people and machines", async () => {
    const { world } = await kept("compliance");
    const { stdout } = await run(["status"], world);
    expect(stdout).toMatch(
      /kept +kept as evidence of a compliance violation: no traffic, pods and logs stay/,
    );
    expect(stdout).toMatch(/waits for +a person: traffic is off; 1\.2\.4 is kept/);
    const { json } = await run(["status", "--json"], world);
    expect(json).toMatchObject({ data: { rollout: { state: "held", kept: "compliance" } } });
  });

  it("run and a bare abort keep it: exit 22, and the hint says what lets it go", async () => {
    const { world, driver } = await kept();
    for (const argv of [["run"], ["abort"]]) {
      const { code, stderr } = await run(argv, world);
      expect(code, argv[0]).toBe(22);
      expect(stderr).toContain("`rollouts evidence release --by NAME` lets it go");
    }
    expect(driver.world.record()?.candidate).toBeDefined();
  });

  it("another version waits: nothing is written to the stack's file, and the hint says for what", async () => {
    const { world } = await kept();
    const argv = ["run", "--version", "1.2.6", "--set-config", "--json"];
    const { code, json } = await run(argv, world);
    const hint = expect.stringContaining("rollouts evidence release --by NAME");
    expect([code, json]).toMatchObject([23, { error: { code: "rollout-in-flight", hint } }]);
  });

  it("release goes the rest of the way: exit 0, the candidate is gone, and who did it is written", async () => {
    const { world, driver } = await kept();
    const { code, stdout } = await run(
      ["evidence", "release", "--by", "sam", "--reason", "case closed"],
      world,
    );
    expect(code).toBe(0);
    expect(stdout).toContain("1.2.4 reverted");
    expect(driver.world.record()?.candidate).toBeUndefined();
    const said = driver.entries().map(({ data }) => Object(data["decision"]).message);
    expect(said).toContain("released by sam: case closed");
  });

  it.each([
    ["without a name", ["evidence", "release"], "--by"],
    ["with a folder", ["evidence", "release", "--by", "sam", "--out", "x"], "--out"],
    ["another action", ["evidence", "burn"], "<action>"],
  ])("%s: exit 2", async (_name, argv, path) => {
    const { code, json } = await run([...argv, "--json"], worldOf(aDriver()));
    expect([code, json]).toMatchObject([2, { error: { code: "usage", path } }]);
  });

  it("nothing kept, nothing released: exit 7", async () => {
    const driver = await atTwenty();
    const world = worldOf(driver);
    const { code, json } = await run(["evidence", "release", "--by", "sam", "--json"], world);
    expect([code, json]).toMatchObject([7, { error: { code: "nothing-kept" } }]);
    expect(await driver.record.requests.read(driver.rolloutId())).toEqual([]);
  });
});

describe("evidence export", () => {
  it("writes every file with its hash, the journal byte by byte, and no secret", async () => {
    const { world, driver, folder } = await kept();
    const out = join(dir, "case");
    const { code, json } = await run(["evidence", "export", "--out", out, "--json"], world);
    expect([code, json]).toMatchObject([0, { data: { path: out } }]);
    const manifest = await manifestIn(out);
    const names = manifest.files.map(({ name }) => name);
    expect(names).toEqual([
      "candidate/logs/web-canary-1/web.log",
      "candidate/pods.json",
      "evidence.json",
      "journal.jsonl",
      "messages.json",
      "metrics.json",
      "plan.json",
      "report.md",
      "verify.json",
    ]);
    for (const { name, bytes, sha256 } of manifest.files) {
      const content = await readFile(join(out, name));
      expect([name, content.length]).toEqual([name, bytes]);
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
      expect(content.includes(secret), name).toBe(false);
      expect((await stat(join(out, name))).mode & 0o077, name).toBe(0);
    }
    const journal = await readFile(join(out, "journal.jsonl"));
    expect(journal.equals(await driver.record.journal.bytes())).toBe(true);
    expect(verifyJournal(journal, { name: memoryJournal }).status).toBe("verified");
    expect(await readFile(join(out, "candidate/logs/web-canary-1/web.log"), "utf8")).toBe(
      "token [secret] was refused\n",
    );
    const metrics = JSON.parse(await readFile(join(out, "metrics.json"), "utf8"));
    expect(metrics).toMatchObject({
      source: "memory",
      status: "value",
      candidate: { bins: expect.any(Array) },
    });
    expect(await readdir(join(dir, "evidence"))).toEqual([driver.rolloutId()]);
    expect(await manifestIn(folder)).toMatchObject({ rolloutId: driver.rolloutId() });
  });

  it("what can't be read is listed: exit 1, and everything else is there", async () => {
    const { world, driver } = await kept();
    const problems = ["Could not read candidate/logs/web-canary-1/web.log: HTTP 403 Forbidden."];
    const files = collected.files.slice(0, 1);
    driver.world.knobs.metricsDown = () => true;
    const out = join(dir, "case");
    const broken = worldOf(driver, { candidate: aCandidate({ files, problems }) });
    const { code, json, stdout } = await run(["evidence", "export", "--out", out, "--json"], broken);
    expect(code).toBe(1);
    expect(json).toMatchObject({ ok: false, error: { code: "bundle-incomplete" }, data: { path: out } });
    const manifest = await manifestIn(out);
    expect(manifest.problems).toEqual(["metrics.json: memory: HTTP 503", ...problems]);
    expect(manifest.files.map(({ name }) => name)).toContain("candidate/pods.json");
    expect(manifest.files.map(({ name }) => name)).not.toContain("metrics.json");
    expect(stdout).toContain("HTTP 403");
    expect(world).toBeDefined();
  });

  it("a place without pods is a note, no failure", async () => {
    const none = "candidate: app-service-slot has no pods and logs that could be read here";
    const { folder, abort, world } = await kept("corruption", { candidate: "none", notes: [none] });
    expect(abort.stderr).toContain(none);
    expect(await manifestIn(folder)).toMatchObject({ problems: [], notes: [none] });
    expect((await run(["evidence", "export"], world)).code).toBe(0);
  });

  it("a journal that isn't what was written is exported as it is, and a problem", async () => {
    const { driver, world } = await kept();
    const bytes = await driver.record.journal.bytes();
    const forged = new TextEncoder().encode(
      new TextDecoder().decode(bytes).replace("wrong ids", "wrong IDs"),
    );
    const record = { ...driver.record, journal: { ...driver.record.journal, bytes: async () => forged } };
    const out = join(dir, "case");
    const { code } = await run(["evidence", "export", "--out", out], {
      ...world,
      openRecord: async () => record,
    });
    expect(code).toBe(1);
    expect((await manifestIn(out)).problems).toEqual([expect.stringContaining("is not what was written")]);
    expect((await readFile(join(out, "journal.jsonl"))).equals(forged)).toBe(true);
  });

  it("after the release the pods are gone: a note, and the bundle that has them stays", async () => {
    const { world, folder, driver } = await kept();
    const before = await manifestIn(folder);
    await run(["evidence", "release", "--by", "sam"], world);
    const { code, json } = await run(["evidence", "export", "--json"], world);
    expect(code).toBe(0);
    const { earlier } = json["data"] as { earlier: string };
    expect(await manifestIn(earlier)).toEqual(before);
    expect(await readdir(join(earlier, "candidate", "logs"))).toEqual(["web-canary-1"]);
    const now = await manifestIn(folder);
    expect(now.notes).toEqual(["candidate: the rollout is over (reverted), it is gone"]);
    expect((await readdir(join(dir, "evidence"))).sort()).toEqual(
      [driver.rolloutId(), earlier.split("/").at(-1)].sort(),
    );
  });

  it.each([
    ["files of somebody", async (out: string) => writeFile(join(out, "notes.txt"), "mine")],
    [
      "another rollout's bundle",
      async (out: string) =>
        writeFile(
          join(out, "manifest.json"),
          JSON.stringify({
            kind: "rollouts-evidence",
            rolloutId: "other",
            exportedAt: "2026-01-01T00:00:00.000Z",
          }),
        ),
    ],
  ])("%s are never written over: exit 2", async (_name, fill) => {
    const { world } = await kept();
    const out = join(dir, "case");
    await mkdir(out);
    await fill(out);
    const before = await readdir(out);
    const { code, json } = await run(["evidence", "export", "--out", out, "--json"], world);
    expect([code, json]).toMatchObject([2, { error: { code: "not-a-bundle", path: "--out" } }]);
    expect(await readdir(out)).toEqual(before);
    expect((await readdir(dir)).sort()).toEqual(["case", "evidence"]);
  });

  it("of a stack without a rollout: exit 7", async () => {
    const { code, json } = await run(["evidence", "export", "--json"], worldOf(aDriver()));
    expect([code, json]).toMatchObject([7, { error: { code: "no-rollout" } }]);
  });

  it("of a rollout that is watched: as it is now, with its notes", async () => {
    const driver = await atTwenty();
    const { code, stdout } = await run(["evidence", "export"], worldOf(driver));
    expect(code).toBe(0);
    expect(stdout).toContain("note      candidate: as it was in held");
    expect(stdout).toContain("note      report.md: no message tells of a way back");
  });
});
