import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const main = resolve(root, "src/cli/main.ts");

// Says at the end which modules were loaded, and the processor time that it took.
const spy = `data:text/javascript,
import { registerHooks } from "node:module";
const urls = [];
registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
process.on("exit", () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write("\\n@@" + JSON.stringify({ urls, ms: (userCPUTime + systemCPUTime) / 1000 }));
});`;

function start(argv: readonly string[], hooked = true) {
  const program = argv[0]?.startsWith("data:") ? ["--import", argv[0], "--eval", ""] : [main, ...argv];
  const args = [...(hooked ? ["--import", spy.replaceAll("\n", " ")] : []), ...program];
  const run = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [stderr = "", report] = run.stderr.split("\n@@");
  const { urls, ms }: { urls: string[]; ms: number } = JSON.parse(report ?? '{"urls":[],"ms":0}');
  return { code: run.status, stdout: run.stdout, stderr, urls, ms };
}

const light = [
  { argv: ["--help"], code: 0 },
  { argv: ["plan", "--stack", "prod", "--json"], code: 0 },
  { argv: ["schema"], code: 0 },
  { argv: ["status", "--stack", "prod", "--json"], code: 0 },
  { argv: ["run", "--help"], code: 0 },
  { argv: ["run", "--stack", "nope"], code: 2 },
];

describe("the process", () => {
  it.each(light)("$argv loads neither engine nor cloud client", ({ argv, code }) => {
    const run = start(argv);
    expect(run.stderr.includes("internal error")).toBe(false);
    expect(run.code).toBe(code);
    expect(run.urls.filter((url) => /@pulumi|@kubernetes|\/sandbox\/|adapters\/engine/.test(url))).toEqual(
      [],
    );
    expect(run.urls.some((url) => url.endsWith("/cli/cli.ts"))).toBe(true);
  });

  // Half a second on a machine that is idle; on a busy one both take longer alike.
  it("plan starts in less than four times the processor time of its own libraries", () => {
    const argv = ["plan", "--stack", "prod", "--version", "1.2.4", "--json"];
    const best = (one: () => number) => Math.min(...[1, 2, 3].map(one));
    const libraries = `data:text/javascript,${["zod", "yaml", "commander"].map((name) => `import ${JSON.stringify(import.meta.resolve(name))};`).join("")}`;
    const bare = best(() => start([libraries]).ms);
    expect(bare).toBeGreaterThan(20);
    expect(best(() => start(argv).ms) / bare).toBeLessThan(4);
  });

  it("the schema is valid JSON with the guide's presets in it", () => {
    const { stdout } = start(["schema", "--json"], false);
    const { data } = JSON.parse(stdout);
    expect(data.properties.preset.enum).toContain("production");
  });
});
