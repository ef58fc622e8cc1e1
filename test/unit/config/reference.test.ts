import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderReference } from "../../../src/config/reference.ts";
import { rolloutJsonSchema, writtenSchema } from "../../../src/config/schema.ts";
import { stableJson } from "../../../src/lib/stable-json.ts";

const root = join(import.meta.dirname, "../../..");

describe("what is generated from the schema", () => {
  it("docs/configuration.md is the reference, to the letter (renew with -u)", async () => {
    await expect(renderReference()).toMatchFileSnapshot(join(root, "docs/configuration.md"));
  });

  it("the JSON schema is stable: editors and pipelines depend on it (renew with -u)", async () => {
    const text = `${stableJson(rolloutJsonSchema(), 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, "rollout-schema.golden"));
  });

  it("every key of the JSON schema has a description", () => {
    const bare: string[] = [];
    const walk = (node: unknown, path: string) => {
      if (typeof node !== "object" || node === null) return;
      const { properties = {}, ...rest } = node as {
        properties?: Record<string, { description?: string; type?: string }>;
      };
      for (const [name, member] of Object.entries(properties)) {
        // A section speaks by its keys; the one member of an encrypted value is Pulumi's.
        const speaks = member.description !== undefined || member.type === "object" || name === "secure";
        if (!speaks) bare.push(`${path}.${name}`);
        walk(member, `${path}.${name}`);
      }
      for (const [name, member] of Object.entries(rest)) walk(member, `${path}/${name}`);
    };
    walk(rolloutJsonSchema(), "");
    expect(bare).toEqual([]);
  });

  it("the reference has a row for every section of the schema", () => {
    const text = renderReference();
    const missing = Object.keys(writtenSchema.shape).filter(
      (name) => !text.includes(`\`${name}\``) && !text.includes(`\`${name}.`),
    );
    expect(missing).toEqual([]);
  });

  it("the example of the reference is a config without an issue", async () => {
    const { parse } = await import("yaml");
    const { normalizeConfig } = await import("../../../src/config/normalize.ts");
    const example = /```yaml\n([\s\S]*?)```/.exec(renderReference())?.[1] ?? "";
    const written = parse(example).config["atp:rollout"];
    expect(normalizeConfig({ written, stack: "prod" })).toHaveProperty("policy.increments.1.exposure", 40);
  });
});
