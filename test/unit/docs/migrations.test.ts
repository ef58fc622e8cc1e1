import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import type { World } from "../../../src/cli/world.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { migrationPhases } from "../../../src/plan/migration-phases.ts";
import type { MigrationConfig } from "../../../src/types/migration-config.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryPhaseCommands, failed } from "../../support/memory-phase-commands.ts";
import {
  createMemoryRecord,
  type MemoryRecordState,
  memoryRecordState,
} from "../../support/memory-record.ts";
import { createStart } from "../../support/start-world.ts";
import { aStackConfig, aWorld, cli } from "../cli/harness.ts";
import { validConfig } from "../config/valid-config.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/migrations.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );
const [inStaging = "", inProduction = "", standing = "", thaw = ""] = blocks("sh");
const [config = ""] = blocks("yaml");

/** The command lines of a block, as a shell makes them. */
function linesOf(block: string): readonly (readonly string[])[] {
  const { stdout } = spawnSync("bash", ["-c", `rollouts() { printf '%s\\n' "$*"; }\n${block}`], {
    encoding: "utf8",
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

describe("docs/migrations.md", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 15, 10) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The page's migration, and what else the page says may stand beside it. */
  function migrationOf(more: object = {}): MigrationConfig {
    const { migration: written } = parse(config);
    const policy = normalizeOrThrow({
      written: { ...validConfig, migration: { ...written, ...more } },
      stack: "prod",
    });
    if (policy.migration === undefined) throw new Error("the page has no migration");
    return policy.migration;
  }

  /** staging, then prod, which asks staging: one journal each, and a driver in memory that reads the CAB's changes. */
  function stacks(more: object = {}) {
    const commands = createMemoryPhaseCommands();
    const asked = createStart();
    const planned = {
      service: "atp-ingestion",
      startMs: Date.UTC(2026, 0, 12),
      endMs: Date.UTC(2026, 1, 28),
    };
    for (const id of ["CHG0012345", "CHG0012346", "CHG0012399"])
      asked.changes.put({ id, state: "approved", ...planned });
    const states: Record<string, MemoryRecordState> = {};
    const stateOf = (name: string) => (states[name] ??= memoryRecordState());
    const worlds: Record<string, { readonly world: World; readonly driver: ReturnType<typeof aDriver> }> = {};
    const stackOf = (name: string) => {
      const driver = aDriver({ installed: "1.0.0" });
      const told = { ...driver, deps: { ...driver.deps, start: asked.start } };
      const migration = { ...migrationOf(more), ...(name === "prod" ? {} : { testedIn: [] }) };
      const world: World = {
        ...aWorld(told, aStackConfig({ migration })),
        openMigration: async (_at, { runtime }) => ({
          record: createMemoryRecord({ runtime, state: stateOf(name) }),
          commands,
          journalOf: async (other) => stateOf(other).entries,
          secrets: [],
        }),
      };
      return { world, driver };
    };
    const at = (name: string) => (worlds[name] ??= stackOf(name));
    const run = (argv: readonly string[]) =>
      cli(argv, { world: at(argv[argv.indexOf("--stack") + 1] ?? "").world });
    return { run, commands, at };
  }

  it("has a row for each phase, in order", () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (?!its way back, at once|it stays)/gm)].map(
      ([, name]) => name,
    );
    expect(rows).toEqual(migrationPhases.map(({ phase }) => phase));
  });

  it("its command lines walk the page's migration: staging there and back, then production to the end", async () => {
    const { run, commands, at } = stacks();
    const [first = []] = linesOf(inProduction);
    expect((await run(first)).code).toBe(23);
    for (const line of linesOf(inStaging)) expect((await run(line)).code, line.join(" ")).toBe(0);
    const lines = linesOf(inProduction);
    for (const line of lines.slice(0, 4)) expect((await run(line)).code, line.join(" ")).toBe(0);
    const [contract = []] = lines.slice(4);
    expect((await run(contract)).stderr).toContain("(contract-early)");
    const [where = []] = linesOf(standing);
    expect((await run(where)).stdout).toContain("contract    from 2026-01-29T10:00:00.000Z on");
    vi.setSystemTime(Date.UTC(2026, 0, 29, 10));
    expect((await run(contract)).code).toBe(0);
    expect(at("prod").driver.world.record()?.stable.version).toBe("4.0.0");
    expect(commands.calls.at(-1)).toBe("npm run migrate contract");
  });

  it("its line for a thaw takes the freeze off, and goes on from the checkpoint", async () => {
    const { run, commands } = stacks({ onFailure: "freeze" });
    const [expand = [], dualWrite = [], backfill = []] = linesOf(inProduction);
    const [thawed = []] = linesOf(thaw);
    for (const line of [...linesOf(inStaging), expand, dualWrite]) await run(line);
    commands.answers["npm run backfill"] = ({ report }) => {
      report({ kind: "checkpoint", text: "8500" });
      return failed("npm failed: exit 1", "8500");
    };
    expect((await run(backfill)).code).toBe(22);
    commands.answers = {};
    expect((await run(thawed)).code).toBe(0);
    expect(commands.calls.at(-1)).toBe("npm run backfill from 8500");
  });
});
