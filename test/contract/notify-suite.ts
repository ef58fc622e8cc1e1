import { describe, expect, it } from "vitest";
import type { Notify } from "../../src/ports/notify.ts";
import { aMessage } from "../support/messages.ts";

/** How a service can fail: down for now, busy (asking for 7 s of patience), or never taking this message. */
export type Trouble = "down" | "busy" | "never";

export interface NotifyUnderTest {
  readonly notify: Notify;
  /** The texts that reached people so far. */
  readonly delivered: () => readonly string[];
  /** Breaks the channel; undefined mends it. */
  readonly breakIt: (how: Trouble | undefined) => void;
}

export interface NotifySuiteOptions {
  /** False for a channel that can't fail, such as the log. */
  readonly canFail: boolean;
  /** How the service asks for patience, where it can. */
  readonly saysWhen?: false;
}

/** What every channel keeps to. */
export function notifySuite(
  name: string,
  open: () => Promise<NotifyUnderTest>,
  { canFail, saysWhen }: NotifySuiteOptions = { canFail: true },
): void {
  describe(`notify: ${name}`, () => {
    it("delivers the title of each message, in order, and says so", async () => {
      const { notify, delivered } = await open();
      expect(await notify.send(aMessage())).toEqual({ status: "sent" });
      const second = aMessage({ id: "1.2.5-abc/18", title: "second" });
      expect(await notify.send(second)).toEqual({ status: "sent" });
      const texts = delivered();
      expect(texts).toHaveLength(2);
      expect(texts[0]).toContain("ROLLBACK IN PROGRESS");
      expect(texts[1]).toContain("second");
      expect([notify.name, notify.kind]).not.toContain("");
      expect(["all", "incidents", "deployments"]).toContain(notify.for);
    });

    if (!canFail) return;
    it("never throws: what is down is later, what is wrong with the message is refused", async () => {
      const { notify, delivered, breakIt } = await open();
      breakIt("down");
      expect(await notify.send(aMessage())).toMatchObject({ status: "later", reason: expect.any(String) });
      breakIt("never");
      expect(await notify.send(aMessage())).toMatchObject({ status: "refused", reason: expect.any(String) });
      expect(delivered()).toHaveLength(0);
      breakIt(undefined);
      expect(await notify.send(aMessage())).toEqual({ status: "sent" });
    });

    it.skipIf(saysWhen === false)("asks for as much patience as the service does", async () => {
      const { notify, breakIt } = await open();
      breakIt("busy");
      expect(await notify.send(aMessage())).toMatchObject({ status: "later", afterMs: 7000 });
    });

    it("sends nothing once it is stopped", async () => {
      const { notify, delivered } = await open();
      const answer = await notify.send(aMessage(), AbortSignal.abort());
      expect(answer.status).toBe("later");
      expect(delivered()).toHaveLength(0);
    });
  });
}
