import { describe, expect, it } from "vitest";
import type { Integrity } from "../../src/ports/gauge.ts";

/** What the verifier finds, or that it can't. */
export type Finding =
  | { readonly status: "whole" | "broken"; readonly said?: string }
  /** An answer that is neither: another exit code, another HTTP status. */
  | { readonly status: "neither"; readonly code: number }
  /** Never answers. */
  | { readonly status: "hangs" };

export interface IntegrityUnderTest {
  readonly integrity: Integrity;
  readonly find: (finding: Finding) => void;
  /** Codes that are neither whole nor broken. */
  readonly otherCodes: readonly number[];
  /** Ends once a check is under way, so that what comes next comes amid it. */
  readonly begun: () => Promise<void>;
  /** Lets the time limit of a check pass. */
  readonly expire: () => Promise<void>;
  /** The span that the verifier was told, of its last check. */
  readonly toldSpan: () => { readonly since: string | null; readonly now: string | null };
  /** How often it was asked. */
  readonly asked: () => number;
  /** Takes the verifier away. */
  readonly remove: () => Promise<void>;
}

const span = { sinceMs: Date.UTC(2026, 0, 15, 10, 0, 0), nowMs: Date.UTC(2026, 0, 15, 10, 5, 0, 250) };

/** What every integrity check keeps to: a finding is one only where the verifier says so, in so many words. */
export function integritySuite(name: string, open: () => Promise<IntegrityUnderTest>): void {
  describe(`integrity: ${name}`, () => {
    it("is whole, with what was said", async () => {
      const { integrity, find } = await open();
      find({ status: "whole", said: "1,204 events, chain whole" });
      expect(await integrity.check(span)).toEqual({ status: "whole", message: "1,204 events, chain whole" });
      expect(integrity.name).not.toBe("");
    });

    it("is broken, with what was said", async () => {
      const { integrity, find } = await open();
      find({ status: "broken", said: "event evt-7: hash differs" });
      expect(await integrity.check(span)).toEqual({ status: "broken", message: "event evt-7: hash differs" });
    });

    it.each(["whole", "broken"] as const)("%s without a word has words of its own", async (status) => {
      const { integrity, find } = await open();
      find({ status });
      expect(await integrity.check(span)).toEqual({
        status,
        message: expect.stringMatching(/finds .*broken/),
      });
    });

    it("a long story is cut", async () => {
      const { integrity, find } = await open();
      find({ status: "broken", said: "x".repeat(10_000) });
      const { status, message } = await integrity.check(span);
      expect({ status, length: message.length }).toEqual({ status: "broken", length: 300 });
    });

    it("any other answer could not check, and is no finding", async () => {
      const { integrity, find, otherCodes } = await open();
      for (const code of otherCodes) {
        find({ status: "neither", code });
        const answer = await integrity.check(span);
        expect(answer).toEqual({ status: "error", message: expect.stringContaining("could not check: ") });
        expect(answer.message).toContain(String(code));
      }
    });

    it("is asked anew at each look, about the span", async () => {
      const { integrity, find, toldSpan, asked } = await open();
      find({ status: "whole" });
      await integrity.check(span);
      find({ status: "broken" });
      expect((await integrity.check(span)).status).toBe("broken");
      expect(asked()).toBe(2);
      expect(toldSpan()).toEqual({ since: "2026-01-15T10:00:00.000Z", now: "2026-01-15T10:05:00.250Z" });
    });

    it("a verifier that never answers could not check, at its time limit", async () => {
      const { integrity, find, begun, expire } = await open();
      find({ status: "hangs" });
      const answer = integrity.check(span);
      await begun();
      await expire();
      expect(await answer).toEqual({ status: "error", message: expect.stringMatching(/within 30 s/) });
    });

    it("one that isn't there could not check", async () => {
      const { integrity, remove } = await open();
      await remove();
      expect(await integrity.check(span)).toEqual({ status: "error", message: expect.stringMatching(/./) });
    });

    it("is stopped with the look, and isn't begun where that is over already", async () => {
      const { integrity, find, begun, asked } = await open();
      find({ status: "hangs" });
      const stop = new AbortController();
      const answer = integrity.check({ ...span, signal: stop.signal });
      await begun();
      stop.abort();
      const cancelled = { status: "error", message: expect.stringMatching(/cancelled/) };
      expect(await answer).toEqual(cancelled);
      const before = asked();
      expect(await integrity.check({ ...span, signal: AbortSignal.abort() })).toEqual(cancelled);
      expect(asked()).toBe(before);
    });
  });
}
