import { RolloutError, toExitCode } from "../src/errors/errors.ts";
import { clusterPart, clusterParts, moduleFolder } from "./cluster-parts.ts";

// `node tools/parts.ts [name…]`: builds what cluster tests need, one after the other, into the user's cache.
const talk = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : clusterParts.map((part) => part.name)) {
    const part = await clusterPart(name, { env: process.env, log: talk });
    const minutes = (part.seconds / 60).toFixed(1);
    process.stdout.write(`${name}\t${part.built ? `${minutes} min` : "cached"}\t${part.path}\n`);
  }
  for (const name of ["gateway-api", "kwok"] as const) {
    const folder = await moduleFolder(name, process.env);
    talk(`${name}: files in ${folder}`);
  }
} catch (error) {
  talk(error instanceof RolloutError ? `${error.message}\n${error.hint ?? ""}` : String(error));
  process.exitCode = toExitCode(error);
}
