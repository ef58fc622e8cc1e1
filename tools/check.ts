import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

// `npm run check`: types, lint and format. The architecture is a test (test/architecture).
const root = resolve(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);

const checks: readonly (readonly [string, string, readonly string[]])[] = [
  ["types", bin("tsc"), ["-p", root]],
  ["lint and format", bin("biome"), ["check", "--error-on-warnings"]],
];

const failed = checks.filter(([name, command, args]) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  process.stderr.write(`${status === 0 ? "ok" : "FAILED"}  ${name}\n`);
  return status !== 0;
});
process.exitCode = failed.length > 0 ? 1 : 0;
