import { parseArgs } from "node:util";
import { acquireEngine } from "../src/adapters/engine/acquire.ts";
import { RolloutError, toExitCode } from "../src/errors/errors.ts";

// `npm run engine`: gets a Pulumi engine and prints its path on stdout; talk goes to stderr.
const talk = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  const { values } = parseArgs({ options: { "language-host": { type: "boolean", default: false } } });
  const engine = await acquireEngine({
    log: talk,
    env: process.env,
    languageHost: values["language-host"],
  });
  const host = engine.languageHost ? `, language host ${engine.languageHost}` : "";
  talk(`pulumi ${engine.version} (${engine.source})${host}`);
  process.stdout.write(`${engine.pulumi}\n`);
} catch (error) {
  talk(error instanceof RolloutError ? `${error.message}\n${error.hint ?? ""}` : String(error));
  process.exitCode = toExitCode(error);
}
