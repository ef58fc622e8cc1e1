import { afterEach, describe, expect, it } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";
import { probeOff, showsOff } from "../../../src/cli/flag-probe.ts";
import { alone, aStack, flagId } from "../../support/flag-cli.ts";
import { closedPort, type FakeAnswer, type HttpFake, startHttpFake } from "../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../support/memory-runtime.ts";
import { anIo } from "./harness.ts";

const argv = ["flag", "off", "--stack", "prod", "--by", "dana", "--reason", "broken hashes"];
const fakes: HttpFake[] = [];
afterEach(async () => void (await Promise.all(fakes.splice(0).map((fake) => fake.close()))));

/** An application that answers in turn, and the last answer from then on. */
async function anApp(...answers: readonly (string | FakeAnswer)[]): Promise<HttpFake> {
  let asked = 0;
  const app = await startHttpFake(() => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? "cut";
    return typeof answer === "string" && answer !== "cut" ? { status: 200, body: answer } : answer;
  });
  fakes.push(app);
  return app;
}

describe("what counts as off", () => {
  it.each([
    ["the whole answer", " false\n", true],
    ["in words", "OFF", true],
    ["the member named as the flag", JSON.stringify({ [flagId]: false, enabled: true }), true],
    ["the member `enabled`", '{"enabled":"off","other":true}', true],
    ["true", "true", false],
    ["a member that is on", JSON.stringify({ [flagId]: true, enabled: false }), false],
    ["another member", '{"other":false}', false],
    ["null", "null", false],
    ["a text that holds the word", "false alarm", false],
    ["no JSON", "<html>", false],
    ["nothing", "", false],
  ])("%s", (_, text, off) => {
    expect(showsOff(text, {}, flagId)).toBe(off);
  });

  it("is what is expected, and that alone", () => {
    expect(showsOff("algorithm: SHA-256", { expect: "SHA-256" }, flagId)).toBe(true);
    expect(showsOff("false", { expect: "SHA-256" }, flagId)).toBe(false);
  });
});

describe("a probe", () => {
  /** Asks on a clock that each pause moves on. */
  async function probed(url: string, untilMs = 60_000, expected?: string) {
    const { runtime, wall } = createMemoryRuntime({ start: 0 });
    const moved = {
      ...wall,
      sleep: async (ms: number, signal?: AbortSignal) => {
        // Time limits wait for ever; pauses pass at once.
        if (ms === 250) await wall.advance(ms);
        else await wall.sleep(ms, signal);
      },
    };
    const probe = { url, ...(expected === undefined ? {} : { expect: expected }) };
    return await probeOff(probe, { flagId, fromMs: -100, untilMs }, { ...runtime, wall: moved });
  }

  it("is over after three answers in a row, and its time is that of the first of them", async () => {
    const app = await anApp("true", "false", "true", "false");
    // Asked at 0, 250, 500; off from 750 on.
    expect(await probed(app.url)).toEqual({ seen: true, ms: 850, asked: 6 });
  });

  it("passes over an answer that fails, and over none", async () => {
    const app = await anApp({ status: 500, body: "false" }, "cut", "false");
    expect(await probed(app.url)).toEqual({ seen: true, ms: 600, asked: 5 });
  });

  it("that never shows it says what came last, never its text", async () => {
    const app = await anApp('{"enabled":true,"key":"planted"}');
    expect(await probed(app.url, 1_000)).toEqual({
      seen: false,
      ms: 1_100,
      asked: 5,
      lastly: "HTTP 200, not off",
    });
    expect(await probed(`http://127.0.0.1:${closedPort}`, 0)).toMatchObject({
      seen: false,
      lastly: "ECONNREFUSED",
    });
  });
});

describe("flag off --probe", () => {
  async function opened(refreshSeconds = 5) {
    const flag = { ...(alone.flag ?? expect.unreachable()), refreshSeconds };
    const stack = aStack({ ...alone, flag });
    expect((await stack.driver.run()).outcome).toBe("promoted");
    return stack;
  }

  it("prints the time until the application shows it, against the objective", async () => {
    const app = await anApp("true", "false");
    const { run } = await opened();
    const { code, stdout } = await run([...argv, "--probe", app.url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}application +shows it off after \d+(\.\d)? m?s \(objective 10 s\)\n/);
    const { json } = await run([...argv, "--probe", app.url, "--json"]);
    const objective = { seen: true, objectiveMs: 10_000, met: true };
    expect(json).toMatchObject({ data: { application: objective } });
  });

  it("that never sees it: the flag is off and the stack follows, exit 9", async () => {
    const app = await anApp("true");
    const { driver, world } = await opened();
    const { io, streams, send } = anIo();
    const words = [...argv, "--probe", app.url, "--json"];
    const running = runCli({ argv: words, io, world, version: "0" });
    const converged = () => driver.entries().some(({ data }) => data["outcome"] === "reverted");
    await until(() => converged() && app.requests.length > 1);
    // Told to stop, as a job that takes too long: the wait alone ends.
    send("SIGTERM");
    const code = await running;
    const json = JSON.parse(streams.stdout);
    expect(code).toBe(9);
    expect(json).toMatchObject({
      data: { converged: { stack: "switched-off" }, application: { seen: false, met: false } },
      error: { code: "flag-not-seen", message: expect.stringContaining("HTTP 200, not off") },
    });
  });

  it.each([
    [30, "35 s at the worst; the objective of < 10 s is missed"],
    [5, "10 s at the worst, objective 10 s"],
  ])("without it says what a refresh of %i s makes of the objective", async (refreshSeconds, says) => {
    const { run } = await opened(refreshSeconds);
    const { stdout } = await run(argv);
    expect(stdout).toContain(says);
    const meets =
      "a refresh of 5 s or less meets it; an instance asks 720 times an hour then, and 41 of them";
    expect(stdout.includes(meets)).toBe(refreshSeconds === 30);
    expect(stdout.includes("Standard's 30,000 an hour (8.3/s)")).toBe(refreshSeconds === 30);
  });
});
