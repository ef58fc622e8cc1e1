import { describe, expect, it } from "vitest";
import type { MadeMessage } from "../../../src/driver/messages.ts";
import { channelQueue, type Mark } from "../../../src/driver/outbox-queue.ts";
import { createMemoryNotify } from "../../support/memory-notify.ts";
import { createMemoryRuntime, until } from "../../support/memory-runtime.ts";
import { aMessage } from "../../support/messages.ts";

function aQueue() {
  const { wall } = createMemoryRuntime();
  const channel = createMemoryNotify();
  const stop = new AbortController();
  const marks: (Mark & { readonly id: string })[] = [];
  const faults = { mark: false, held: true };
  const queue = channelQueue(channel, {
    wall,
    stopped: stop.signal,
    held: async () => faults.held,
    mark: async ({ message }, mark) => {
      if (faults.mark) throw new Error("the disk is full");
      marks.push({ id: message.id, ...mark });
    },
    changed: () => {},
  });
  const push = (id: string) => queue.push(made(id));
  const sent = () => channel.sent.map(({ id }) => id);
  /** Until it waits for its next try. */
  const waits = () => until(() => queue.isQuietUntil(wall.now()));
  return { wall, channel, stop, marks, faults, queue, push, sent, waits };
}

function made(id: string): MadeMessage {
  const entry = { state: "soaking", step: "5", planHash: "0" } as const;
  return { message: aMessage({ id }), channels: [], entry };
}

describe("the queue of one channel", () => {
  it("sends in order, one after another, and marks each", async () => {
    const { push, queue, sent, marks } = aQueue();
    for (const id of ["a", "b", "c"]) push(id);
    await queue.ended();
    expect(sent()).toEqual(["a", "b", "c"]);
    expect(marks).toEqual(["a", "b", "c"].map((id) => ({ id, ok: true })));
  });

  it("tries again after 1, 2, 4 s and so on, keeps the order, and writes the first failure alone", async () => {
    const { push, queue, sent, marks, wall, channel, waits } = aQueue();
    channel.answerWith({ status: "later", reason: "HTTP 503" });
    push("a");
    push("b");
    for (const seconds of [1, 2, 4]) {
      await waits();
      const { tries } = channel;
      await wall.advance(seconds * 1000 - 1);
      expect(channel.tries).toBe(tries);
      await wall.advance(1);
      await until(() => channel.tries === tries + 1);
    }
    await waits();
    channel.answerWith(undefined);
    await wall.advance(8000);
    await queue.ended();
    expect(sent()).toEqual(["a", "b"]);
    expect(marks).toEqual([
      { id: "a", ok: false, message: "HTTP 503; it is tried again" },
      { id: "a", ok: true },
      { id: "b", ok: true },
    ]);
  });

  it("has the patience that the service asks for", async () => {
    const { push, queue, sent, wall, channel, waits } = aQueue();
    channel.answerWith({ status: "later", reason: "HTTP 429", afterMs: 90_000 });
    push("a");
    await waits();
    channel.answerWith(undefined);
    expect(queue.isQuietUntil(wall.now() + 89_000)).toBe(true);
    expect(queue.isQuietUntil(wall.now() + 91_000)).toBe(false);
    await wall.advance(89_999);
    expect(sent()).toEqual([]);
    await wall.advance(1);
    await queue.ended();
    expect(sent()).toEqual(["a"]);
  });

  it("gives up what is refused at once, and what is late after 30 min; the next one goes on", async () => {
    const { push, queue, sent, marks, wall, channel, waits } = aQueue();
    channel.answerWith(() =>
      channel.tries === 1
        ? { status: "refused", reason: "channel_is_archived" }
        : { status: "later", reason: "down", afterMs: 600_000 },
    );
    push("a");
    push("b");
    push("c");
    for (const tries of [2, 3, 4]) {
      await until(() => channel.tries === tries);
      await waits();
      await wall.advance(600_000);
    }
    // Now for c: b was given up.
    await until(() => channel.tries === 6);
    await waits();
    channel.answerWith(undefined);
    await wall.advance(600_000);
    await queue.ended();
    expect(sent()).toEqual(["c"]);
    const given = marks.filter((mark) => "gaveUp" in mark);
    expect(given).toEqual([
      { id: "a", ok: false, gaveUp: true, message: "channel_is_archived" },
      { id: "b", ok: false, gaveUp: true, message: "down; given up after 4 tries" },
    ]);
  });

  it.each(["hang", "throw"] as const)(
    "takes a channel that breaks its word (%s) for one that is down",
    async (how) => {
      const { push, queue, sent, wall, channel, waits } = aQueue();
      channel.answerWith(how);
      push("a");
      await until(() => channel.tries === 1);
      if (how === "hang") await wall.advance(15_000);
      await waits();
      channel.answerWith(undefined);
      await wall.advance(1000);
      await queue.ended();
      expect(sent()).toEqual(["a"]);
    },
  );

  it("ends where nothing may be sent any more: stopped, without the lease, without a journal", async () => {
    const stopped = aQueue();
    stopped.channel.answerWith("hang");
    stopped.push("a");
    await until(() => stopped.channel.tries === 1);
    stopped.stop.abort();
    await stopped.queue.ended();
    expect(stopped.marks).toEqual([]);

    const lost = aQueue();
    lost.faults.held = false;
    lost.push("a");
    await lost.queue.ended();
    expect(lost.channel.tries).toBe(0);

    const full = aQueue();
    full.faults.mark = true;
    full.push("a");
    full.push("b");
    await full.queue.ended();
    expect(full.channel.tries).toBe(1);
  });
});
