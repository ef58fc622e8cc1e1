import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { openIntegrity } from "../../src/adapters/open-integrity.ts";
import { type FakeAnswer, startHttpFake } from "../support/http-fake.ts";
import { createMemoryRuntime, until } from "../support/memory-runtime.ts";
import { type Finding, integritySuite } from "./integrity-suite.ts";

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanup.splice(0)) await one();
});

function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-integrity-")));
  cleanup.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const limitMs = 30_000;
const span = { sinceMs: Date.UTC(2026, 0, 15, 10), nowMs: Date.UTC(2026, 0, 15, 11) };

/** Notes that it was asked and for what, and then does what the finding says. */
const verifier = `const { appendFileSync, readFileSync } = require("node:fs");
const { SINCE, NOW } = process.env;
const finding = JSON.parse(readFileSync("finding.json", "utf8"));
appendFileSync("asked", SINCE + " " + NOW + "\\n");
if (finding.status === "hangs") setInterval(() => {}, 1000);
else {
  if (finding.said ?? finding.status === "broken") console.log("checking\\n" + (finding.said ?? "finds it broken"));
  process.exitCode = finding.code ?? (finding.status === "broken" ? 1 : 0);
}`;

integritySuite("command", async () => {
  const cwd = tempDir();
  const program = join(cwd, "verify.cjs");
  writeFileSync(program, `#!${process.execPath}\n${verifier}`, { mode: 0o755 });
  const { runtime, wall } = createMemoryRuntime();
  const config = { kind: "command", run: [program] } as const;
  const lines = () => {
    const file = join(cwd, "asked");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };
  return {
    integrity: await openIntegrity({ config, runtime, cwd }),
    find: (finding: Finding) => writeFileSync(join(cwd, "finding.json"), JSON.stringify(finding)),
    otherCodes: [2, 3, 127, 255],
    begun: () => until(() => lines().length > 0),
    expire: () => wall.advance(limitMs),
    toldSpan: () => {
      const [since = null, now = null] = lines().at(-1)?.split(" ") ?? [];
      return { since, now };
    },
    asked: () => lines().length,
    remove: async () => rmSync(program),
  };
});

function answerTo(finding: Finding): FakeAnswer {
  if (finding.status === "hangs") return "hang";
  if (finding.status === "neither") return { status: finding.code };
  const status = finding.status === "whole" ? 200 : 422;
  return { status, body: finding.said === undefined ? "" : `${finding.said}\nand more\n` };
}

integritySuite("http", async () => {
  let finding: Finding = { status: "whole" };
  const server = await startHttpFake(() => answerTo(finding));
  cleanup.push(server.close);
  const { runtime, wall } = createMemoryRuntime();
  const config = { kind: "http", url: `${server.url}/chain?tenant=acme` } as const;
  return {
    integrity: await openIntegrity({ config, runtime }),
    find: (next: Finding) => {
      finding = next;
    },
    otherCodes: [201, 202, 400, 401, 404, 429, 500, 503],
    begun: () => until(() => server.requests.length > 0),
    expire: () => wall.advance(limitMs),
    toldSpan: () => {
      const { searchParams } = server.requests.at(-1)?.url ?? new URL("http://nobody");
      return { since: searchParams.get("since"), now: searchParams.get("now") };
    },
    asked: () => server.requests.length,
    remove: server.close,
  };
});

const script = (code: string, ...args: string[]) => [process.execPath, "-e", code, ...args];

async function run(command: readonly string[], cwd?: string) {
  const { runtime } = createMemoryRuntime();
  const integrity = await openIntegrity({
    config: { kind: "command", run: command },
    runtime,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return await integrity.check(span);
}

it("command: a finding stands on stdout, whatever stderr says", async () => {
  const found = script("console.error('a'); console.log('evt-7'); process.exitCode = 1");
  expect(await run(found)).toEqual({ status: "broken", message: "evt-7" });
});

// Interpreters exit with 1 too where a script breaks down: a missing module is no finding about anybody's data.
it("command: one that crashes could not check", async () => {
  const answer = await run(script("require('no-such-module')"));
  expect(answer).toMatchObject({
    status: "error",
    message: expect.stringContaining("could not check: exit 1"),
  });
});

it("command: one that is killed could not check, and says nothing of the data", async () => {
  expect(await run(script("process.kill(process.pid, 'SIGKILL')"))).toMatchObject({
    status: "error",
    message: expect.stringMatching(/could not check: it was killed$/),
  });
});

it("command: is started without a shell, in its folder, with the environment of this process", async () => {
  const dir = tempDir();
  const code = "console.log([process.cwd(), process.argv[1], process.env.PATH !== undefined].join(' '))";
  expect(await run(script(code, "$(id)"), dir)).toEqual({ status: "whole", message: `${dir} $(id) true` });
});

it.each([["/no/such/program"], []])("command: %s can't be started: an error", async (...command) => {
  expect(await run(command)).toMatchObject({
    status: "error",
    message: expect.stringMatching(/can't be started/),
  });
});

it("http: 409 is a finding as well, and the query of the URL stays", async () => {
  const server = await startHttpFake(() => ({ status: 409, body: "evt-7" }));
  cleanup.push(server.close);
  const { runtime } = createMemoryRuntime();
  const url = `${server.url}/chain?tenant=acme`;
  const integrity = await openIntegrity({ config: { kind: "http", url }, runtime });
  expect(await integrity.check(span)).toEqual({ status: "broken", message: "evt-7" });
  expect(server.requests[0]).toMatchObject({ method: "GET" });
  expect(server.requests[0]?.url.searchParams.get("tenant")).toBe("acme");
});

it("http: a redirect isn't followed, and is no finding", async () => {
  const server = await startHttpFake(() => ({ status: 302, headers: { location: "/login" }, body: "go on" }));
  cleanup.push(server.close);
  const { runtime } = createMemoryRuntime();
  const integrity = await openIntegrity({ config: { kind: "http", url: server.url }, runtime });
  expect(await integrity.check(span)).toMatchObject({
    status: "error",
    message: expect.stringContaining("HTTP 302"),
  });
  expect(server.requests).toHaveLength(1);
});

it("http: a query with a secret stands in no message", async () => {
  const { runtime } = createMemoryRuntime();
  for (const status of [200, 422, 500] as const) {
    const server = await startHttpFake(() => ({ status }));
    const url = `${server.url}/chain?code=planted`;
    const integrity = await openIntegrity({ config: { kind: "http", url }, runtime });
    expect((await integrity.check(span)).message).not.toContain("planted");
    await server.close();
    expect((await integrity.check(span)).message).not.toContain("planted");
  }
});

it("http: a body without end isn't read to it", async () => {
  let closed = false;
  const server = createServer((_, response) => {
    response.writeHead(422);
    response.on("close", () => {
      closed = true;
    });
    const more = () => {
      while (!closed && response.write("evt-7 ".repeat(1000)));
    };
    response.on("drain", more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const { runtime } = createMemoryRuntime();
  const url = `http://127.0.0.1:${port}/chain`;
  const integrity = await openIntegrity({ config: { kind: "http", url }, runtime });
  expect(await integrity.check(span)).toMatchObject({
    status: "broken",
    message: expect.stringMatching(/^evt-7 /),
  });
  await until(() => closed);
});
