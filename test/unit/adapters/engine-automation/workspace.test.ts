import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  backendFolder,
  backendUrl,
  engineAlive,
  syncProject,
  type WorkspaceOptions,
} from "../../../../src/adapters/engine/automation-workspace.ts";

let options: WorkspaceOptions;
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-work-"));
  const projectDir = join(dir, "project");
  mkdirSync(projectDir);
  const env = { PULUMI_BACKEND_URL: "" };
  options = {
    stack: "prod",
    project: "atp",
    projectDir,
    workDir: join(dir, "work"),
    pulumi: "/x/pulumi",
    env,
  };
});
afterEach(() => rmSync(join(options.projectDir, ".."), { recursive: true, force: true }));

function write(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}

function read(name: string): unknown {
  return parse(readFileSync(join(options.workDir, name), "utf8"));
}

describe("the project in the work folder", () => {
  test("keeps the user's settings, with main and a file backend where they were", async () => {
    write(
      options.projectDir,
      "Pulumi.yaml",
      "name: atp\nruntime: nodejs\nmain: src/x.ts\nbackend: { url: 'file://./state' }\n",
    );
    await syncProject(options);
    expect(read("Pulumi.yaml")).toEqual({
      name: "atp",
      runtime: "nodejs",
      main: options.projectDir,
      backend: { url: `file://${join(options.projectDir, "state")}` },
    });
  });

  test("takes today's config, and keeps the key of a stack that was made here", async () => {
    write(options.projectDir, "Pulumi.yaml", "name: atp\nruntime: nodejs\n");
    write(options.projectDir, "Pulumi.prod.yaml", "config: { 'atp:version': 1.2.3 }\n");
    write(options.workDir, "Pulumi.prod.yaml", "encryptionsalt: v1:abc\nconfig: { 'atp:version': 1.0.0 }\n");
    await syncProject(options);
    expect(read("Pulumi.prod.yaml")).toEqual({
      encryptionsalt: "v1:abc",
      config: { "atp:version": "1.2.3" },
    });
  });

  test("finds the config of a stack in a folder of its own", async () => {
    write(options.projectDir, "Pulumi.yaml", "name: atp\nruntime: nodejs\nstackConfigDir: stacks\n");
    write(join(options.projectDir, "stacks"), "Pulumi.prod.yaml", "config: { 'atp:version': 1.2.3 }\n");
    await syncProject(options);
    expect(read("Pulumi.yaml")).not.toHaveProperty("stackConfigDir");
    expect(read("Pulumi.prod.yaml")).toEqual({ config: { "atp:version": "1.2.3" } });
  });

  test("is left alone where the folder is the project's own", async () => {
    write(options.projectDir, "Pulumi.yaml", "name: atp\n");
    await syncProject({ ...options, workDir: options.projectDir });
    expect(readFileSync(join(options.projectDir, "Pulumi.yaml"), "utf8")).toBe("name: atp\n");
  });
});

describe("the backend", () => {
  test.each([
    { url: "file:///a/b", folder: "/a/b", why: "absolute" },
    { url: "file://~", folder: homedir(), why: "home" },
    { url: "file://./s", folder: "/from/s", why: "relative" },
    { url: "file:///a?no_tmp_dir=true", folder: "/a", why: "with options" },
    { url: "azblob://container", folder: undefined, why: "not on this machine" },
  ])("folder of $url: $why", ({ url, folder }) => {
    expect(backendFolder(url, "/from")).toBe(folder);
  });

  test("is the environment's, then the project's", async () => {
    write(options.projectDir, "Pulumi.yaml", "name: atp\nbackend: { url: 'azblob://c' }\n");
    expect(await backendUrl(options)).toBe("azblob://c");
    expect(await backendUrl({ ...options, env: { PULUMI_BACKEND_URL: "file:///a" } })).toBe("file:///a");
    expect(await backendUrl({ ...options, env: { PULUMI_BACKEND_URL: "file://./s" } })).toBe(
      `file://${join(options.projectDir, "s")}`,
    );
  });
});

describe.runIf(process.platform === "linux")("whether an engine lives", () => {
  test("a number that nobody has is dead, another program's too", async () => {
    expect(engineAlive(process.pid)).toBe(false);
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    expect(engineAlive(Number(child.pid))).toBe(false);
  });

  test("a program named pulumi is alive", async () => {
    const child = spawn(process.execPath, [
      "-e",
      'process.title = "pulumi"; console.log(1); setInterval(() => {}, 1e6)',
    ]);
    await once(child.stdout, "data");
    expect(engineAlive(Number(child.pid))).toBe(true);
    child.kill();
    await once(child, "exit");
  });
});
