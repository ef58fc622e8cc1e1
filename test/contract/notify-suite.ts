import { describe, expect, it } from "vitest";
import type { Message, Notify } from "../../src/ports/notify.ts";

export interface NotifyUnderTest {
  readonly notify: Notify;
  /** The texts that reached people so far. */
  readonly delivered: () => readonly string[];
  /** Breaks the channel. */
  readonly breakIt: () => void;
}

export const message: Message = {
  kind: "revert",
  title: "atp-ingestion 1.2.5 was taken back at 20 %",
  text: "Error rate 3.1 % of 2410 requests, limit 1 %. Weight 0 after 0.1 s.",
  rolloutId: "r1",
};

export interface NotifySuiteOptions {
  /** False for a channel that can't fail, such as the log. */
  readonly canFail: boolean;
}

/** What every channel keeps to. */
export function notifySuite(
  name: string,
  open: () => Promise<NotifyUnderTest>,
  { canFail }: NotifySuiteOptions = { canFail: true },
): void {
  describe(`notify: ${name}`, () => {
    it("delivers title, text and rollout of each message, in order", async () => {
      const { notify, delivered } = await open();
      await notify.send(message);
      await notify.send({ ...message, kind: "progress", title: "second" });
      const texts = delivered();
      expect(texts).toHaveLength(2);
      for (const part of [message.title, message.text, message.rolloutId]) expect(texts[0]).toContain(part);
      expect(texts[1]).toContain("second");
      expect(notify.name).not.toBe("");
    });

    if (!canFail) return;
    it("throws when the message did not arrive", async () => {
      const { notify, delivered, breakIt } = await open();
      breakIt();
      await expect(notify.send(message)).rejects.toThrow();
      expect(delivered()).toHaveLength(0);
    });
  });
}
