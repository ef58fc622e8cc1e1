import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

// `npm test`, `npm run test:fast`, `npm run test:cluster`: gets what the tests need, runs them, and closes with
// one plain line of counts. Further arguments go to vitest.
const root = resolve(import.meta.dirname, "..");

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each failure: the file, the test, and the first line of what it said. */
  readonly named: readonly string[];
}

/** What is read of vitest's JSON report, for one file. */
interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
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

const firstLine = (text: string) => stripVTControlCharacters(text).split("\n", 1)[0] ?? "";

function failuresOf({ name, status, message, assertionResults }: FileResult): string[] {
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") return [`${file}: ${firstLine(message)}`];
  return failed.map((test) => `${file}, ${test.fullName}: ${firstLine(test.failureMessages[0] ?? "")}`);
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
    // A filter may have nothing in one of the projects.
    ...(args.length > 0 ? ["--passWithNoTests"] : []),
    ...args,
  ]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    const named: string[] = testResults.flatMap(failuresOf);
    // Errors outside of a test (an unhandled rejection, a file that doesn't load) fail the run all the same.
    const outside = numFailedTests === 0 && status !== 0;
    if (outside && named.length === 0)
      named.push(`${project}: an error outside of the tests; it stands above`);
    return { passed: numPassedTests, failed: outside ? 1 : numFailedTests, skipped: numPendingTests, named };
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, named: [`${project}: no report (${String(error)})`] };
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
const sum = (key: Exclude<keyof Counts, "named">) =>
  results.reduce((total, counts) => total + counts[key], 0);
const skipped = sum("skipped");
// At the end, where a log that was cut to its tail still has them.
for (const line of results.flatMap(({ named }) => named)) process.stdout.write(`not passed: ${line}\n`);
process.stdout.write(
  `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
);
process.exitCode = sum("failed") > 0 ? 1 : 0;
