#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";

// Before anything of ours is loaded: from the second start on nothing is compiled, nor stripped of its types.
enableCompileCache();
const { runCli } = await import("./cli.ts");
const { realWorld } = await import("./compose/world.ts");

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const code = await runCli({
  argv: process.argv.slice(2),
  version,
  world: realWorld,
  io: {
    env: process.env,
    cwd: process.cwd(),
    stdout: { write: (text) => process.stdout.write(text), isTTY: process.stdout.isTTY === true },
    stderr: { write: (text) => process.stderr.write(text), isTTY: process.stderr.isTTY === true },
    stdinIsTTY: process.stdin.isTTY === true,
    onSignal: (name, heard) => process.on(name, heard),
  },
});

// The engine's SDK leaves servers behind that would keep the process alive; what was printed goes out first.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
