import { describe, expect, it } from "vitest";
import { createInterrupts } from "../../../src/cli/interrupts.ts";
import { createSink } from "../../../src/cli/sink.ts";
import { anIo } from "./harness.ts";

function guard(tty: boolean) {
  const { io, streams, send } = anIo({ tty });
  const interrupts = createInterrupts(io, createSink(io, { color: false }).talk);
  return { interrupts, streams, send };
}

describe("a stop of the process", () => {
  const atOnce = [
    { signal: "SIGTERM", tty: true, why: "only Node.js gets it, also on a terminal" },
    { signal: "SIGHUP", tty: true, why: "the terminal is gone" },
    { signal: "SIGINT", tty: false, why: "off a terminal the engine did not get it" },
    { signal: "SIGINT", tty: true, why: "on a terminal while no engine runs" },
  ] as const;
  it.each(atOnce)("$signal aborts at once: $why", ({ signal, tty }) => {
    const { interrupts, send } = guard(tty);
    send(signal);
    expect(interrupts.signal.aborted).toBe(true);
  });

  it("Ctrl-C on a terminal waits for the engine, which got it too, then aborts before anybody goes on", async () => {
    const { interrupts, send, streams } = guard(true);
    const engine = Promise.withResolvers<string>();
    const seen: boolean[] = [];
    const work = interrupts.track(engine.promise).then(() => seen.push(interrupts.signal.aborted));
    send("SIGINT");
    expect(interrupts.signal.aborted).toBe(false);
    expect(streams.stderr).toContain("the engine got it too");
    send("SIGINT");
    expect(streams.stderr).toContain("`rollouts run` cleans up after it");
    expect(interrupts.signal.aborted).toBe(false);
    engine.resolve("done");
    await work;
    expect(seen).toEqual([true]);
  });

  it("an engine that fails after Ctrl-C ends the wait too", async () => {
    const { interrupts, send } = guard(true);
    const engine = Promise.withResolvers<string>();
    const work = interrupts.track(engine.promise);
    send("SIGINT");
    engine.reject(new Error("cancelled"));
    await expect(work).rejects.toThrow("cancelled");
    expect(interrupts.signal.aborted).toBe(true);
  });
});
