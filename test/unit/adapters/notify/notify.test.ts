import { afterEach, describe, expect, it } from "vitest";
import { createLogNotify } from "../../../../src/adapters/notify/log-notify.ts";
import { createWebhookNotify } from "../../../../src/adapters/notify/webhook-notify.ts";
import { message } from "../../../contract/notify-suite.ts";
import { closedPort, type FakeAnswer, type HttpFake, startHttpFake } from "../../../support/http-fake.ts";
import { createMemoryRuntime, until } from "../../../support/memory-runtime.ts";

let server: HttpFake | undefined;
afterEach(() => server?.close());

const secret = "T000/B000/s3cr3tkey";
async function webhook(answer: FakeAnswer) {
  server = await startHttpFake(() => answer);
  const { runtime, wall } = createMemoryRuntime();
  const url = `${server.url}/services/${secret}`;
  return { notify: createWebhookNotify({ config: { kind: "webhook", url }, runtime }), wall, server };
}

describe("webhook", () => {
  it("posts the message as versioned JSON", async () => {
    const { notify, server } = await webhook({ status: 200 });
    await notify.send(message);
    const [request] = server.requests;
    expect(request?.method).toBe("POST");
    expect(request?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(request?.body ?? "")).toEqual({ schemaVersion: 1, ...message });
  });

  it.each<[string, FakeAnswer, RegExp]>([
    ["an error of the server", { status: 500, body: secret }, /HTTP 500/],
    ["a key that was revoked", { status: 403 }, /HTTP 403/],
    [
      "a redirect, which could lead to another host",
      { status: 302, headers: { location: "/elsewhere" } },
      /HTTP 302/,
    ],
    ["a dropped connection", "cut", /did not take the message/],
  ])("throws on %s, without the URL", async (_, answer, pattern) => {
    const { notify, server } = await webhook(answer);
    const error = await notify.send(message).then(
      () => undefined,
      (thrown: Error & { code: string; hint: string }) => thrown,
    );
    expect(error?.code).toBe("notify-failed");
    expect(error?.message).toMatch(pattern);
    expect(`${error?.stack} ${error?.hint} ${JSON.stringify(error)}`).not.toContain("s3cr3t");
    expect(server.requests).toHaveLength(1);
  });

  it("gives up after 10 s", async () => {
    const { notify, wall, server } = await webhook("hang");
    const failed = expect(notify.send(message)).rejects.toThrow(/no answer within 10 s/);
    await until(() => server.requests.length === 1);
    await wall.advance(10_000);
    await failed;
  });

  it("throws where nothing listens, and for a URL that is none", async () => {
    const { runtime } = createMemoryRuntime();
    for (const url of [`http://127.0.0.1:${await closedPort()}/x`, "not a url s3cr3t"]) {
      const notify = createWebhookNotify({ config: { kind: "webhook", url }, runtime });
      await expect(notify.send(message)).rejects.toThrow(/ECONNREFUSED|URL is not valid/);
      await expect(notify.send(message)).rejects.not.toThrow(/s3cr3t/);
    }
  });
});

it("the log warns of what a person should look at", async () => {
  const { runtime, lines } = createMemoryRuntime();
  const notify = createLogNotify({ runtime });
  for (const kind of ["progress", "promoted", "hold", "revert", "revert-failed"] as const)
    await notify.send({ ...message, kind });
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["info", "info", "warn", "warn", "warn"]);
});
