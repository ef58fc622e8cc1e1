import { describe, expect, it } from "vitest";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aDriver } from "../../support/drive.ts";
import { allMet, everyItem, type Listed, startMs } from "../../support/pre-checklist-world.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

async function aStack(policy: Partial<EnvironmentPolicy> = {}) {
  const driver = await allMet(policy);
  const world = aWorld(
    driver as unknown as ReturnType<typeof aDriver>,
    aStackConfig({ ...everyItem, ...policy }),
  );
  return { driver, run: (...argv: string[]) => cli(["checklist", ...argv, "--stack", "prod"], { world }) };
}

const pre = ["--phase", "pre", "--change-request", "CHG1"];
const writesOf = ({ record }: Listed) => [record.state.entries.length, record.state.lease?.token];

describe("rollouts checklist --phase pre", () => {
  it("shows the ten items before there is a rollout; takes no lease and writes nothing", async () => {
    const { driver, run } = await aStack();
    const before = writesOf(driver);
    const shown = await run(...pre);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("atp-ingestion 1.2.4 on prod: checklist before the start");
    expect(shown.stdout).toMatch(/✓ on-call +confirmed by alice \(2026-01-15T09:00:00\.000Z\)/);
    expect(shown.stdout).toMatch(/- load-test +not applicable: no major change is named/);
    expect(shown.stdout).toContain("the checklist holds");
    expect(writesOf(driver)).toEqual(before);
    expect(driver.world.calls).toEqual([]);
  });

  it("names what is unmet with what to do: exit 23, as JSON too", async () => {
    const { driver, run } = await aStack();
    driver.record.state.requests.length = 0;
    driver.grafana.answer = { status: "error", message: "no answer within 5 s" };
    const { code, json } = await run(...pre, "--json");
    expect(code).toBe(23);
    expect(json).toMatchObject({
      ok: false,
      data: { stack: "prod", version: "1.2.4", phase: "pre", ok: false },
      error: { code: "checklist-unmet", message: "2 unmet: on-call, dashboards." },
    });
    const { items } = json["data"] as { items: { item: string; hint?: string }[] };
    expect(items).toHaveLength(10);
    expect(items.find(({ item }) => item === "on-call")?.hint).toContain(
      "rollouts checklist confirm on-call",
    );
    const text = await run(...pre);
    expect([text.code, text.stdout.match(/hint {2}/g)]).toEqual([23, ["hint  ", "hint  "]]);
  });

  it("a preview that fails: what needs the image is unmet, and the rest is shown", async () => {
    const { driver, run } = await aStack();
    Object.assign(driver.deps.engine, { preview: async () => Promise.reject(new Error("no such program")) });
    const { code, stdout, stderr } = await run(...pre);
    expect(code).toBe(23);
    expect(stdout).toContain("nobody knows which image 1.2.4 is");
    expect(stderr).toContain("no such program");
  });

  it("a stack without: exit 7, and it says how to switch it on", async () => {
    const world = aWorld(aDriver());
    const { code, stderr } = await cli(["checklist", "--phase", "pre", "--stack", "dev"], { world });
    expect([code, stderr]).toEqual([7, expect.stringContaining("checklist: {}")]);
  });

  it.each([[[]], [["confirm", "on-call", "--phase", "pre"]], [["check"]]])("%j is refused", async (argv) => {
    const { run } = await aStack();
    expect((await run(...argv)).code).toBe(2);
  });
});

describe("rollouts checklist confirm", () => {
  it("writes a person's word for the version of the config; the next list has it", async () => {
    const { driver, run } = await aStack();
    driver.record.state.requests.length = 0;
    const said = await run("confirm", "on-call", "--by", "@bob", "--note", "until six");
    expect([said.code, said.stdout]).toEqual([0, "on-call of 1.2.4 is confirmed by @bob: until six.\n"]);
    expect(driver.record.state.requests).toMatchObject([
      { kind: "confirm", item: "on-call", by: "@bob", reason: "until six", rolloutId: "checklist:1.2.4" },
    ]);
    await run("confirm", "channel", "--by", "dana", "--version", "1.2.5", "--json");
    expect(driver.record.state.requests[1]).toMatchObject({ rolloutId: "checklist:1.2.5" });
  });

  it.each([
    { argv: ["on-call"], says: ["--by", "required with confirm"] },
    { argv: [], says: ["[item]", "--by"] },
    { argv: ["oncall", "--by", "bob"], says: ["One of change-approved, revert-rehearsed, on-call"] },
    { argv: ["on-call", "--by", "mallory"], says: ["mallory is not on call", "@alice or @bob"] },
    { argv: ["dashboards", "--by", "bob"], says: ["checked by the tool", "rollout.checklist.waive"] },
    { argv: ["load-test", "--by", "bob"], says: ["rollout.checklist.loadTest says where it looks"] },
    { argv: ["lessons", "--by", "bob"], says: ["has to say something", "--note none"] },
  ])("$argv is refused, exit 2, and nothing is written", async ({ argv, says }) => {
    const { driver, run } = await aStack();
    const before = driver.record.state.requests.length;
    const { code, stderr } = await run("confirm", ...argv);
    expect(code).toBe(2);
    for (const text of says) expect(stderr).toContain(text);
    expect(driver.record.state.requests).toHaveLength(before);
  });

  it("holds for what it was given: the driver starts, and its journal has the name", async () => {
    const { driver, run } = await aStack();
    driver.record.state.requests.length = 0;
    expect((await driver.run()).cause?.reason).toBe("ChecklistUnmet");
    await run("confirm", "on-call", "--by", "bob");
    // The command line has a clock of its own here.
    for (const request of driver.record.state.requests)
      Object.assign(request, { at: new Date(startMs).toISOString() });
    expect((await driver.run()).cause?.reason).toBe("ApprovalsMissing");
    expect(JSON.stringify(driver.listed().at(-1))).toContain('"by":"bob"');
  });
});
