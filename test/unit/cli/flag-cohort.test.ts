import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { usualRange } from "../../../src/cli/flag-cohorts.ts";
import type { TenantTraffic } from "../../../src/plan/flag-cohort.ts";
import { isOn } from "../../../src/plan/flag-cohort.ts";
import type { FlagSpec } from "../../../src/types/flag-config.ts";
import { aDriver } from "../../support/drive.ts";
import { beside, flagId } from "../../support/flag-cli.ts";
import { aFlagSpec } from "../../support/memory-flag-stack.ts";
import { aStackConfig, aWorld, cli, noWorld } from "./harness.ts";

const dir = mkdtempSync(join(tmpdir(), "rollouts-flag-cohort-"));
afterAll(() => rmSync(dir, { recursive: true }));

const named = (count: number): readonly TenantTraffic[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `tenant-${String(index + 1).padStart(4, "0")}`,
    requests: (index * 37) % 100,
  }));

/** `flag cohort` on a file of tenants, without an engine, a record or a store. */
async function cohort(
  tenants: readonly TenantTraffic[] | undefined,
  { words = [], spec = {} }: { words?: readonly string[]; spec?: Partial<FlagSpec> } = {},
) {
  if (tenants !== undefined) writeFileSync(join(dir, "tenants.json"), JSON.stringify(tenants));
  const file = tenants === undefined ? {} : { tenants: "tenants.json" };
  const flag = { ...(beside.flag ?? expect.unreachable()), spec: aFlagSpec(spec), ...file };
  const config = aStackConfig({ ...beside, flag });
  const world = { ...noWorld, loadConfig: async () => config };
  return await cli(["flag", "cohort", flagId, "--stack", "prod", ...words], { world, cwd: dir });
}

interface Phase {
  readonly step: string;
  readonly exposure: number;
  readonly on: readonly string[];
  readonly enters: readonly string[];
  readonly onTraffic?: number;
  readonly entersTraffic?: number;
  readonly notes: readonly string[];
}
const phasesIn = (json: Record<string, unknown>) => Object(json["data"])["phases"] as readonly Phase[];

describe("flag cohort", () => {
  const beta = { id: "tenant-beta-001", requests: 50 };

  it("names who enters with each phase, as an application answers, and their share of the traffic", async () => {
    const tenants = [beta, ...named(400)];
    const { code, json } = await cohort(tenants, { words: ["--json"] });
    expect(code).toBe(0);
    const phases = phasesIn(json);
    expect(phases.map(({ step }) => step)).toEqual([
      "flag-beta",
      "flag-10",
      "flag-25",
      "flag-50",
      "flag-100",
    ]);
    const total = tenants.reduce((sum, { requests = 0 }) => sum + requests, 0);
    let before: readonly string[] = [];
    for (const { exposure, on, enters, onTraffic } of phases) {
      const meant = tenants.filter((one) => isOn(aFlagSpec(), exposure, one));
      expect(on).toEqual(meant.map(({ id }) => id));
      expect(enters).toEqual(on.filter((id) => !before.includes(id)));
      const requests = meant.reduce((sum, one) => sum + (one.requests ?? 0), 0);
      expect(onTraffic).toBeCloseTo((requests * 100) / total);
      before = on;
    }
    expect(phases[0]).toMatchObject({ on: ["tenant-beta-001"], enters: ["tenant-beta-001"] });
    expect(phases.at(-1)?.on).toHaveLength(401);
  });

  it("tells the first 20 names, and how many more", async () => {
    const { stdout } = await cohort([beta, ...named(400)], { words: ["--at", "10"] });
    const [names = ""] = stdout.split("\n").filter((line) => line.startsWith("  10 % of the tenants: "));
    expect(names.split(", ")).toHaveLength(20);
    expect(names).toMatch(/ and \d+ more \(--json has them\)$/);
    expect(stdout).not.toContain("beta: named tenants:");
    expect(stdout).toContain("401 tenants of tenants.json, by tenant: who is in stays in");
  });

  it.each(["beta", "flag-beta", "25", "25 %"])("--at %s is one phase", async (at) => {
    const { json } = await cohort([beta], { words: ["--at", at, "--json"] });
    expect(phasesIn(json).map(({ step }) => step)).toEqual([at.includes("beta") ? "flag-beta" : "flag-25"]);
  });

  it("--at something else: exit 2, with the phases", async () => {
    const { code, json } = await cohort([beta], { words: ["--at", "30", "--json"] });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { path: "--at", hint: "Phases: beta, 10, 25, 50, 100." } });
  });

  it("says where a phase lets nobody new in, and how little few tenants prove", async () => {
    const { json, stdout } = await cohort([beta, { id: "tenant-0002" }], { words: ["--json"] });
    expect(stdout).not.toBe("");
    const notes = Object.fromEntries(phasesIn(json).map((phase) => [phase.step, phase.notes]));
    // tenant-0002 is at 98.9.
    expect(notes["flag-10"]).toEqual([
      "it lets nobody in whom the phase before it didn't",
      "10 % of the 1 tenants that aren't named is 0.1 on the average: by hash anything from 0 to 1 is usual",
    ]);
    expect(notes["flag-100"]).toEqual([]);
    expect(phasesIn(json)[0]).not.toHaveProperty("onTraffic");
    const forty = await cohort(named(40), { words: ["--json", "--at", "10"] });
    expect(phasesIn(forty.json)[0]?.notes.join()).toContain(
      "4 on the average: by hash anything from 1 to 8 is usual",
    );
    const many = await cohort(named(400), { words: ["--json"] });
    expect(
      phasesIn(many.json)
        .slice(1)
        .flatMap(({ notes: of }) => of),
    ).toEqual([]);
  });

  it("by percentage nobody can be named but the named", async () => {
    const { json, stdout } = await cohort([beta, ...named(40)], {
      words: ["--json"],
      spec: { by: "percentage" },
    });
    expect(phasesIn(json).map(({ on, notes }) => [on, notes.length])).toEqual([
      [["tenant-beta-001"], 0],
      ...Array.from({ length: 4 }, () => [["tenant-beta-001"], 1]),
    ]);
    expect(stdout).toContain("nobody can be named");
    const text = await cohort([beta, ...named(40)], { spec: { by: "percentage" } });
    expect(text.stdout).toContain("by chance at each call");
  });

  it("zero requests is a value", async () => {
    const { json } = await cohort(
      [
        { ...beta, requests: 0 },
        { id: "a", requests: 10 },
      ],
      { words: ["--json", "--at", "beta"] },
    );
    expect(phasesIn(json)[0]).toMatchObject({ onTraffic: 0, entersTraffic: 0 });
  });

  it("without a file: exit 2, and how it looks", async () => {
    const { code, json } = await cohort(undefined, { words: ["--json"] });
    expect(code).toBe(2);
    expect(json).toMatchObject({
      error: {
        code: "tenants-missing",
        path: "rollout.flag.tenants",
        hint: expect.stringContaining("tenants.json"),
      },
    });
  });
});

describe("what is usual by hash", () => {
  it.each([
    [40, 0.1, 1, 8],
    [0, 0.1, 0, 0],
    [1, 0.5, 0, 1],
    [400, 0.01, 1, 8],
  ])("%i tenants at %f", (n, share, least, most) => {
    expect(usualRange(n, share)).toEqual({ least, most });
  });
});

describe("the command line of flag", () => {
  const world = aWorld(aDriver({ policy: beside }), aStackConfig(beside));
  const run = (...words: readonly string[]) =>
    cli(["flag", ...words, "--stack", "prod", "--json"], { world });
  const decided = ["--by", "dana", "--reason", "x"];

  it("names every problem at once", async () => {
    const { code, json } = await run("off", "--tenant", "t", "--probe", "nope", "--at", "10");
    expect(code).toBe(2);
    const { error } = json as { error: { issues: readonly { path: string; rule: string }[] } };
    expect(error.issues.map(({ path, rule }) => `${path}: ${rule}`)).toEqual([
      "--tenant: only with status",
      "--at: only with cohort",
      "--by: required",
      "--reason: required",
      "--probe: a URL of http or https",
    ]);
  });

  it.each([
    ["no action", [], "missing required argument 'action'"],
    ["another action", ["of"], 'rollouts flag can\'t "of".'],
    ["what off alone takes", ["on", ...decided, "--no-converge"], "1 problem"],
    ["an expectation of nothing", ["off", ...decided, "--expect", "x"], "1 problem"],
    ["groups of nobody", ["status", "--group", "x"], "1 problem"],
    ["a third word", ["off", flagId, "more", ...decided], "too many arguments"],
  ])("refuses %s: exit 2", async (_, words, says) => {
    const { code, json } = await run(...words);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "usage", message: expect.stringContaining(says) } });
  });

  it.each(["status", "off", "on", "cohort"])(
    "%s of another flag: exit 2, and it is named",
    async (action) => {
      const words = action === "off" || action === "on" ? decided : [];
      const { code, json } = await run(action, "Other.Flag", ...words);
      expect(code).toBe(2);
      expect(json).toMatchObject({
        error: { code: "flag-unknown", message: `Other.Flag isn't the flag of prod: that is ${flagId}.` },
      });
    },
  );

  it("of a stack without one: exit 2, and where it is written", async () => {
    const bare = aWorld(aDriver());
    const { code, json } = await cli(["flag", "status", "--stack", "prod", "--json"], { world: bare });
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "no-flag", path: "rollout.flag" } });
  });

  it("has its two positions and its options in the help", async () => {
    const { stdout } = await cli(["flag", "--help"]);
    expect(stdout).toContain("Usage: rollouts flag <action> [id] [options]");
    expect(stdout).toMatch(/^ {2}\[id\] +id of the flag/m);
    expect((await cli(["--help"])).stdout).toMatch(/^ {2}flag +show the stack's feature flag/m);
  });
});
