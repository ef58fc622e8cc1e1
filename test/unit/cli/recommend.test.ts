import { describe, expect, it } from "vitest";
import { changeKinds, environmentNames } from "../../../src/plan/matrix.ts";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const golden = (name: string) => `../../golden/recommend-${name}.txt`;
const stackOf = (policy: Parameters<typeof aStackConfig>[0]) => aWorld(aDriver(), aStackConfig(policy));

describe("recommend", () => {
  it("without options prints the guide's two tables", async () => {
    const { code, stdout } = await cli(["recommend"]);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(golden("matrix"));
  });

  it.each(changeKinds)("--change %s: every environment", async (change) => {
    const { stdout } = await cli(["recommend", "--change", change]);
    await expect(stdout).toMatchFileSnapshot(golden(change));
  });

  it.each(changeKinds)("--change %s --stack prod: in full", async (change) => {
    const { stdout } = await cli(["recommend", "--change", change, "--stack", "prod"], {
      world: stackOf({}),
    });
    await expect(stdout).toMatchFileSnapshot(golden(`prod-${change}`));
  });

  it.each([
    ["development", "dev", "direct"],
    ["test", "test", "rolling"],
    ["staging", "staging", "blue-green"],
    ["production", "prod", "canary"],
    ["hotfix", "prod", "direct"],
  ] as const)(
    "a stack of the preset %s is %s, with %s as its own strategy",
    async (preset, environment, strategy) => {
      const { json } = await cli(["recommend", "--stack", "x", "--json"], { world: stackOf({ preset }) });
      expect(json).toMatchObject({ ok: true, command: "recommend", data: { environment, strategy } });
    },
  );

  it("--json carries the tables, each environment, or the one recommendation", async () => {
    const whole = await cli(["recommend", "--json"]);
    expect(Object.keys(Object(whole.json["data"]).matrix)).toEqual(changeKinds);
    const across = await cli(["recommend", "--change", "bug-fix", "--json"]);
    const all: { environment: string }[] = Object(across.json["data"]).recommendations;
    expect(all.map(({ environment }) => environment)).toEqual(environmentNames);
  });

  it("a strategy in the stack's config overrides, with that as the reason", async () => {
    const world = stackOf({ strategy: "rolling", origins: { strategy: "config" } });
    const { json } = await cli(["recommend", "--stack", "prod", "--change", "new-feature", "--json"], {
      world,
    });
    expect(json["data"]).toMatchObject({
      strategy: "rolling",
      overridden: { strategy: "canary", reason: "Pulumi.prod.yaml sets it" },
    });
  });

  it("tells approvals that the config sets against the table", async () => {
    const world = stackOf({
      approvals: { required: 3, cab: true, expedited: false },
      origins: { "approvals.required": "config" },
    });
    const { stdout } = await cli(["recommend", "--stack", "prod"], { world });
    expect(stdout).toContain(
      "Pulumi.prod.yaml sets the approvals of its rollouts against the table: 3 approvers + CAB",
    );
    const { stdout: plain } = await cli(["recommend", "--stack", "prod"], { world: stackOf({}) });
    expect(plain).not.toContain("note");
  });

  it("--strategy needs a reason, which is printed", async () => {
    const args = ["recommend", "--change", "major-version", "--strategy", "canary"];
    const refused = await cli([...args, "--json"]);
    expect(refused).toMatchObject({ code: 2, json: { error: { code: "usage", path: "--reason" } } });
    const { stdout } = await cli([...args, "--reason", "schema unchanged"]);
    expect(stdout).toContain("Canary Deployment instead of Blue-Green Swap: schema unchanged");
  });

  it("refuses a change that the matrix doesn't have", async () => {
    const { code, json } = await cli(["recommend", "--change", "tweak", "--json"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "usage", path: "--change" } });
  });
});
