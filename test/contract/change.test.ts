import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { createFileChange } from "../../src/adapters/change/file-change.ts";
import { createHttpChange } from "../../src/adapters/change/http-change.ts";
import type { ChangeRequest } from "../../src/types/change-request.ts";
import { json, startHttpFake } from "../support/http-fake.ts";
import { createMemoryChange } from "../support/memory-change.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { aChangeRequest, changeSuite } from "./change-suite.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const iso = (ms: number | undefined) => new Date(ms ?? 0).toISOString();

changeSuite("memory", async () => {
  const change = createMemoryChange();
  return { change, put: async (one) => change.put(one), breakIt: async () => change.failWith("down") };
});

changeSuite("http", async () => {
  const changes = new Map<string, ChangeRequest>();
  const authorization = "Bearer s3cr3tT0ken";
  const server = await startHttpFake(({ url, headers }) => {
    if (headers.authorization !== authorization) return json({}, 401);
    const found = changes.get(decodeURIComponent(url.pathname.replace("/api/change/", "")));
    if (found === undefined) return json({ error: "No Record found" }, 404);
    const { state, service, startMs, endMs, risk } = found;
    const window = { start: iso(startMs), end: iso(endMs) };
    return json({ result: [{ state: { value: state }, ci: service, window, risk }] });
  });
  cleanups.push(() => server.close());
  const change = createHttpChange({
    config: {
      kind: "http",
      url: `${server.url}/api/change/{id}`,
      authorization,
      fields: {
        state: "/result/0/state/value",
        service: "/result/0/ci",
        start: "/result/0/window/start",
        end: "/result/0/window/end",
        risk: "/result/0/risk",
      },
    },
    runtime: createMemoryRuntime().runtime,
  });
  return {
    change,
    put: async (one) => void changes.set(one.id, one),
    breakIt: () => server.close(),
    secrets: ["s3cr3tT0ken"],
  };
});

changeSuite("file", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rollouts-change-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const write = (id: string, text: string) => writeFile(join(dir, `${id}.json`), text);
  return {
    change: createFileChange({ config: { kind: "file", dir } }),
    put: async ({ startMs, endMs, ...rest }) => {
      const file = { schemaVersion: 1, ...rest, start: iso(startMs), end: iso(endMs) };
      await write(rest.id, JSON.stringify(file));
    },
    breakIt: () => write(aChangeRequest.id, "{"),
  };
});
