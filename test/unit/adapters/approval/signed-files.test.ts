import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApprovals } from "../../../../src/adapters/approval/open.ts";
import { createSignedFiles } from "../../../../src/adapters/approval/signed-files.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";
import { signatory, writeApproval } from "../../../support/signed-approvals.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollouts-signed-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const query = { planHash: "4".repeat(64), version: "1.2.4", from: "1.2.3" };
const source = (tag?: string) =>
  createSignedFiles({
    config: { kind: "signed-files", dir: join(dir, "approvals"), ...(tag === undefined ? {} : { tag }) },
    projectDir: dir,
  });

describe("the folder", () => {
  it("is listed in order, with bytes as they stand; other files are none", async () => {
    await mkdir(join(dir, "approvals"));
    const subject = { stack: "prod", version: "1.2.4", planHash: query.planHash, at: "2026-01-15T09:30:00Z" };
    for (const person of ["erin", "dana"]) {
      await writeApproval(join(dir, "approvals"), signatory(person), { ...subject, by: person });
    }
    await writeFile(join(dir, "approvals", "README.md"), "x");
    await writeFile(join(dir, "approvals", ".hidden.json"), "{}");
    const answer = await source().list(query);
    expect(answer).toMatchObject({ approvals: [{ where: "dana.json" }, { where: "erin.json" }] });
    expect(answer).not.toHaveProperty("authors");
  });

  it("an approval without a signature, or far too long, is listed and will be refused", async () => {
    await mkdir(join(dir, "approvals"));
    await writeFile(join(dir, "approvals", "a.json"), "{}");
    await writeFile(join(dir, "approvals", "b.json"), "x".repeat(70_000));
    const approvals = [{ signature: "" }, { text: "", signature: "" }];
    expect(await source().list(query)).toMatchObject({ status: "value", approvals });
  });

  it.each([
    ["isn't there", async () => {}, /ENOENT/],
    ["is a file", () => writeFile(join(dir, "approvals"), ""), /ENOTDIR/],
    [
      "holds a folder of that name",
      () => mkdir(join(dir, "approvals", "a.json"), { recursive: true }),
      /a\.json can't be read: EISDIR/,
    ],
  ])("is an error where it %s", async (_, prepare, message) => {
    await prepare();
    expect(await source().list(query)).toMatchObject({
      status: "error",
      message: expect.stringMatching(message),
    });
  });

  it("is the project's where config names it relatively", async () => {
    await mkdir(join(dir, "approvals"));
    const config = { kind: "signed-files" as const, dir: "approvals" };
    const opened = await openApprovals({ config, projectDir: dir, runtime: createMemoryRuntime().runtime });
    expect(await opened.list(query)).toMatchObject({ status: "value" });
  });
});

describe("authors by the local history", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", dir, "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", ...args], {
      env: {
        PATH: process.env["PATH"],
        GIT_CONFIG_NOSYSTEM: "1",
        HOME: dir,
        GIT_COMMITTER_NAME: "Kim",
        GIT_COMMITTER_EMAIL: "kim@atp.example",
      },
    });
  const commit = (mail: string, message: string) =>
    git("commit", "-q", "--allow-empty", `--author=X <${mail}>`, "-m", message);

  beforeEach(async () => {
    await mkdir(join(dir, "approvals"));
    git("init", "-q");
    commit("zoe@atp.example", "before");
    git("tag", "v1.2.3");
    commit("alice@atp.example", "a\n\nCo-authored-by: Cy <cy@atp.example>");
    commit("bob@atp.example", "b");
    git("tag", "v1.2.4");
    commit("late@atp.example", "after");
  });

  it("are those between the tags, with committers and co-authors", async () => {
    const answer = await source("v{version}").list(query);
    const ids = new Set(answer.status === "value" ? answer.authors?.map(({ id }) => id) : []);
    expect(ids).toEqual(new Set(["alice", "bob", "cy", "kim"].map((name) => `${name}@atp.example`)));
  });

  it("are none going back to an older version, and unknown where nothing tells what is in service", async () => {
    expect(await source("v{version}").list({ ...query, version: "1.2.3", from: "1.2.4" })).toMatchObject({
      authors: [],
    });
    const { from: _from, ...rest } = query;
    expect(await source("v{version}").list(rest)).not.toHaveProperty("authors");
  });

  it.each([
    ["a tag that isn't there", "release-{version}"],
    ["a tag that looks like an option", "--all{version}"],
  ])("%s is an error", async (_, tag) => {
    const answer = await source(tag).list(query);
    expect(answer).toMatchObject({ status: "error", message: expect.stringMatching(/can't be read: .+/) });
  });
});
