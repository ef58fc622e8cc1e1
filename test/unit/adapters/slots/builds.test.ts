import { describe, expect, it } from "vitest";
import { armFailure, operationFailure } from "../../../../src/adapters/slots/arm-failure.ts";
import { createBuildProbe, describeBuilds, serves } from "../../../../src/adapters/slots/builds.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

function probe(answer: () => Response | Promise<Response>) {
  const asked: string[] = [];
  const fetch = async (url: string | URL | Request) => {
    asked.push(String(url));
    return answer();
  };
  const { runtime } = createMemoryRuntime({ fetch: fetch as typeof globalThis.fetch });
  return { asked, ask: () => createBuildProbe(runtime, "/version")("app.example") };
}

describe("asking an app for its build", () => {
  it.each<[string, () => Response, string | null]>([
    ["plain text", () => new Response("1.2.4\n"), "1.2.4"],
    ["JSON with a buildId", () => Response.json({ buildId: "1.2.4", other: 1 }), "1.2.4"],
    ["a JSON text is taken as it stands", () => new Response('{"version":"1"}'), '{"version":"1"}'],
    ["nothing", () => new Response(""), null],
    ["a page", () => new Response("x".repeat(300)), null],
    ["a 404", () => new Response("1.2.4", { status: 404 }), null],
    ["no answer", () => Response.error() && raise(), null],
  ])("%s", async (_what, answer, expected) => {
    const { ask, asked } = probe(answer);
    expect(await ask()).toBe(expected);
    expect(asked).toEqual(["https://app.example/version"]);
  });
});

function raise(): never {
  throw new TypeError("fetch failed");
}

describe("what production serves", () => {
  const both = { production: "1.2.4", idle: "1.2.3" };
  it.each<[string, Parameters<typeof serves>[0], boolean, string]>([
    [
      "settings alone, where the app isn't asked",
      both,
      true,
      "production serves 1.2.4, the slot staging holds 1.2.3",
    ],
    [
      "both agree",
      { ...both, answered: "1.2.4" },
      true,
      "production serves 1.2.4, the slot staging holds 1.2.3",
    ],
    ["the app answers another", { ...both, answered: "1.2.3" }, false, "(its app answers 1.2.3)"],
    ["the app does not answer", { ...both, answered: null }, false, "(its app gives no answer)"],
    [
      "nothing was ever put there",
      { production: undefined, idle: undefined },
      false,
      "production serves no build",
    ],
  ])("%s", (_what, builds, expected, text) => {
    expect(serves(builds, "1.2.4")).toBe(expected);
    expect(describeBuilds(builds, "staging")).toContain(text);
  });
});

describe("what an error of ARM means", () => {
  const error = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode });
  it.each<[string, unknown, string]>([
    ["409 in progress", error(409, "another operation is in progress"), "in-progress"],
    ["409 of any other kind waits too", error(409, "conflict"), "in-progress"],
    ["409 prepared", error(409, "have been prepared for swap"), "prepared"],
    ["400 VM allocation", error(400, "the allocation of VM instances for 'a' has changed"), "vm-allocation"],
    ["400 of any other kind", error(400, "could not be started"), "refused"],
    ["403", error(403, "no"), "refused"],
    ["429", error(429, "slow down"), "throttled"],
    ["500 may have begun", error(500, "try again"), "unknown"],
    ["503 may have begun", error(503, "try again"), "unknown"],
    [
      "a cut connection may have begun",
      Object.assign(new Error("hang up"), { code: "ECONNRESET" }),
      "unknown",
    ],
    ["what is no error", "text", "unknown"],
  ])("%s", (_what, thrown, kind) => {
    expect(armFailure(thrown).kind).toBe(kind);
  });

  it("says status and text in one line, cut down", () => {
    expect(armFailure(error(400, `two\n lines ${"x".repeat(400)}`)).message).toMatch(/^400: two lines x+…$/);
    expect(operationFailure("allocation of VM instances").kind).toBe("vm-allocation");
    expect(operationFailure("no").kind).toBe("refused");
  });
});
