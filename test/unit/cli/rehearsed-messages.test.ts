import { describe, expect, it } from "vitest";
import { parseMessageServers, rehearsedMessages } from "../../../src/cli/compose/rehearsed-messages.ts";
import type { NotifyConfig } from "../../../src/types/notify.ts";
import { aPolicy } from "../../support/builders.ts";
import { json, startHttpFake } from "../../support/http-fake.ts";
import { channelAt, plantedKey } from "../../support/http-fake-channels.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aMessage } from "../../support/messages.ts";
import { startSmtpFake } from "../../support/smtp-fake.ts";

const kinds: readonly NotifyConfig["kind"][] = [
  "pagerduty",
  "slack",
  "slack",
  "teams",
  "github-deployments",
  "webhook",
  "app-insights",
];
/** Where nobody must ever hear of a rehearsal. */
const real = "https://real.example";
const channels = kinds.map((kind) => channelAt(kind, real));

const issuesOf = async (of: Promise<unknown> | (() => unknown)) =>
  await (typeof of === "function" ? (async () => of())() : of).then(
    () => [],
    (error: { readonly issues: readonly { readonly received?: string; readonly rule: string }[] }) =>
      error.issues.map(({ received, rule }) => `${received ?? ""} ${rule}`.trim()),
  );

describe("servers for a rehearsal's messages", () => {
  it("are of this machine, alone or for one channel", () => {
    expect(
      parseMessageServers("https://127.0.0.1:8443, slack 2=http://localhost:1,email=smtp://[::1]:25"),
    ).toEqual([
      { url: "https://127.0.0.1:8443" },
      { channel: "slack 2", url: "http://localhost:1" },
      { channel: "email", url: "smtp://[::1]:25" },
    ]);
  });

  it.each([
    "https://hooks.slack.com/services/T0",
    "slack=https://hooks.slack.com/services/T0",
    "https://127.0.0.1.nip.io",
    "https://127.0.0.1@hooks.slack.com",
    "https://user:password@127.0.0.1",
    "ftp://127.0.0.1",
    "127.0.0.1:8443",
    "",
  ])("nowhere else: %j", async (text) => {
    expect(await issuesOf(() => parseMessageServers(text))).toEqual([
      expect.stringContaining("of this machine: a rehearsal pages nobody"),
    ]);
  });

  it("get what each channel would, and no key", async () => {
    const server = await startHttpFake(({ url, method }) =>
      method === "GET"
        ? json([])
        : url.pathname.endsWith("/incident")
          ? json({ id: 7 })
          : json({ id: 1 }, 201),
    );
    const mail = await startSmtpFake();
    try {
      const notify = [...channels, channelAt("email", "smtps://user:planted@real.example")];
      const incident = { kind: "http", url: real, authorization: plantedKey, id: "/id" } as const;
      const servers = parseMessageServers(`${server.url},${mail.url}`);
      const { runtime } = createMemoryRuntime();
      const opened = await rehearsedMessages(aPolicy({ notify, incident }), servers, runtime);
      for (const channel of opened.notify)
        expect(await channel.send(aMessage({ rehearsed: true })), channel.name).toEqual({ status: "sent" });
      const asked = { key: "k", title: "t", text: "x", service: "s", environment: "e" };
      expect(await opened.incidents?.open(asked)).toEqual({ id: "7" });
      const paths = new Set(server.requests.map(({ url }) => url.pathname.split("/")[1]));
      const names = [
        "pagerduty",
        "slack",
        "slack-2",
        "teams",
        "github-deployments",
        "webhook",
        "app-insights",
      ];
      expect([...paths]).toEqual([...names, "incident"]);
      expect(mail.mails).toHaveLength(1);
      const sent = server.requests.map(
        ({ url, headers, body }) => `${url} ${JSON.stringify(headers)} ${body}`,
      );
      expect([...sent, ...mail.mails].join("\n")).not.toMatch(/planted|real\.example/);
    } finally {
      await Promise.all([server.close(), mail.close()]);
    }
  });

  it("must be there for every channel, and every one of theirs a channel", async () => {
    const notify = [channelAt("slack", real), channelAt("email", real), channelAt("log", real)];
    const incident = { kind: "http", url: real, id: "/id" } as const;
    const servers = parseMessageServers("slack=https://127.0.0.1:1,pagerduty=https://127.0.0.1:2");
    const { runtime } = createMemoryRuntime();
    expect(await issuesOf(rehearsedMessages(aPolicy({ notify, incident }), servers, runtime))).toEqual([
      "no server for the channel email",
      "no server for the channel incident",
      '"pagerduty" no channel of the stack has this name',
    ]);
  });

  it("without any: messages go into the journal alone", async () => {
    const { runtime } = createMemoryRuntime({
      fetch: async () => {
        throw new Error("something was sent");
      },
    });
    const { notify, incidents } = await rehearsedMessages(aPolicy({ notify: channels }), [], runtime);
    expect(notify.map(({ name }) => name)).toEqual(["rehearsed"]);
    expect(await notify[0]?.send(aMessage())).toEqual({ status: "sent" });
    expect(incidents).toBeUndefined();
  });
});
