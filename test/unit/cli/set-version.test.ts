import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { realWorld } from "../../../src/cli/compose/world.ts";
import { withVersion } from "../../../src/cli/set-version.ts";
import { aDriver } from "../../support/drive.ts";
import { aWorld, cli } from "./harness.ts";

const before = `# production
config:
  atp:version: 1.2.3 # what should run
  atp:rollout:   # two approvers
    preset: development
    service: atp-ingestion
    notify: [ {kind: log} ]
`;

describe("withVersion", () => {
  const cases = [
    {
      why: "only the value changes",
      text: before,
      version: "1.2.4",
      expected: before.replace("1.2.3", "1.2.4"),
    },
    {
      why: "a version that YAML would take for a number is quoted",
      text: before,
      version: "1.20",
      expected: before.replace("1.2.3", '"1.20"'),
    },
    {
      why: "a quoted value is replaced with its quotes",
      text: 'config:\n  atp:version: "1.0" # x\n',
      version: "2.0.1",
      expected: "config:\n  atp:version: 2.0.1 # x\n",
    },
    {
      why: "a missing key is added",
      text: "config:\n  atp:a: 1 # one\n",
      version: "1.0.0",
      expected: "config:\n  atp:a: 1 # one\n  atp:version: 1.0.0\n",
    },
    {
      why: "an empty file gets both",
      text: "",
      version: "1.0.0",
      expected: "config:\n  atp:version: 1.0.0\n",
    },
  ];
  it.each(cases)("$why", ({ text, version, expected }) => {
    expect(withVersion(text, "atp:version", version)).toBe(expected);
  });
});

describe("run --set-config", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it.each([".", "stacks"])(
    "writes the file in %s, comments kept, nothing left beside it",
    async (configDir) => {
      const dir = mkdtempSync(join(tmpdir(), "rollouts-cli-"));
      folders.push(dir);
      const { mkdirSync } = await import("node:fs");
      mkdirSync(join(dir, configDir), { recursive: true });
      writeFileSync(
        join(dir, "Pulumi.yaml"),
        `name: atp\nmain: main.ts\nruntime: nodejs\nstackConfigDir: ${configDir}\n`,
      );
      writeFileSync(join(dir, configDir, "Pulumi.dev.yaml"), before);
      const world = { ...aWorld(aDriver()), loadConfig: realWorld.loadConfig };
      const argv = ["run", "--stack", "dev", "--version", "1.2.4", "--set-config"];
      const { code, stderr } = await cli(argv, { world, cwd: dir });
      expect(code).toBe(0);
      expect(readFileSync(join(dir, configDir, "Pulumi.dev.yaml"), "utf8")).toBe(
        before.replace("1.2.3", "1.2.4"),
      );
      expect(stderr).toContain("atp:version is 1.2.4 now (was 1.2.3)");
      expect(readdirSync(join(dir, configDir)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
  );
});
