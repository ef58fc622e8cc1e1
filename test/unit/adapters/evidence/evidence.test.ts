import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createCommandEvidence } from "../../../../src/adapters/evidence/command.ts";
import { openDashboards, openEvidence, openScan } from "../../../../src/adapters/evidence/open.ts";
import { createReachable } from "../../../../src/adapters/evidence/reachable.ts";
import { createRuntime } from "../../../../src/cli/compose/runtime.ts";
import { closedPort, type FakeAnswer, startHttpFake } from "../../../support/http-fake.ts";

const talk = { line: () => {}, color: false, addSecrets: () => {} };
const runtime = createRuntime({ talk, signal: new AbortController().signal, debug: false });
const query = { version: "1.2.4", nowMs: Date.UTC(2026, 0, 15) };
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "evidence-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function served(answer: FakeAnswer) {
  const fake = await startHttpFake(() => answer);
  onTestFinished(() => fake.close());
  return fake;
}

describe("a command", () => {
  const run = (script: string, more: object = {}) =>
    createCommandEvidence({ name: "load-test", run: ["sh", "-c", script], runtime, ...more }).read(query);

  it.each([
    ["exit 0", "echo fine for $VERSION", { status: "value", met: true, message: "fine for 1.2.4" }],
    ["exit 0 in silence", "true", { status: "value", met: true, message: "sh passes" }],
    [
      "exit 1 with a line",
      "echo p95 1400 ms; exit 1",
      { status: "value", met: false, message: "p95 1400 ms" },
    ],
    ["exit 1 in silence", "exit 1", { status: "error", message: "sh could not check: exit 1" }],
    [
      "another code",
      "echo broken >&2; exit 3",
      { status: "error", message: "sh could not check: exit 3: broken" },
    ],
  ])("%s", async (_, script, expected) => {
    expect(await run(script)).toEqual(expected);
  });

  it("that is late, or isn't there, could not check; what is secret isn't said", async () => {
    expect(await run("sleep 5", { timeoutMs: 50 })).toMatchObject({ status: "error" });
    expect(await run("", { run: ["./no-such-program"] })).toMatchObject({ status: "error" });
    const secrets = ["hunter22"];
    expect(await run("echo hunter22", { secrets })).toMatchObject({ message: "[secret]" });
    expect(await run("echo hunter22 >&2; exit 2", { secrets })).toMatchObject({
      message: expect.not.stringContaining("hunter22"),
    });
  });
});

describe("http", () => {
  it.each([
    [{ status: 200 }, { status: "value", met: true }],
    [{ status: 204 }, { status: "value", met: true }],
    [
      { status: 409, body: "p95 1400 ms\nmore" },
      { status: "value", met: false, message: "p95 1400 ms" },
    ],
    [{ status: 422 }, { status: "value", met: false }],
    [{ status: 404 }, { status: "error" }],
    [{ status: 302, headers: { location: "/login" } }, { status: "error" }],
    [{ status: 503 }, { status: "error" }],
    ["cut", { status: "error" }],
  ] as const)("%j", async (answer, expected) => {
    const fake = await served(answer);
    const source = await openEvidence("load-test", { kind: "http", url: `${fake.url}/atp` }, at());
    expect(await source.read(query)).toMatchObject(expected);
    expect(fake.requests[0]?.url.search).toBe("?version=1.2.4");
  });
});

describe("a dashboard", () => {
  it.each([
    [200, true],
    [302, true],
    [401, true],
    [403, true],
    [404, false],
    [429, false],
    [500, false],
  ])("HTTP %i: %s", async (status, met) => {
    const fake = await served({ status, headers: { location: "/login" } });
    const [dashboard] = await openDashboards([{ name: "Grafana", url: fake.url }], runtime);
    expect(await dashboard?.read(query)).toEqual({ status: "value", met, message: `HTTP ${status}` });
    expect(fake.requests).toHaveLength(1);
  });

  it("that hangs or isn't there is not reachable, and its URL stands in no message", async () => {
    const fake = await served("hang");
    const url = `${fake.url}/?key=hunter22`;
    const slow = createReachable({ name: "Grafana", url, runtime, timeoutMs: 50 });
    expect(await slow.read(query)).toEqual({ status: "error", message: "no answer within 0.05 s" });
    const closed = createReachable({
      name: "Grafana",
      url: `http://127.0.0.1:${closedPort}`,
      runtime,
    });
    expect(await closed.read(query)).toEqual({ status: "error", message: "ECONNREFUSED" });
  });
});

describe("a security scan's file", () => {
  const sarif = JSON.stringify({
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "Trivy" } }, results: [] }],
  });

  it("is read anew each time; without an end of its own it is as old as the file", async () => {
    const path = join(dir, "trivy.sarif");
    const scan = await openScan({ path: "trivy.sarif", withinDays: 7 }, { projectDir: dir });
    expect(await scan.read(query)).toEqual({ status: "empty", message: "there is no trivy.sarif" });
    await writeFile(path, sarif);
    await utimes(path, new Date(1_000_000), new Date(1_000_000));
    expect(await scan.read(query)).toMatchObject({ status: "value", met: true, atMs: 1_000_000 });
    await writeFile(path, sarif.slice(0, -5));
    expect(await scan.read(query)).toEqual({ status: "error", message: "trivy.sarif: the file is no JSON" });
  });

  it("a folder in its place can't be read", async () => {
    const scan = await openScan({ path: dir, withinDays: 7 }, { projectDir: "/" });
    expect(await scan.read(query)).toMatchObject({
      status: "error",
      message: expect.stringContaining("EISDIR"),
    });
  });
});

function at() {
  return { runtime, projectDir: dir, env: {}, secrets: [] };
}
