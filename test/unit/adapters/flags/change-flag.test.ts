import { describe, expect, it } from "vitest";
import { changeFlag } from "../../../../src/adapters/flags/change-flag.ts";
import type { FlagContent, FlagReading } from "../../../../src/ports/flags.ts";
import { createMemoryFlags } from "../../../support/memory-flags.ts";

const content = (value: string): FlagContent => ({ value, tags: {} });
/** Adds a letter, once. */
const add = (letter: string) => (there: FlagReading | undefined) =>
  there?.value.includes(letter) ? undefined : { ...content(`${there?.value ?? ""}${letter}`) };

function clockOf() {
  const slept: number[] = [];
  return { slept, clock: { sleep: async (ms: number) => void slept.push(ms) } };
}

describe("a change of a flag", () => {
  it("makes what isn't there, writes what isn't right, and leaves what is", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    expect(await changeFlag(flags, add("a"), { clock })).toEqual({ etag: "v1", written: true, attempts: 1 });
    expect(await changeFlag(flags, add("b"), { clock })).toEqual({ etag: "v2", written: true, attempts: 1 });
    expect(await changeFlag(flags, add("b"), { clock })).toEqual({ etag: "v2", written: false, attempts: 1 });
    expect(flags.flag?.value).toBe("ab");
    expect(flags.writes).toBe(2);
  });

  it("lasts beside any number of others at once", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    const letters = [..."abcdefgh"];
    await Promise.all(letters.map((letter) => changeFlag(flags, add(letter), { clock, attempts: 20 })));
    expect([...(flags.flag?.value ?? "")].sort()).toEqual(letters);
  });

  it("takes in what was made or removed between", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    flags.beforeNextWrite(() => flags.put(content("x")));
    await changeFlag(flags, add("a"), { clock });
    expect(flags.flag?.value).toBe("xa");
    flags.beforeNextWrite(() => flags.put(undefined));
    await changeFlag(flags, add("b"), { clock });
    expect(flags.flag?.value).toBe("b");
  });

  it("finds out by a read what a lost answer was", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    flags.nextWrites("lost");
    expect(await changeFlag(flags, add("a"), { clock })).toEqual({ etag: "v1", written: true, attempts: 2 });
    flags.nextWrites("not-sent");
    expect(await changeFlag(flags, add("b"), { clock })).toMatchObject({ written: true, attempts: 2 });
    expect(flags.flag?.value).toBe("ab");
    expect(flags.writes).toBe(3);
  });

  it("waits as long as the store asks for", async () => {
    const flags = createMemoryFlags();
    const { clock, slept } = clockOf();
    flags.nextWrites("throttled", "throttled");
    expect(await changeFlag(flags, add("a"), { clock })).toMatchObject({ written: true, attempts: 3 });
    expect(slept).toEqual([40, 40]);
  });

  it("is given up on after its attempts, and says why", async () => {
    const flags = createMemoryFlags();
    const { clock, slept } = clockOf();
    const fails = async (attempts: number) =>
      changeFlag(flags, add("a"), { clock, attempts }).catch((error: unknown) => Object(error));
    for (const at of ["x", "y"]) flags.beforeNextWrite(() => flags.put(content(at)));
    const contended = await fails(2);
    expect(contended).toMatchObject({ code: "flag-contended", exit: "resource" });
    expect(contended.message).toContain("in 2 attempts: somebody else wrote it");
    flags.nextWrites("throttled", "throttled");
    expect((await fails(2)).message).toContain("wait for 40 ms");
    // After the last there is nothing to wait for.
    expect(slept).toEqual([40]);
    flags.nextWrites("not-sent");
    expect((await fails(1)).message).toContain("ECONNRESET");
  });

  it("is refused by a lock, before a write and during it", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    flags.put(content("x"));
    flags.lock(true);
    await expect(changeFlag(flags, add("a"), { clock })).rejects.toMatchObject({ code: "flag-locked" });
    expect(flags.writes).toBe(0);
    // What is right already needs no key.
    expect(await changeFlag(flags, add("x"), { clock })).toMatchObject({ written: false });
    flags.lock(false);
    flags.beforeNextWrite(() => flags.lock(true));
    await expect(changeFlag(flags, add("a"), { clock })).rejects.toMatchObject({ code: "flag-locked" });
  });

  it("ends with its signal, and with whatever the change or the store throws", async () => {
    const flags = createMemoryFlags();
    const { clock } = clockOf();
    await expect(changeFlag(flags, add("a"), { clock, signal: AbortSignal.abort() })).rejects.toThrow();
    const refuse = () => {
      throw new Error("not this flag");
    };
    await expect(changeFlag(flags, refuse, { clock })).rejects.toThrow("not this flag");
    flags.failWith(new Error("down"));
    await expect(changeFlag(flags, add("a"), { clock })).rejects.toThrow("down");
    expect(flags.writes).toBe(0);
  });
});
