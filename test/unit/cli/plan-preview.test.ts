import { describe, expect, it } from "vitest";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const plan = (driver: ReturnType<typeof aDriver>, ...argv: readonly string[]) =>
  cli(["plan", "--stack", "prod", "--preview", ...argv], { world: aWorld(driver, aStackConfig()) });

const jump = { policy: "exposure-steps", message: "exposure goes from 0 % to 50 %. Write: 5." };
const advice = {
  policy: "digest-images",
  level: "advisory",
  message: "an image has no digest. Pin it.",
} as const;

describe("plan --preview", () => {
  it("previews the next step, writes nothing, and says that every guardrail holds", async () => {
    const driver = aDriver();
    const { code, stdout, json } = await plan(driver);
    expect(code).toBe(0);
    expect(stdout).toContain("preview of 5:");
    expect(stdout).toContain("every guardrail holds");
    expect(json).toEqual({});
    expect(driver.world.calls).toEqual([]);
    expect(driver.entries()).toEqual([]);
  });

  it("ends with 5 where a mandatory rule finds something, and names it with its resource", async () => {
    const driver = aDriver();
    const urn = "urn:pulumi:prod::atp::rollouts:index:CanaryDeployment::atp-ingestion";
    driver.world.knobs.violations.push({ ...jump, level: "mandatory", urn } as never, advice);
    const { code, stdout } = await plan(driver);
    expect(code).toBe(5);
    expect(stdout).toContain("✗ exposure-steps on atp-ingestion: exposure goes from 0 % to 50 %. Write: 5.");
    expect(stdout).toContain("! digest-images: an image has no digest. Pin it.");
    const { json } = await plan(driver, "--json");
    expect(json).toMatchObject({ ok: false, error: { code: "policy-violated" } });
  });

  it("lets advice pass", async () => {
    const driver = aDriver();
    driver.world.knobs.violations.push(advice);
    const { code, json } = await plan(driver, "--json");
    expect(code).toBe(0);
    expect(json["data"]).toMatchObject({ preview: { step: "5", violations: [advice] } });
  });

  it("previews the step behind the one that a rollout has reached", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const { json } = await plan(driver, "--json");
    expect(json["data"]).toMatchObject({ preview: { step: "20" } });
  });
});

describe("a rollout", () => {
  it("keeps the guardrails' advice in its journal, each thing once", async () => {
    const driver = aDriver();
    driver.world.knobs.violations.push(advice);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    const said = driver.entries().filter(({ data }) => data["advice"] !== undefined);
    expect(said.map(({ data }) => data["advice"])).toEqual([
      [{ policy: "digest-images", message: "an image has no digest. Pin it." }],
    ]);
  });
});
