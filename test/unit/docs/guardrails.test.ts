import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { policies } from "../../../policy-packs/rollout-guardrails/policies.ts";

const root = resolve(import.meta.dirname, "../../..");
const pack = join(root, "policy-packs/rollout-guardrails");
const read = (file: string) => readFileSync(file, "utf8");

/** Rows of the page's table: rule, level, what it asks for, parameters. */
const rows = [
  ...read(join(root, "docs/guardrails.md")).matchAll(/^\| `([a-z-]+)` \| (\w+) \| (.+?) \| (.*?)\|$/gm),
].map(([, name = "", level = "", , parameters = ""]) => ({ name, level, parameters }));

describe("docs/guardrails.md", () => {
  it("has a row for every rule, with its level, and no other", () => {
    const documented = rows.map(({ name, level }) => `${name}: ${level}`).toSorted();
    const there = policies.map(({ name, enforcementLevel }) => `${name}: ${enforcementLevel}`).toSorted();
    expect(documented).toEqual(there);
  });

  it.each(policies.map((policy) => [policy.name, policy] as const))(
    "names %s's parameters",
    (name, policy) => {
      const parameters = Object.keys(policy.configSchema?.properties ?? {});
      const row = rows.find((one) => one.name === name)?.parameters ?? "";
      expect(parameters.filter((one) => !row.includes(`\`${one}\``))).toEqual([]);
    },
  );
});

describe("the pack", () => {
  it("has one rule a file, each in the list, with a description of one sentence", () => {
    const files = globSync("policies/*.ts", { cwd: pack }).map((file) => file.slice("policies/".length, -3));
    expect(files.toSorted()).toEqual(policies.map(({ name }) => name).toSorted());
    for (const { name, description } of policies) expect(description, name).toMatch(/^[A-Z][^\n]+\.$/);
  });

  it("is made by one file alone: its constructor starts a server that never ends", () => {
    const makers = globSync("**/*.ts", { cwd: pack }).filter((file) =>
      /^import (?!type)[^;]*from "@pulumi\/policy"/m.test(read(join(pack, file))),
    );
    expect(makers).toEqual(["main.ts"]);
  });

  it("has the version of PulumiPolicy.yaml in its package.json, where an executable file's is read", () => {
    const { version } = JSON.parse(read(join(pack, "package.json")));
    expect(read(join(pack, "PulumiPolicy.yaml"))).toContain(`version: ${version}\n`);
  });
});
