import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openChannels } from "../../../../src/adapters/notify/open.ts";
import { notifySuite } from "../../../contract/notify-suite.ts";
import { closedPort } from "../../../support/http-fake.ts";
import { channelAt } from "../../../support/http-fake-channels.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";
import { aMessage } from "../../../support/messages.ts";
import { type SmtpFake, startSmtpFake } from "../../../support/smtp-fake.ts";

let server: SmtpFake;
beforeEach(async () => {
  server = await startSmtpFake();
});
afterEach(() => server.close());

async function mailTo(url: string) {
  const { runtime } = createMemoryRuntime();
  const [notify] = await openChannels({ configs: [channelAt("email", url)], runtime, env: {} });
  if (notify === undefined) throw new Error("no channel was opened");
  return notify;
}

const troubles = { down: "451 try later", busy: "450 busy", never: "550 no such user" } as const;
notifySuite(
  "email",
  async () => ({
    notify: await mailTo(server.url),
    delivered: () => server.mails,
    breakIt: (how) => server.answerWith(how === undefined ? undefined : troubles[how]),
  }),
  { canFail: true, saysWhen: false },
);

describe("email", () => {
  it("is plain text with the fields of the message, one thread a rollout, the same id when it is repeated", async () => {
    const notify = await mailTo(server.url);
    await notify.send(aMessage());
    await notify.send(aMessage());
    const [first = "", again = ""] = server.mails;
    for (const mail of [first, again]) {
      expect(mail).toContain("Message-ID: <1.2.5-abc.17@pulumi-rollouts.invalid>");
      expect(mail).toContain("References: <1.2.5-abc@pulumi-rollouts.invalid>");
    }
    expect(first).toMatch(/To: platform@atp\.example/);
    expect(first).toMatch(/content-type: text\/plain/i);
  });

  it("tells codes alone: a server may quote who logs in", async () => {
    const [, port = ""] = /:(\d+)$/.exec(server.url) ?? [];
    const notify = await mailTo(`smtp://ada:planted-hunter22@127.0.0.1:${port}`);
    const delivery = await notify.send(aMessage());
    expect(delivery.status).not.toBe("sent");
    expect(JSON.stringify(delivery)).not.toMatch(/ada|hunter22/);
  });

  it("is later where nobody listens, and refused where the URL is none", async () => {
    const nobody = await mailTo(`smtp://127.0.0.1:${closedPort}`);
    expect(await nobody.send(aMessage())).toMatchObject({ status: "later" });
    const wrong = await mailTo("http://mail.example/planted-hunter22");
    expect(await wrong.send(aMessage())).toEqual({ status: "refused", reason: "its URL is not valid" });
  });
});
