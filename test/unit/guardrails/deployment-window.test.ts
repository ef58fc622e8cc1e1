import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deploymentWindow } from "../../../policy-packs/rollout-guardrails/policies/deployment-window.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

const type = "rollouts:index:CanaryDeployment";
let folder: ProjectFolder;
beforeEach(() => {
  folder = projectFolder();
  folder.write(validConfig);
});
afterEach(() => folder.remove());

const at = (time: string, intent: object) =>
  checkResource(
    deploymentWindow(() => Date.parse(time)),
    { type, props: { intent } },
  );
const start = { from: 0, to: 5 };

// The guide: "avoid Friday evenings!". 2026-01-16 is a Friday.
describe("deployment-window", () => {
  it.each(["2026-01-15T10:00:00Z", "2026-01-16T15:59:59Z", "2026-01-19T08:00:00Z"])(
    "lets a rollout begin on %s",
    async (time) => expect(await at(time, start)).toEqual([]),
  );

  it.each(["2026-01-16T16:00:00Z", "2026-01-17T12:00:00Z", "2026-01-19T07:59:59Z"])(
    "refuses one on %s, and says until when",
    async (time) =>
      expect(await at(time, start)).toEqual([
        "a rollout would begin outside the deployment windows, until 2026-01-19T08:00:00.000Z. Begin when they open; a hotfix is exempt: `rollouts run --change hotfix`.",
      ]),
  );

  it.each([
    ["goes on", { from: 5, to: 20 }],
    ["goes back", { from: 20, to: 0 }],
    ["is settled", { from: 0, to: 0 }],
    ["is a hotfix", { ...start, change: "hotfix" }],
  ])("has nothing against one that %s", async (_, intent) => {
    expect(await at("2026-01-17T12:00:00Z", intent)).toEqual([]);
  });

  it("judges by the stack's own rules and freezes, without their words", async () => {
    const freezes = [{ from: "2026-01-14T00:00", to: "2026-01-16T00:00", reason: "hunter2-hunter2" }];
    folder.write({ ...validConfig, windows: { rules: [], freezes } });
    const [text] = await at("2026-01-15T10:00:00Z", start);
    expect(text).toContain("until 2026-01-16T00:00:00.000Z");
    expect(text).not.toContain("hunter2");
    folder.write({ ...validConfig, windows: { rules: [] } });
    expect(await at("2026-01-17T12:00:00Z", start)).toEqual([]);
  });

  it("refuses what a preview doesn't know", async () => {
    expect(await at("2026-01-15T10:00:00Z", { from: 0, to: unknown.number })).toEqual([
      expect.stringContaining("intent.to is not known in a preview"),
    ]);
  });
});
