// Starts a TypeScript tool on a Node that can run it. Plain JavaScript for Node 20: this file is what a fresh
// clone runs first. Installs the dependencies when they are missing or the lockfile has changed since.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const stamp = join(modules, ".lock-stamp");

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function install() {
  const wanted = lockHash();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("Installing dependencies (npm ci) …\n");
  // Talk goes to stderr: stdout belongs to the command's data.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    process.stderr.write("npm ci failed: see above.\n");
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

install();
const [tool, ...args] = process.argv.slice(2);
const own = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const node = existsSync(own) ? own : process.execPath;
const child = spawn(node, [resolve(root, tool), ...args], {
  stdio: "inherit",
  env: { ...process.env, PATH: [join(modules, ".bin"), process.env.PATH].join(delimiter) },
});
// A terminal's Ctrl-C reaches the child by itself; SIGTERM only reaches us.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGTERM" ? 143 : 1);
});
