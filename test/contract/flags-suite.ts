import { describe, expect, it } from "vitest";
import { absentFlag, type FlagContent, type Flags } from "../../src/ports/flags.ts";

export interface FlagsUnderTest {
  readonly flags: Flags;
  /** Writes past the port, as another process does; undefined removes the flag. */
  readonly put: (content: FlagContent | undefined) => Promise<void>;
  readonly lock: (locked: boolean) => Promise<void>;
  /** The store stops answering. */
  readonly breakIt: () => Promise<void>;
}

const content: FlagContent = {
  value: '{"id":"a","enabled":true}',
  contentType: "application/vnd.microsoft.appconfig.ff+json;charset=utf-8",
  tags: { team: "audit" },
  description: "what it is",
};

/** What every store of flags keeps to. */
export function flagsSuite(name: string, open: () => Promise<FlagsUnderTest>): void {
  describe(`flags: ${name}`, () => {
    it("reads nothing where there is none, and makes it only there", async () => {
      const { flags } = await open();
      expect(flags.name).not.toBe("");
      expect(await flags.read()).toBeUndefined();
      const made = await flags.write(content, { ifMatch: absentFlag });
      expect(made).toMatchObject({ status: "ok" });
      expect(await flags.read()).toMatchObject({ ...content, locked: false });
      expect(await flags.write(content, { ifMatch: absentFlag })).toEqual({ status: "conflict" });
    });

    it("writes all of a flag on top of what was read, and reads it back", async () => {
      const { flags, put } = await open();
      await put(content);
      const before = await flags.read();
      const bare: FlagContent = { value: '{"id":"a"}', tags: {} };
      const written = await flags.write(bare, { ifMatch: before?.etag ?? "" });
      const after = await flags.read();
      expect(written).toEqual({ status: "ok", etag: after?.etag });
      expect(after?.etag).not.toBe(before?.etag);
      expect(after).toMatchObject(bare);
      expect(after).not.toHaveProperty("contentType");
      expect(after).not.toHaveProperty("description");
    });

    it("writes nothing over what others wrote, made, or removed since", async () => {
      const { flags, put } = await open();
      await put(content);
      const before = await flags.read();
      const theirs = { ...content, value: '{"id":"theirs"}' };
      await put(theirs);
      expect(await flags.write(content, { ifMatch: before?.etag ?? "" })).toEqual({ status: "conflict" });
      expect(await flags.read()).toMatchObject(theirs);
      const present = await flags.read();
      await put(undefined);
      expect(await flags.write(content, { ifMatch: present?.etag ?? "" })).toEqual({ status: "conflict" });
      expect(await flags.read()).toBeUndefined();
    });

    it("has another etag after each write, of the same content too", async () => {
      const { flags, put } = await open();
      await put(content);
      const first = await flags.read();
      const written = await flags.write(content, { ifMatch: first?.etag ?? "" });
      expect(written).toMatchObject({ status: "ok" });
      expect((await flags.read())?.etag).not.toBe(first?.etag);
    });

    it("says that a flag is locked, and writes again once it isn't", async () => {
      const { flags, put, lock } = await open();
      await put(content);
      await lock(true);
      const held = await flags.read();
      expect(held?.locked).toBe(true);
      expect(await flags.write(content, { ifMatch: held?.etag ?? "" })).toEqual({ status: "locked" });
      await lock(false);
      const free = await flags.read();
      expect(free?.locked).toBe(false);
      expect(await flags.write(content, { ifMatch: free?.etag ?? "" })).toMatchObject({ status: "ok" });
    });

    it("throws when it is cancelled, and when the store doesn't answer; a write doesn't pass for done", async () => {
      const { flags, put, breakIt } = await open();
      await put(content);
      const signal = AbortSignal.abort();
      await expect(flags.read(signal)).rejects.toThrow();
      const before = await flags.read();
      await expect(flags.write(content, { ifMatch: before?.etag ?? "", signal })).rejects.toThrow();
      expect((await flags.read())?.etag).toBe(before?.etag);
      await breakIt();
      await expect(flags.read()).rejects.toThrow();
      const outcome = await flags.write(content, { ifMatch: before?.etag ?? "" }).catch(() => "thrown");
      expect(["thrown", "unknown"]).toContain(typeof outcome === "string" ? outcome : outcome.status);
    });
  });
}
