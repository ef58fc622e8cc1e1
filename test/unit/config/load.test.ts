import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadStackConfig } from "../../../src/config/load.ts";
import { RolloutError, toExitCode } from "../../../src/errors/errors.ts";

const root = join(import.meta.dirname, "../../..");
const projectFile = "name: shop\nmain: program.ts\nruntime: nodejs\n";
const devFile = "config:\n  shop:version: 1.2.3\n  shop:rollout: { preset: development, service: cart }\n";

/** A project in memory: file contents by name. */
function load(files: Readonly<Record<string, string>>, stack = "dev") {
  return loadStackConfig({
    projectDir: "/shop",
    stack,
    readFile: async (path) => {
      const content = files[path.replace("/shop/", "")];
      if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return content;
    },
    listDir: async () => Object.keys(files),
  });
}

async function failure(promise: Promise<unknown>): Promise<RolloutError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RolloutError)) throw new Error(`no RolloutError but ${String(error)}`);
  return error;
}

describe("the stacks of this repository", () => {
  it.each([
    ["prod", "production", "canary"],
    ["staging", "staging", "blue-green"],
    ["test", "test", "rolling"],
    ["dev", "development", "direct"],
  ])("Pulumi.%s.yaml loads without an issue", async (stack, preset, strategy) => {
    const config = await loadStackConfig({ projectDir: root, stack });
    expect(config).toMatchObject({ project: "atp", main: "src/program/index.ts", version: "1.2.4" });
    expect(config.policy).toMatchObject({ preset, strategy, service: "atp-ingestion" });
  });

  it("prod is the guide's rollout on real ports", async () => {
    const { policy } = await loadStackConfig({ projectDir: root, stack: "prod" });
    expect(policy.increments.map(({ exposure }) => exposure)).toEqual([5, 20, 50, 100]);
    expect(policy.metrics).toMatchObject({
      kind: "prometheus",
      cohort: { label: "version", stable: "stable", candidate: "canary" },
    });
    expect(policy.lever).toMatchObject({ kind: "http-route", namespace: "atp-prod" });
    expect(policy.record).toMatchObject({ kind: "file", dir: ".rollouts" });
  });

  it("is fast enough for plan: at most 20 times what parsing its files takes, best of ten each", async () => {
    const best = async (work: () => unknown) => {
      const times: number[] = [];
      for (let run = 0; run < 10; run += 1) {
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    const files = ["Pulumi.yaml", "Pulumi.prod.yaml"].map((name) => join(root, name));
    const parsed = await best(() => files.map((file) => parse(readFileSync(file, "utf8"))));
    const loaded = await best(() => loadStackConfig({ projectDir: root, stack: "prod" }));
    expect(loaded / parsed).toBeLessThan(20);
  });
});

describe("loadStackConfig", () => {
  it("reads version and step; a step may be a number, and the stack fully qualified", async () => {
    const files = { "Pulumi.yaml": projectFile, "Pulumi.dev.yaml": `${devFile}  shop:step: 20\n` };
    const config = await load(files, "org/shop/dev");
    expect(config).toMatchObject({ project: "shop", main: "program.ts", version: "1.2.3", step: "20" });
    expect(config.rollout).toEqual({ preset: "development", service: "cart" });
  });

  it("leaves version and step out where they are not written, and follows stackConfigDir", async () => {
    const files = {
      "Pulumi.yaml": `${projectFile}stackConfigDir: stacks\n`,
      "stacks/Pulumi.dev.yaml": "config: { shop:rollout: { preset: development, service: cart } }",
    };
    const config = await load(files);
    expect(config).not.toHaveProperty("version");
    expect(config).not.toHaveProperty("step");
  });

  it.each([
    { why: "no project", files: {}, code: "config-missing", paths: ["/shop/Pulumi.yaml"], hint: "--project" },
    {
      why: "no such stack: the others are listed",
      files: { "Pulumi.yaml": projectFile, "Pulumi.prod.yaml": "", "Pulumi.test.yaml": "", "readme.md": "" },
      code: "config-missing",
      paths: ["/shop/Pulumi.dev.yaml"],
      hint: "prod, test.",
    },
    {
      why: "no stack at all",
      files: { "Pulumi.yaml": projectFile },
      code: "config-missing",
      paths: ["/shop/Pulumi.dev.yaml"],
      hint: "No stack has a file here",
    },
    {
      why: "neither name nor main",
      files: { "Pulumi.yaml": "runtime: nodejs\n" },
      code: "config-invalid",
      paths: ["Pulumi.yaml: name", "Pulumi.yaml: main"],
      hint: "name: atp",
    },
    {
      why: "no main",
      files: { "Pulumi.yaml": "name: shop\n" },
      code: "config-invalid",
      paths: ["Pulumi.yaml: main"],
      hint: "rolloutProgram",
    },
    {
      why: "a list for a file",
      files: { "Pulumi.yaml": "- a\n- b\n" },
      code: "config-syntax",
      paths: ["Pulumi.yaml"],
      hint: "key: value",
    },
    {
      why: "broken YAML, with its line",
      files: {
        "Pulumi.yaml": projectFile,
        "Pulumi.dev.yaml": "config:\n  shop:version: [1.2.3\n  shop:rollout: {}\n",
      },
      code: "config-syntax",
      paths: [expect.stringMatching(/^Pulumi\.dev\.yaml:\d+:\d+$/)],
      hint: "indentation",
    },
    {
      why: "a key twice",
      files: { "Pulumi.yaml": projectFile, "Pulumi.dev.yaml": `${devFile}  shop:version: 1.2.4\n` },
      code: "config-syntax",
      paths: ["Pulumi.dev.yaml:4:3"],
      hint: "Keep one of the two",
    },
    {
      why: "a stack file without the rollout",
      files: { "Pulumi.yaml": projectFile, "Pulumi.dev.yaml": "" },
      code: "config-invalid",
      paths: ["rollout"],
      hint: "Pulumi.dev.yaml",
    },
    {
      why: "config that is no object",
      files: { "Pulumi.yaml": projectFile, "Pulumi.dev.yaml": "config: [a]" },
      code: "config-invalid",
      paths: ["Pulumi.dev.yaml: config"],
      hint: "Indent",
    },
    {
      why: "a version that YAML made a number (1.20 would be 1.2), an encrypted step and a broken rollout, at once",
      files: {
        "Pulumi.yaml": projectFile,
        "Pulumi.dev.yaml":
          "config:\n  shop:version: 1.20\n  shop:step: { secure: v1:planted }\n  shop:rollout: { preset: dev, service: cart }\n",
      },
      code: "config-invalid",
      paths: ["Pulumi.dev.yaml: shop:version", "Pulumi.dev.yaml: shop:step", "rollout.preset"],
      hint: "Quote it",
    },
  ])("refuses with exit 2: $why", async ({ files, code, paths, hint }) => {
    const error = await failure(load(files));
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(error.issues.map(({ path }) => path)).toEqual(paths);
    expect(toExitCode(error)).toBe(2);
    expect(JSON.stringify([error.message, error.issues])).not.toContain("planted");
  });

  it.each([
    ["nested on one line", "config:\n  shop:token: planted-hunter22: [\n"],
    ["a secret that begins with a star", "config:\n  shop:token: *planted-hunter22\n"],
    ["an unclosed quote", "config:\n  shop:token: 'planted-hunter22\n"],
    ["an alias inside itself", "config: &planted [*planted]\n"],
    ["two documents in one file", `${devFile}---\nshop:token: planted\n`],
  ])("a syntax error shows nothing of the file, which may hold a secret: %s", async (_, stackFile) => {
    const error = await failure(load({ "Pulumi.yaml": projectFile, "Pulumi.dev.yaml": stackFile }));
    expect(error).toMatchObject({ code: "config-syntax", exit: "config" });
    expect(error.issues[0]?.path).toContain("Pulumi.dev.yaml");
    expect(JSON.stringify([error.message, error.issues])).not.toContain("planted");
  });

  it("says why a file that is there can't be read", async () => {
    const denied = Object.assign(new Error("permission denied"), { code: "EACCES" });
    const error = await failure(
      loadStackConfig({
        projectDir: "/shop",
        stack: "dev",
        readFile: () => Promise.reject(denied),
        listDir: async () => [],
      }),
    );
    expect(error.message).toContain("permission denied");
  });
});
