import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { realWorld } from "../../../src/cli/compose/world.ts";
import { changeKinds } from "../../../src/plan/matrix.ts";
import { aPlan, aSnapshot } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("plan", () => {
  it("shows the production rollout of this repository, each value with its origin", async () => {
    const world = { ...realWorld, openRecord: async () => aDriver().record };
    const { code, stdout } = await cli(["plan", "--stack", "prod"], { world, cwd: root });
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot("../../golden/cli/plan-prod.txt");
  });

  it.each(["new-feature", "bug-fix", "infrastructure", "hotfix", "breaking-api"])(
    "--change %s: its strategy under prod's terms",
    async (change) => {
      const world = { ...realWorld, openRecord: async () => aDriver().record };
      const argv = ["plan", "--stack", "prod", "--change", change];
      const { code, stdout } = await cli(argv, { world, cwd: root });
      expect(code).toBe(0);
      await expect(stdout).toMatchFileSnapshot(`../../golden/cli/plan-prod-${change}.txt`);
    },
  );

  // Six kinds of changes in the guide's four environments.
  it.each(["dev", "test", "staging", "prod"])("every kind of change on %s", async (stack) => {
    const world = { ...realWorld, openRecord: async () => aDriver().record };
    const plans: string[] = [];
    for (const change of changeKinds) {
      const { code, stdout, stderr } = await cli(["plan", "--stack", stack, "--change", change], {
        world,
        cwd: root,
      });
      plans.push(
        `$ rollouts plan --stack ${stack} --change ${change}  # exit ${code}\n\n${stdout || stderr}`,
      );
    }
    await expect(plans.join("\n\n")).toMatchFileSnapshot(`../../golden/cli/plan-changes-${stack}.txt`);
  });

  it("--json carries steps, duration, hash and origins", async () => {
    const config = aStackConfig({ origins: { strategy: "preset", lookSeconds: "config" } });
    const { json } = await cli(["plan", "--stack", "prod", "--version", "1.2.4", "--json"], {
      world: aWorld(aDriver(), config),
    });
    const data = json["data"] as Record<string, unknown>;
    expect(data).toMatchObject({ from: "unknown", to: "1.2.4", duration: { minSeconds: 3630 } });
    expect(data["steps"]).toEqual(aPlan().steps);
    expect(data["origins"]).toEqual({ strategy: "preset", lookSeconds: "config" });
    expect(data["planHash"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("needs no engine: a driver is never opened", async () => {
    const world = aWorld(aDriver());
    await cli(["plan", "--stack", "prod"], { world });
    expect(world.opened).toEqual([]);
  });

  it("takes the version from the config, and refuses where there is none", async () => {
    const { version: _none, ...config } = aStackConfig();
    const { code, json } = await cli(["plan", "--stack", "prod", "--json"], {
      world: aWorld(aDriver(), config),
    });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "version-missing", path: "Pulumi.prod.yaml: atp:version" } });
  });

  const served = [
    { why: "before any rollout", prepare: async () => {}, from: "unknown", stable: undefined },
    {
      why: "after a promotion: the promoted version",
      prepare: async (driver: ReturnType<typeof aDriver>) => void (await driver.run()),
      from: "1.2.4",
      stable: aSnapshot("1.2.4").identity,
    },
    {
      why: "after a revert: the version before",
      prepare: async (driver: ReturnType<typeof aDriver>) => {
        driver.world.knobs.errorPercent = () => 5;
        await driver.run();
      },
      from: "1.2.3",
      stable: aSnapshot("1.2.3").identity,
    },
    {
      why: "in the middle: the version before",
      prepare: async (driver: ReturnType<typeof aDriver>) => void (await driver.run({ stopAfter: "20" })),
      from: "1.2.3",
      stable: aSnapshot("1.2.3").identity,
    },
  ];
  it.each(served)("knows what is in service from the journal: $why", async ({ prepare, from, stable }) => {
    const driver = aDriver();
    await prepare(driver);
    const { json } = await cli(["plan", "--stack", "prod", "--version", "1.2.5", "--json"], {
      world: aWorld(driver),
    });
    expect(json["data"]).toMatchObject({
      from,
      to: "1.2.5",
      identity: stable === undefined ? {} : { stable },
    });
  });

  it("says what stands in the way", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "20" });
    const { stdout } = await cli(["plan", "--stack", "prod", "--version", "1.2.5"], {
      world: aWorld(driver),
    });
    expect(stdout).toContain("1.2.4 is in flight (held at 20)");
  });
});
