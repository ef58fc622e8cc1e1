import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/clock.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}

/** A worker that sleeps `times` times and notes when it woke. */
async function worker(
  clock: VirtualClock,
  notes: string[],
  plan: { name: string; everyMs: number; times: number },
): Promise<void> {
  for (let left = plan.times; left > 0; left -= 1) {
    await clock.sleep(plan.everyMs);
    notes.push(`${plan.name}@${clock.now()}`);
  }
}

describe("a sleep without a hold", () => {
  it("takes an hour of virtual and no real time", async () => {
    const clock = createVirtualClock({ startMs: 500 });
    const startedAt = performance.now();
    await clock.sleep(3_600_000);
    expect(clock.now()).toBe(3_600_500);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("interleaves several sleepers by their times, equal times by their calls", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const notes: string[] = [];
    await Promise.all([
      worker(clock, notes, { name: "slow", everyMs: 30, times: 2 }),
      worker(clock, notes, { name: "fast", everyMs: 10, times: 6 }),
    ]);
    expect(notes).toEqual([
      "fast@10",
      "fast@20",
      "slow@30",
      "fast@30",
      "fast@40",
      "fast@50",
      "slow@60",
      "fast@60",
    ]);
  });

  it("lets work at one instant finish before time goes on", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const notes: number[] = [];
    const busy = (async () => {
      await clock.sleep(10);
      // Promises and a turn of the event loop, as a call to a library may take.
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      await turn();
      notes.push(clock.now());
      await clock.sleep(5);
      notes.push(clock.now());
    })();
    await Promise.all([busy, clock.sleep(1_000)]);
    expect(notes).toEqual([10, 15]);
  });

  it("waits for a file that is being written: a journal entry belongs to its instant", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const dir = await mkdtemp(join(tmpdir(), "clock-"));
    const stamps: number[] = [];
    const writer = (async () => {
      for (let entry = 0; entry < 20; entry += 1) {
        await writeFile(join(dir, `${entry}`), "x".repeat(100_000), { flush: true });
        stamps.push(clock.now());
      }
    })();
    await Promise.all([writer, clock.sleep(60_000)]);
    await rm(dir, { recursive: true });
    expect(new Set(stamps)).toEqual(new Set([0]));
  });

  it("ends early when its signal aborts, without moving time for it", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const abort = new AbortController();
    const release = clock.hold();
    const slept = clock.sleep(1_000, abort.signal);
    abort.abort();
    await slept;
    expect(clock.now()).toBe(0);
    release();
    await clock.sleep(10);
    expect(clock.now()).toBe(10);
  });

  it("doesn't sleep under a signal that has aborted before", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    await clock.sleep(1_000, AbortSignal.abort());
    expect(clock.now()).toBe(0);
  });
});

describe("a hold", () => {
  it("keeps sleepers asleep however long real work takes, until it is released", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const release = clock.hold();
    let woke = false;
    const sleeping = clock.sleep(10).then(() => {
      woke = true;
    });
    await turns(20);
    expect([woke, clock.now()]).toEqual([false, 0]);
    release();
    await sleeping;
    expect(clock.now()).toBe(10);
  });

  it("counts also when it is taken after the sleep began, in the same instant", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const sleeping = clock.sleep(10);
    await Promise.resolve();
    const release = clock.hold();
    await turns(20);
    expect(clock.now()).toBe(0);
    release();
    await sleeping;
    expect(clock.now()).toBe(10);
  });

  it("holds until the last one is released; a second call of a release changes nothing", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const first = clock.hold();
    const second = clock.hold();
    const sleeping = clock.sleep(10);
    first();
    first();
    await turns(20);
    expect(clock.now()).toBe(0);
    second();
    await sleeping;
    expect(clock.now()).toBe(10);
  });

  it("lets time pass by advance, which wakes who is due at the time when he is due", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    const release = clock.hold();
    const notes: string[] = [];
    const looking = worker(clock, notes, { name: "look", everyMs: 10, times: 3 });
    await clock.advance(25);
    expect([clock.now(), notes]).toEqual([25, ["look@10", "look@20"]]);
    await clock.advance(5);
    await looking;
    expect(notes).toEqual(["look@10", "look@20", "look@30"]);
    release();
  });
});

describe("advance", () => {
  it("adds up when called twice at once", async () => {
    const clock = createVirtualClock({ startMs: 0 });
    await Promise.all([clock.advance(40), clock.advance(2)]);
    expect(clock.now()).toBe(42);
  });

  it.each([-1, Number.NaN])("refuses %d ms: time goes forward", (ms) => {
    const clock = createVirtualClock({ startMs: 0 });
    expect(() => clock.advance(ms)).toThrow(RangeError);
    expect(() => clock.sleep(ms)).toThrow(`received ${ms}`);
  });
});
