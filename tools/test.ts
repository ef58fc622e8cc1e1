import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// `npm test`, `npm run test:fast`, `npm run test:cluster`: gets what the tests need, runs them, and closes with
// one plain line of counts. Further arguments go to vitest.
const root = resolve(import.meta.dirname, "..");

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const projects: Readonly<Record<string, readonly string[]>> = {
  fast: ["fast"],
  all: ["fast", "engine"],
  cluster: ["cluster"],
};

function run(file: string, args: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  return status ?? 1;
}

/** The parts that a project needs, with their progress, before a test's clock runs. */
function prepare(names: readonly string[]): void {
  const needs = names.includes("cluster")
    ? [join(root, "tools/engine.ts"), join(root, "tools/parts.ts")]
    : names.includes("engine")
      ? [join(root, "tools/engine.ts")]
      : [];
  for (const tool of needs) {
    const status = run(tool, tool.endsWith("engine.ts") ? ["--language-host"] : []);
    if (status !== 0) process.exit(status);
  }
}

function vitest(project: string, args: readonly string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), "rollouts-test-"));
  const report = join(folder, "report.json");
  const status = run(join(root, "node_modules/vitest/vitest.mjs"), [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
    // Errors outside of a test (an unhandled rejection, a file that doesn't load) fail the run all the same.
    const failed = numFailedTests === 0 && status !== 0 ? 1 : numFailedTests;
    return { passed: numPassedTests, failed, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [kind = "all", ...rest] = process.argv.slice(2);
const names = projects[kind];
if (names === undefined) {
  process.stderr.write(`unknown kind of tests ${kind}: one of ${Object.keys(projects).join(", ")}\n`);
  process.exit(2);
}
prepare(names);
const results = names.map((name) => vitest(name, rest));
const sum = (key: keyof Counts) => results.reduce((total, counts) => total + counts[key], 0);
const skipped = sum("skipped");
process.stdout.write(
  `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
);
process.exitCode = sum("failed") > 0 ? 1 : 0;
