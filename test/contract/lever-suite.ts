import { describe, expect, it } from "vitest";
import type { Lever } from "../../src/ports/lever.ts";

export interface LeverUnderTest {
  readonly lever: Lever;
  /** How many writes reached the router so far. */
  readonly writes: () => number;
  /** Puts the route into a state, past the lever. */
  readonly set: (route: { readonly exposure: number; readonly hasCandidate: boolean }) => Promise<void>;
  /** The router's API stops answering. */
  readonly breakIt: () => Promise<void>;
}

/** Where a lever can do less than a route: which exposures it writes, and which it refuses. */
export interface LeverReach {
  readonly moves: readonly number[];
  readonly refuses: readonly number[];
  /** Whether a candidate without traffic is still there: a backend of weight 0 is, a version without pods is not. */
  readonly keepsCandidate: boolean;
  /** An exposure that needs a candidate, and how it is refused without one. */
  readonly needsCandidate: { readonly exposure: number; readonly code: string };
}

const everyWeight: LeverReach = {
  moves: [5, 29, 50, 100, 0],
  refuses: [-1, 101, 0.5, Number.NaN],
  keepsCandidate: true,
  needsCandidate: { exposure: 5, code: "route-shape" },
};

/** What every lever keeps to. */
export function leverSuite(
  name: string,
  open: () => Promise<LeverUnderTest>,
  { moves, refuses, keepsCandidate, needsCandidate }: LeverReach = everyWeight,
): void {
  describe(`lever: ${name}`, () => {
    it.each(moves)("moves the traffic to %i %, and reads it back", async (exposure) => {
      const { lever, set } = await open();
      await set({ exposure: 20, hasCandidate: true });
      await lever.setExposure(exposure);
      expect(await lever.read()).toMatchObject({ exposure, hasCandidate: exposure > 0 || keepsCandidate });
      expect(lever.name).not.toBe("");
    });

    it("writes the same exposure twice without harm", async () => {
      const { lever, set } = await open();
      await set({ exposure: 20, hasCandidate: true });
      await lever.setExposure(0);
      await lever.setExposure(0);
      expect((await lever.read()).exposure).toBe(0);
    });

    it("sees what others did to the route", async () => {
      const { lever, set } = await open();
      await set({ exposure: 0, hasCandidate: false });
      expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
      await set({ exposure: 50, hasCandidate: true });
      expect(await lever.read()).toMatchObject({ exposure: 50, hasCandidate: true });
    });

    it("does nothing at 0 without a candidate, and never adds one", async () => {
      const { lever, set, writes } = await open();
      await set({ exposure: 0, hasCandidate: false });
      await lever.setExposure(0);
      const { exposure, code } = needsCandidate;
      await expect(lever.setExposure(exposure)).rejects.toMatchObject({ code });
      expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
      expect(writes()).toBe(0);
    });

    it.each(refuses)("refuses an exposure of %d", async (exposure) => {
      const { lever, set } = await open();
      await set({ exposure: 20, hasCandidate: true });
      await expect(lever.setExposure(exposure)).rejects.toMatchObject({ code: "exposure-invalid" });
      expect((await lever.read()).exposure).toBe(20);
    });

    it("throws when the API does not answer, and when it is cancelled", async () => {
      const { lever, set, breakIt } = await open();
      await set({ exposure: 20, hasCandidate: true });
      await expect(lever.setExposure(0, AbortSignal.abort())).rejects.toThrow();
      expect((await lever.read()).exposure).toBe(20);
      await breakIt();
      await expect(lever.read()).rejects.toThrow();
      await expect(lever.setExposure(0)).rejects.toThrow();
    });
  });
}
