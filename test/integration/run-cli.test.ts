import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStack, passphrase, type TestStack } from "./engine-stack.ts";

// `rollouts run` as a user calls it: a process of its own, the real engine, a file backend, an encrypted webhook.

const source = `
import { CanaryDeployment, rolloutProgram } from "pulumi-rollouts";

export default rolloutProgram(async (rollout) => {
  new CanaryDeployment("atp-ingestion", {
    rollout, namespace: "atp-dev", image: "atp.azurecr.io/ingestion", port: 8080, replicas: 1,
    route: { gateway: "atp-gateway", hostnames: [] },
  });
});
`;
const planted = "planted-hook-token-4711";

let stack: TestStack;
let hook: Server;
const received: string[] = [];
const streams: string[] = [];

interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function rollouts(...args: string[]): Promise<Called> {
  const main = resolve(import.meta.dirname, "../../src/cli/main.ts");
  const child = spawn(process.execPath, [main, ...args, "--stack", "prod"], {
    cwd: stack.projectDir,
    env: { ...process.env, ...stack.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  return new Promise((done) =>
    child.on("close", (code) => {
      streams.push(stdout, stderr);
      done({ code: code ?? -1, stdout, stderr });
    }),
  );
}

/** Files under a folder whose bytes hold a text. */
function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, "utf8").includes(text));
}

beforeAll(async () => {
  hook = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      received.push(`${request.url} ${body}`);
      response.end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, "127.0.0.1", done));
  stack = await createTestStack(source);
  const rollout = { preset: "development", service: "atp-ingestion", notify: [{ kind: "webhook" }] };
  stack.config({ "atp:version": "1.2.3", "atp:rollout": rollout });
  expect(await stack.cli("stack", "init", "prod")).toMatchObject({ code: 0 });
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/${planted}`;
  const set = await stack.cli(
    "config",
    "set",
    "--secret",
    "--path",
    "rollout.notify[0].url",
    url,
    "--stack",
    "prod",
  );
  expect(set).toMatchObject({ code: 0 });
});
afterAll(() => {
  hook.close();
  stack.stop();
});

// One story: each test goes on where the one before it stopped.
describe("rollouts run", () => {
  it("installs the first version and tells the webhook", async () => {
    const { code, stdout } = await rollouts("run", "--json");
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      schemaVersion: 1,
      command: "run",
      ok: true,
      data: { outcome: "promoted", version: "1.2.3" },
    });
    expect(received.join("\n")).toContain("atp-ingestion serves 1.2.3");
  });

  it("has nothing to do a second time: exit 0, and 7 where a change was expected", async () => {
    expect(await rollouts("run")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing to do"),
    });
    expect(await rollouts("run", "--expect-changes")).toMatchObject({ code: 7 });
  });

  it("takes the next version, and writes it into config when asked to", async () => {
    const { code, stderr } = await rollouts("run", "--version", "1.2.4", "--set-config");
    expect(code).toBe(0);
    expect(stderr).toContain("1.2.4");
    expect(readFileSync(join(stack.projectDir, "Pulumi.prod.yaml"), "utf8")).toContain("1.2.4");
  });

  it("refuses a version that config doesn't have: exit 2, with path and hint", async () => {
    const { code, stdout } = await rollouts("run", "--version", "9.9.9", "--json");
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 2,
      ok: false,
      error: { path: expect.any(String), hint: expect.any(String) },
    });
  });

  it("verifies its journal against the head in the stack's state, and finds a tail that was cut", async () => {
    const whole = await rollouts("history", "verify", "--json");
    expect({ code: whole.code, stderr: whole.stderr }).toEqual({ code: 0, stderr: "" });
    const { data } = JSON.parse(whole.stdout);
    expect(data).toMatchObject({ status: "verified", name: "atp/prod", anchorFrom: "state", problems: [] });
    const { head, anchor, journal } = data;
    expect(anchor.seq).toBeGreaterThan(1);
    expect(anchor.seq).toBeLessThan(head.seq);

    const text = readFileSync(journal, "utf8");
    const kept = text.split("\n").slice(0, anchor.seq - 1);
    writeFileSync(journal, `${kept.join("\n")}\n`);
    const cut = await rollouts("history", "verify");
    writeFileSync(journal, text);
    expect(cut.code).toBe(1);
    expect(cut.stdout).toMatch(new RegExp(`^ {2}${anchor.seq} +${anchor.seq} +cut +the anchor knows`, "m"));
  });

  it("has nothing to abort: exit 7, and nothing is touched (argo-rollouts#1292)", async () => {
    stack.calls();
    expect(await rollouts("abort", "--by", "alice", "--reason", "test")).toMatchObject({ code: 7 });
    expect(stack.calls()).toEqual([]);
  });

  it("lets no secret out: not in a stream, the journal, the state or a file it wrote", () => {
    expect(received.every((line) => line.startsWith(`/${planted} `))).toBe(true);
    for (const secret of [planted, passphrase]) {
      expect(streams.filter((text) => text.includes(secret))).toEqual([]);
      expect(filesWith(stack.dir, secret)).toEqual([]);
    }
  });
});
