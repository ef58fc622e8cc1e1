import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AcquireOptions, acquireEngine, engineEnv } from "../../../../src/adapters/engine/acquire.ts";
import { type FakeMachine, fakeMachine } from "./fakes.ts";

let machine: FakeMachine;
beforeEach(() => {
  machine = fakeMachine();
  // The real go.mod may ask for a newer Go than the fake's default.
  machine.env["FAKE_GO_VERSION"] = "go1.99.0";
});
afterEach(() => machine.remove());

const offline = vi.fn(async () => {
  throw new Error("getaddrinfo ENOTFOUND");
});
const online = async (): Promise<Response> => new Response(null, { status: 200 });

const acquire = (more: Partial<AcquireOptions> & { source?: string } = {}) => {
  const { source, ...options } = more;
  const env = { ...machine.env, ...(source ? { PULUMI_ROLLOUTS_ENGINE: source } : {}) };
  return acquireEngine({ log: machine.log, env, fetch: offline, ...options });
};

const install = async (root: string): Promise<void> => {
  mkdirSync(join(root, "bin"), { recursive: true });
  for (const name of ["pulumi", "pulumi-language-nodejs"]) {
    writeFileSync(join(root, "bin", name), "#!/bin/sh\necho v3.270.0\n");
    chmodSync(join(root, "bin", name), 0o755);
  }
};

describe("where the engine comes from", () => {
  it("takes pulumi on PATH first and asks nobody", async () => {
    const pulumi = machine.script("pulumi", "echo v3.260.1");
    offline.mockClear();
    expect(await acquire()).toEqual({ pulumi, root: machine.dir, version: "3.260.1", source: "path" });
    expect(offline).not.toHaveBeenCalled();
    expect(machine.lines).toEqual([]);
  });

  it("links an engine that isn't in a folder named bin, since the SDK only takes a root", async () => {
    const folder = join(machine.dir, "opt");
    mkdirSync(folder);
    renameSync(machine.script("pulumi", "echo v3.260.1"), join(folder, "pulumi"));
    const env = { ...machine.env, PATH: folder };
    const first = await acquireEngine({ log: machine.log, env, fetch: offline });
    expect(realpathSync(join(first.root, "bin/pulumi"))).toBe(realpathSync(first.pulumi));
    expect(await acquireEngine({ log: machine.log, env, fetch: offline })).toEqual(first);
  });

  it("warns of a pulumi that can't run executable policy packs, and goes on", async () => {
    machine.script("pulumi", "echo v3.254.9");
    expect(await acquire()).toMatchObject({ version: "3.254.9", source: "path" });
    expect(machine.lines).toEqual([expect.stringContaining("policy packs")]);
  });

  it("passes over a pulumi on PATH that doesn't run", async () => {
    machine.script("pulumi", "exit 3");
    expect(await acquire()).toMatchObject({ source: "built" });
    expect(machine.lines[0]).toContain("version fails");
  });

  it("builds without a network, and finds the build again without asking", async () => {
    const first = await acquire();
    offline.mockClear();
    const second = await acquire();
    expect(first).toMatchObject({ version: "3.274.1", source: "built" });
    expect(first.languageHost).toBeUndefined();
    expect(second).toEqual(first);
    expect(machine.builds()).toBe(1);
    expect(offline).not.toHaveBeenCalled();
  });

  it("installs the official CLI where the network allows it, once", async () => {
    const fake = vi.fn(install);
    const first = await acquire({ fetch: online, install: fake });
    expect(first).toMatchObject({ version: "3.270.0", source: "installed" });
    expect(await acquire({ fetch: online, install: fake })).toEqual(first);
    expect(fake).toHaveBeenCalledTimes(1);
    expect(machine.builds()).toBe(0);
  });

  it("builds when the installer fails", async () => {
    const failing = async (): Promise<void> => {
      throw new Error("no space left");
    };
    expect(await acquire({ fetch: online, install: failing })).toMatchObject({ source: "built" });
    expect(machine.lines[1]).toContain("no space left");
  });
});

describe("a forced source", () => {
  it("build passes over PATH, the installed CLI and the network", async () => {
    machine.script("pulumi", "echo v3.260.1");
    await install(join(machine.dir, "cache/pulumi-rollouts/installed"));
    expect(await acquire({ source: "build" })).toMatchObject({ version: "3.274.1", source: "built" });
  });

  it("path fails without pulumi on PATH", async () => {
    await expect(acquire({ source: "path" })).rejects.toMatchObject({ code: "engine-not-found" });
  });

  it("install fails without a network", async () => {
    await expect(acquire({ source: "install" })).rejects.toMatchObject({
      code: "engine-install-failed",
      message: expect.stringContaining("ENOTFOUND"),
    });
    expect(machine.builds()).toBe(0);
  });

  it("anything else is a configuration error that lists the known ones", async () => {
    await expect(acquire({ source: "brew" })).rejects.toMatchObject({
      code: "engine-source-unknown",
      exit: "config",
      hint: expect.stringContaining("path, install, build"),
    });
  });
});

describe("the language host", () => {
  it("is built only when asked for", async () => {
    const engine = await acquire({ languageHost: true });
    expect(engine.languageHost).toContain("pulumi-rollouts/pulumi-language-nodejs/");
    expect(machine.builds()).toBe(2);
    expect(await acquire({ languageHost: true })).toEqual(engine);
    expect(machine.builds()).toBe(2);
  });

  it("is the one beside the engine where there is one", async () => {
    const engine = await acquire({ fetch: online, install, languageHost: true });
    expect(engine.languageHost).toBe(join(dirname(engine.pulumi), "pulumi-language-nodejs"));
    expect(machine.builds()).toBe(0);
  });
});

describe("the engine's environment", () => {
  const engine = {
    pulumi: "/e/pulumi",
    root: "/",
    languageHost: "/l/pulumi-language-nodejs",
    version: "3.274.1",
    source: "built",
  } as const;

  it("is private and offline", () => {
    expect(engineEnv(engine, { home: "/h", env: { PATH: "/usr/bin" } })).toMatchObject({
      PULUMI_HOME: "/h",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    });
  });

  it("puts plugins, engine, language host, dynamic providers and this Node.js before the PATH", () => {
    const { PATH } = engineEnv(engine, { home: "/h", env: { PATH: "/usr/bin" }, folders: ["/p"] });
    const folders = String(PATH).split(delimiter);
    expect(folders.slice(0, 3)).toEqual(["/p", "/e", "/l"]);
    expect(existsSync(join(String(folders[3]), "pulumi-resource-pulumi-nodejs"))).toBe(true);
    expect(folders[4]).toBe(dirname(process.execPath));
    expect(folders.at(-1)).toBe("/usr/bin");
    const version = execFileSync("/bin/sh", ["-c", "node --version"], { env: { PATH }, encoding: "utf8" });
    expect(version.trim()).toBe(process.version);
  });

  it("leaves Node.js alone where PATH leads to this one", () => {
    const bin = join(machine.dir, "bin");
    symlinkSync(process.execPath, join(bin, "node"));
    const { PATH } = engineEnv(engine, { home: "/h", env: { PATH: bin } });
    expect(String(PATH).split(delimiter)).toHaveLength(4);
  });
});
