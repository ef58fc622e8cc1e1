import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openGuardrails } from "../../../src/cli/compose/guardrails.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollouts-guardrails-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (engineVersion = "3.274.1") => ({ projectDir: "/project", folder, engineVersion });
const read = (file: string | undefined) => JSON.parse(readFileSync(file ?? "", "utf8"));

describe("the packs of a stack", () => {
  it("are none where it has no guardrails", () => {
    expect(openGuardrails({}, at("3.100.0"))).toEqual({});
  });

  it("are ours with the stack's levels, and its own, a file of config each", () => {
    const rules = { approvals: "advisory" as const, "soak-length": { soakSeconds: 600 } };
    const guardrails = { rules, packs: ["policies/pack.ts", "/opt/pack"] };
    const { policyPacks, policyPackConfigs } = openGuardrails({ guardrails }, at());
    expect(policyPacks).toEqual([
      expect.stringMatching(/rollout-guardrails\/pack\.js$/),
      "/project/policies/pack.ts",
      "/opt/pack",
    ]);
    expect(policyPackConfigs).toHaveLength(3);
    expect(read(policyPackConfigs?.[0])).toEqual(rules);
    expect(read(policyPackConfigs?.[1])).toEqual({});
  });

  it("take what a rehearsal asks over the stack's own", () => {
    const guardrails = { rules: { "deployment-window": "mandatory" as const }, packs: [] };
    const rules = { "deployment-window": "disabled" as const };
    const { policyPackConfigs } = openGuardrails({ guardrails }, { ...at(), rules });
    expect(read(policyPackConfigs?.[0])).toEqual(rules);
  });

  it.each([
    ["3.254.9", false],
    ["3.255.0", true],
    ["4.0.0", true],
    ["2.999.0", false],
  ])("of an engine %s can be started: %s", (version, can) => {
    const open = () => openGuardrails({ guardrails: { rules: {}, packs: [] } }, at(version));
    if (can) expect(open().policyPacks).toHaveLength(1);
    else expect(open).toThrow(expect.objectContaining({ code: "engine-too-old", exit: "config" }));
  });
});
