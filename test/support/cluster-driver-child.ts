import { readFileSync } from "node:fs";
import { exitOf } from "../../src/driver/outcome.ts";
import { runRollout } from "../../src/driver/run.ts";
import { toExitCode } from "../../src/errors/errors.ts";
import { openDriver, type StackSpec } from "./cluster-driver.ts";

// A driver in a process of its own: `node cluster-driver-child.ts <spec.json> <version>`. Tests kill it, or let it
// be refused. Its exit code is the one that `rollouts run` has.
const [specFile = "", version = ""] = process.argv.slice(2);
try {
  const spec = JSON.parse(readFileSync(specFile, "utf8")) as StackSpec;
  const outcome = await runRollout(openDriver(spec), { version, holder: `child pid ${process.pid}` });
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  process.exitCode = exitOf(outcome);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = toExitCode(error);
}
