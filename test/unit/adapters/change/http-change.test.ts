import { afterEach, describe, expect, it } from "vitest";
import { createHttpChange } from "../../../../src/adapters/change/http-change.ts";
import { openChange } from "../../../../src/adapters/change/open.ts";
import { parseChangeTime } from "../../../../src/adapters/change/times.ts";
import { atPointer } from "../../../../src/lib/json-pointer.ts";
import type { ChangeConfig, ChangeTimes } from "../../../../src/types/change-request.ts";
import { type FakeAnswer, type HttpFake, json, startHttpFake } from "../../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

type HttpConfig = Extract<ChangeConfig, { kind: "http" }>;
const secret = "Bearer s3cr3tT0ken";
const { runtime, wall } = createMemoryRuntime();
const fields = { state: "/state", service: "/ci", start: "/start", end: "/end" };
const body = {
  state: "Implement",
  ci: "atp-ingestion",
  start: "2026-01-15 09:00:00",
  end: "2026-01-15 12:00:00",
};

let server: HttpFake | undefined;
afterEach(() => server?.close());

async function change(answer: FakeAnswer, overrides: Partial<HttpConfig> = {}) {
  server = await startHttpFake(() => answer);
  const url = `${server.url}/api/change?number={id}`;
  const config: HttpConfig = { kind: "http", url, fields, times: "utc", authorization: secret, ...overrides };
  return { server, change: createHttpChange({ config, runtime }) };
}

describe("http", () => {
  it("asks with the id encoded, the credentials, and reads times as config says", async () => {
    const { server, change: source } = await change(json(body));
    expect(await source.read({ id: "CHG/1 & 2" })).toEqual({
      status: "value",
      change: {
        id: "CHG/1 & 2",
        state: "Implement",
        service: "atp-ingestion",
        startMs: Date.parse("2026-01-15T09:00:00Z"),
        endMs: Date.parse("2026-01-15T12:00:00Z"),
      },
    });
    const [request] = server.requests;
    expect(request?.url.searchParams.get("number")).toBe("CHG/1 & 2");
    expect(request?.headers.authorization).toBe(secret);
  });

  it("takes a state that is a number", async () => {
    const { change: source } = await change(json({ ...body, state: -1 }));
    expect(await source.read({ id: "1" })).toMatchObject({ change: { state: "-1" } });
  });

  it.each<[string, FakeAnswer, RegExp]>([
    ["refused credentials", json({}, 401), /refused \(HTTP 401\)/],
    ["no right", json({}, 403), /HTTP 403/],
    ["a redirect", { status: 302, headers: { location: "/login" } }, /sends elsewhere \(HTTP 302\)/],
    ["an error of the server", json({ secret }, 500), /HTTP 500/],
    ["no JSON", { status: 200, body: "<html>" }, /no JSON/],
    ["an empty list, as search APIs answer", json([]), /nothing usable as state stands at \/state/],
    ["no end, though a pointer is given", json({ ...body, end: undefined }), /as end stands at \/end/],
    ["a time in another form", json({ ...body, start: "15.01.2026 09:00" }), /as start stands at \/start/],
    [
      "an object where a word should be",
      json({ ...body, ci: { value: "atp-ingestion" } }),
      /as service stands/,
    ],
    ["a dropped connection", "cut", /can't be read/],
  ])("an error: %s", async (_, answer, message) => {
    const { change: source } = await change(answer);
    const read = await source.read({ id: "CHG1" });
    expect(read).toMatchObject({ status: "error", message: expect.stringMatching(message) });
    expect(JSON.stringify(read)).not.toContain("s3cr3t");
  });

  it("gives up after 10 s", async () => {
    const { server, change: source } = await change("hang");
    const read = source.read({ id: "CHG1" });
    await until(() => server.requests.length === 1);
    await wall.advance(10_000);
    expect(await read).toMatchObject({ status: "error", message: expect.stringMatching(/within 10 s/) });
  });

  it.each([
    "http://cab.example/{id}",
    "https://cab.example/changes",
    "https://{id}.example/",
    "cab",
    "ftp://x/{id}",
  ])("refuses the URL %s", async (url) => {
    const open = openChange({ config: { kind: "http", url, fields }, runtime, projectDir: "/" });
    await expect(open).rejects.toMatchObject({ code: "config-invalid", path: "rollout.change.url" });
  });
});

it.each<[string, unknown]>([
  ["", { a: [{ "x/y": 1, "m~n": 2 }], "": 3 }],
  ["/a/0/x~1y", 1],
  ["/a/0/m~0n", 2],
  ["/", 3],
  ["/a/1", undefined],
  ["/a/-1", undefined],
  ["/a/00", undefined],
  ["/a/length", undefined],
  ["/constructor", undefined],
  ["a", undefined],
  ["/a/0/x~1y/z", undefined],
])("the pointer %j", (pointer, found) => {
  expect(atPointer({ a: [{ "x/y": 1, "m~n": 2 }], "": 3 }, pointer)).toEqual(found);
});

it.each<[ChangeTimes, unknown, string | undefined]>([
  ["iso", "2026-01-15T10:00:00+01:00", "2026-01-15T09:00:00.000Z"],
  ["iso", "2026-01-15T09:00Z", "2026-01-15T09:00:00.000Z"],
  ["iso", "2026-01-15T09:00:00", undefined],
  ["iso", "2026-01-15", undefined],
  ["iso", "2026-13-15T09:00:00Z", undefined],
  ["iso", 1768467600, undefined],
  ["utc", "2026-01-15 09:00:00", "2026-01-15T09:00:00.000Z"],
  ["utc", "2026-01-15T09:00:00Z", undefined],
  ["epoch-seconds", 1768467600, "2026-01-15T09:00:00.000Z"],
  ["epoch-seconds", "1768467600", "2026-01-15T09:00:00.000Z"],
  ["epoch-ms", 1768467600000, "2026-01-15T09:00:00.000Z"],
  ["epoch-ms", "", undefined],
  ["epoch-ms", null, undefined],
])("a time as %s: %j", (times, written, iso) => {
  const ms = parseChangeTime(written, times);
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(iso);
});
