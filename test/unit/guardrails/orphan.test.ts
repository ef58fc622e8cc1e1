import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { isRunning } from "../../support/process.ts";

const pack = join(import.meta.dirname, "../../../policy-packs/rollout-guardrails/pack.js");
/** Starts the pack as an engine does, and says its number once it serves. */
const engine = `
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, [process.env.PACK, "127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.once("data", () => console.log(child.pid));
  setInterval(() => {}, 1000);
`;

let started: number | undefined;
afterEach(() => {
  if (started !== undefined && isRunning(started)) process.kill(started, "SIGKILL");
});

it("the pack ends by itself once its engine was killed", async () => {
  const parent = spawn(process.execPath, ["-e", engine], {
    env: { ...process.env, PACK: pack },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  const pid = Number(String(line));
  started = pid;
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000, interval: 50 });
});
