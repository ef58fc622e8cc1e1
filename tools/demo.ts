import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { rehearsalData } from "../src/cli/commands/rehearse.ts";
import { loadProgram } from "../src/cli/compose/program.ts";
import { openRehearsal, type Rehearsal } from "../src/cli/compose/rehearsal.ts";
import { createRuntime } from "../src/cli/compose/runtime.ts";
import { renderOutcome } from "../src/cli/render/outcome.ts";
import { createTimeline } from "../src/cli/render/timeline.ts";
import { loadStackConfig } from "../src/config/load.ts";
import type { Outcome } from "../src/driver/outcome.ts";
import { parseFault } from "../src/sandbox/faults.ts";

// `npm run demo`: the prod stack rehearsed twice on the sandbox. A good version is promoted; the next one fails
// from 20 % on and is taken back. Real engine, real program, real driver; two hours in well under a minute.
const projectDir = resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const color = !values.json && process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
const out = values.json ? process.stderr : process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);
const talk = { line: (line: string) => void process.stderr.write(`${line}\n`), color, addSecrets: () => {} };
const runtime = createRuntime({ talk, signal: new AbortController().signal, debug: false });

async function open(): Promise<Rehearsal> {
  const config = await loadStackConfig({ projectDir, stack: "prod" });
  const timeline = createTimeline({ color });
  return await openRehearsal({
    projectDir,
    stack: "prod",
    config,
    program: await loadProgram({ projectDir, main: config.main }),
    baseline: "1.2.3",
    faults: [],
    seed: 1,
    runtime,
    log: talk.line,
    observer: (entry) => {
      const line = timeline(entry);
      if (line !== undefined) say(line);
    },
  });
}

async function runBoth(rehearsal: Rehearsal): Promise<readonly Outcome[]> {
  say("\n1.2.3 is in service. 1.2.4 is a good version.\n");
  const good = await rehearsal.run("1.2.4");
  say(`\n${renderOutcome(good, { color })}`);
  rehearsal.sandbox.inject([parseFault("errors=3%@20")]);
  say("\n1.2.5 fails 3 % of its requests from 20 % of the traffic on.\n");
  const bad = await rehearsal.run("1.2.5");
  say(`\n${renderOutcome(bad, { color })}`);
  return [good, bad];
}

const begun = runtime.wall.now();
const rehearsal = await open();
const runs = await runBoth(rehearsal).finally(() => rehearsal.close());
const asPlanned =
  runs[0]?.outcome === "promoted" && runs[1]?.outcome === "reverted" && runs[1].revert?.stateEqual === true;
const seconds = Math.round((runtime.wall.now() - begun) / 1000);
say(
  `\nBoth rollouts took ${seconds} s of your time. Next: npm run rollouts -- rehearse --stack prod --fault latency=1500ms@50`,
);
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ schemaVersion: 1, command: "demo", ok: asPlanned, data: { runs: runs.map(rehearsalData) } })}\n`,
  );
}
process.exitCode = asPlanned ? 0 : 1;
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
