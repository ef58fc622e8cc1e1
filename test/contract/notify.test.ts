import { afterEach } from "vitest";
import { createLogNotify } from "../../src/adapters/notify/log-notify.ts";
import { createWebhookNotify } from "../../src/adapters/notify/webhook-notify.ts";
import { type HttpFake, startHttpFake } from "../support/http-fake.ts";
import { createMemoryNotify } from "../support/memory-notify.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { notifySuite } from "./notify-suite.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

notifySuite("memory", async () => {
  const notify = createMemoryNotify();
  return {
    notify,
    delivered: () => notify.sent.map((one) => `${one.rolloutId} ${one.title} ${one.text}`),
    breakIt: () => notify.failWith(new Error("down")),
  };
});

notifySuite(
  "log",
  async () => {
    const { runtime, lines } = createMemoryRuntime();
    return { notify: createLogNotify({ runtime }), delivered: () => lines, breakIt: () => undefined };
  },
  { canFail: false },
);

notifySuite("webhook", async () => {
  let status = 204;
  const taken: string[] = [];
  const server = await startHttpFake(({ body }) => {
    if (status === 204) taken.push(body);
    return { status };
  });
  servers.push(server);
  const { runtime } = createMemoryRuntime();
  const notify = createWebhookNotify({
    config: { kind: "webhook", url: `${server.url}/hook/s3cr3t` },
    runtime,
  });
  const breakIt = () => {
    status = 500;
  };
  return { notify, delivered: () => taken, breakIt };
});
