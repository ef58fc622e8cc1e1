import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { normalizeConfig } from "../../../src/config/normalize.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Rollout configs in the pages and examples: whole ones, and those that a page shows by themselves. */
const configs = globSync("{README.md,docs/*.md}", { cwd: root }).flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block = ""], index) => {
    const found: unknown = parse(block);
    const all = { ...Object(found), ...Object(Object(found).config) } as Record<string, unknown>;
    const key = Object.keys(all).find((name) => name.endsWith(":rollout"));
    return key === undefined ? [] : [{ where: `${page} #${index + 1}`, written: all[key] }];
  });
});

describe("configs that the pages show", () => {
  it("are there", () => {
    expect(configs.length).toBeGreaterThan(4);
  });

  // README's is cut short on purpose: it says where the rest is.
  it.each(configs.filter(({ where }) => !where.startsWith("README")))("$where is valid", ({ written }) => {
    expect(normalizeConfig({ written, stack: "prod" })).not.toHaveProperty("issues");
  });
});
