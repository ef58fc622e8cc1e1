import { describe, expect, it } from "vitest";
import { createCommandExceptions } from "../../../../src/adapters/exceptions/command-exceptions.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

const span = { sinceMs: Date.UTC(2026, 0, 15, 10), nowMs: Date.UTC(2026, 0, 15, 10, 5) };
const { runtime } = createMemoryRuntime();
const node = (script: string) => createCommandExceptions({ run: [process.execPath, "-e", script], runtime });

describe("exceptions by a command", () => {
  it("lists them, the most frequent first", async () => {
    const list = [
      { type: "TimeoutException", count: 3 },
      { type: "NullReferenceException", count: 12 },
      { type: "IOException", count: 0, more: "ignored" },
    ];
    const source = node(`console.log(${JSON.stringify(JSON.stringify(list))})`);
    expect(await source.list(span)).toEqual({
      status: "value",
      types: [
        { type: "NullReferenceException", count: 12 },
        { type: "TimeoutException", count: 3 },
        { type: "IOException", count: 0 },
      ],
    });
  });

  it("an empty list is none", async () => {
    expect(await node("console.log('[]')").list(span)).toEqual({ status: "value", types: [] });
  });

  it("is told the span", async () => {
    const source = node(
      "console.log(JSON.stringify([{type: process.env.SINCE + ' ' + process.env.NOW, count: 1}]))",
    );
    expect(await source.list(span)).toMatchObject({
      types: [{ type: "2026-01-15T10:00:00.000Z 2026-01-15T10:05:00.000Z" }],
    });
  });

  it.each([
    ["nothing", ""],
    ["prose", "console.log('no exceptions')"],
    ["an object", "console.log('{}')"],
    ["a count that is none", `console.log('[{"type": "A", "count": -1}]')`],
    ["a type without a name", `console.log('[{"type": "", "count": 1}]')`],
    ["more than is kept", "console.log(JSON.stringify(Array(1000).fill({type: 'AnException', count: 1})))"],
  ])("%s is an error, never an empty list", async (_, script) => {
    expect(await node(script).list(span)).toMatchObject({
      status: "error",
      message: expect.stringContaining("prints no list"),
    });
  });

  it("another exit is an error, with its last line", async () => {
    const said = await node("console.log('[]'); console.error('no login'); process.exit(1)").list(span);
    expect(said).toMatchObject({
      status: "error",
      message: expect.stringContaining("failed: exit 1: no login"),
    });
  });

  it("one that isn't there, is cut short, or hangs", async () => {
    const missing = createCommandExceptions({ run: ["no-such-program"], runtime });
    expect(await missing.list(span)).toMatchObject({ message: expect.stringContaining("can't be started") });
    const stop = new AbortController();
    stop.abort();
    expect(await node("").list({ ...span, signal: stop.signal })).toMatchObject({
      message: expect.stringContaining("was cancelled"),
    });
    const manual = createMemoryRuntime();
    const run = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
    const hangs = createCommandExceptions({ run, runtime: manual.runtime }).list(span);
    await until(() => manual.wall.sleepers() > 0);
    await manual.wall.advance(30_000);
    expect(await hangs).toMatchObject({ message: expect.stringContaining("did not end within 30 s") });
  });
});
