import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failed, onBudget } from "../../support/budget-world.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

/** The command line of a stack that promises 99.9 %, so many requests of its budget failed. */
function aStack(bad: number) {
  const world = onBudget();
  world.spend(bad);
  const { deps } = world;
  const outside = aWorld(
    { ...world, deps: { ...deps, start: world.start, totals: world.totals } },
    aStackConfig(deps.policy),
  );
  const call = (argv: readonly string[]) => cli([...argv, "--stack", "prod"], { world: outside });
  return { ...world, call };
}

const p0 = ["--priority", "p0", "--incident", "INC-7"];

describe("run --priority and --incident", () => {
  it("are in the plan that people approve, and let it start on a frozen budget", async () => {
    const { call, plan, start, agree, run } = aStack(failed.justBelow0);
    const refused = await call(["run"]);
    expect(refused.code).toBe(23);
    expect(refused.stdout).toContain(
      "blocked, nothing was touched: error budget of the last 30 days: overdrawn",
    );
    expect((await call(["run", ...p0])).code).toBe(23);
    expect(plan().budget).toEqual({ band: "freeze", priority: "p0", incident: "INC-7" });
    expect(start.approvals).toHaveLength(1);
    agree(await run({ priority: "p0", incident: "INC-7" }), ["dana", "eve", "kim"]);
    const { code, stderr } = await call(["run", ...p0, "--until", "5"]);
    expect(code).toBe(22);
    expect(stderr).toContain("canary 2 → 20 → 50 → 100 %");
    expect(stderr).toMatch(/budget .*overridden as p0 for the incident INC-7/);
  });

  it("docs/budget.md shows what is printed", async () => {
    const { stderr } = await aStack(failed.exactly50).call(["run"]);
    const printed = stderr.split("\n").filter((line) => /○ (begin|budget)/.test(line));
    expect(printed).toHaveLength(2);
    const page = readFileSync(new URL("../../../docs/budget.md", import.meta.url), "utf8");
    expect(page).toContain(`\`\`\`\n${printed.join("\n")}\n\`\`\``);
  });

  it("say what is left where it goes as planned", async () => {
    const { stderr } = await aStack(0).call(["step"]);
    expect(stderr).toMatch(/budget .*100 % is left \(safe; 0 failed, 12,960 may\)/);
  });

  it.each([
    [["--priority", "urgent"], "--priority"],
    [["--incident", "INC-7"], "--priority"],
    [["--priority", "p0", "--incident", " "], "--incident"],
  ])("%j is refused, with exit 2", async (options, path) => {
    const { call, entries } = aStack(0);
    const { code, json } = await call(["run", "--json", ...options]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "usage", path } });
    expect(entries()).toEqual([]);
  });

  it("an unknown priority is told the known ones", async () => {
    const { stderr } = await aStack(0).call(["run", "--priority", "urgent"]);
    expect(stderr).toContain("one of normal, reliability, security, hotfix, critical, p0");
  });

  it("in flight: the same goes on, another one is refused, and none is asked for", async () => {
    const { call, agree, run } = aStack(failed.justBelow0);
    agree(await run({ priority: "p0", incident: "INC-7" }), ["dana", "eve", "kim"]);
    expect((await call(["run", ...p0, "--until", "2", "--json"])).json).toMatchObject({
      error: { code: "usage", hint: "Steps: 5, 20, 50, 100, promote-stable, promote-switch, promote-clean." },
    });
    expect((await call(["run", ...p0, "--until", "5"])).code).toBe(22);
    for (const other of [
      ["--priority", "security"],
      ["--priority", "p0", "--incident", "INC-8"],
    ]) {
      const { code, json } = await call(["run", "--json", ...other]);
      expect(code).toBe(23);
      expect(json).toMatchObject({
        error: {
          code: "rollout-in-flight",
          message: expect.stringContaining("1.2.4 is in flight with priority p0 and incident INC-7"),
        },
      });
    }
    expect((await call(["run", ...p0, "--until", "20"])).code).toBe(22);
    expect((await call(["run"])).code).toBe(0);
  });
});

describe("plan", () => {
  const { policy } = onBudget().deps;
  const planned = async (options: readonly string[], config = aStackConfig(policy)) => {
    const world = aWorld(onBudget(), config);
    return (await cli(["plan", "--stack", "prod", ...options], { world })).stdout;
  };

  it("knows no band and says who asks", async () => {
    const text = await planned([]);
    expect(text).toMatch(/note +the error budget is asked by `run`$/m);
    expect(text).toContain("5 %");
  });

  it.each([
    ["normal", "blocks"],
    ["reliability", "doesn't block"],
  ])("--priority %s: a low budget %s it", async (priority, low) => {
    expect(await planned(["--priority", priority])).toContain(
      `less than 20 % of it ${low} the priority ${priority}`,
    );
  });

  it("says nothing of a stack that promises nothing", async () => {
    expect(await planned(["--priority", "p0"], aStackConfig())).not.toContain("error budget");
  });
});
