import { describe, expect, it } from "vitest";
import type { Change } from "../../src/ports/change.ts";
import type { ChangeRequest } from "../../src/types/change-request.ts";

export interface ChangeUnderTest {
  readonly change: Change;
  /** Puts a change request into the system. */
  readonly put: (change: ChangeRequest) => Promise<void>;
  /** Makes the system unreachable. */
  readonly breakIt: () => Promise<void>;
  readonly secrets?: readonly string[];
}

export const aChangeRequest: ChangeRequest = {
  id: "CHG0031234",
  state: "approved",
  service: "atp-ingestion",
  startMs: Date.parse("2026-01-15T09:00:00Z"),
  endMs: Date.parse("2026-01-15T12:00:00Z"),
  risk: "moderate",
};

/** What every change system keeps to. */
export function changeSuite(name: string, open: () => Promise<ChangeUnderTest>): void {
  describe(`change: ${name}`, () => {
    it("reads state, service, window and risk", async () => {
      const { change, put } = await open();
      await put(aChangeRequest);
      expect(await change.read({ id: aChangeRequest.id })).toEqual({
        status: "value",
        change: aChangeRequest,
      });
      expect(change.name).not.toBe("");
    });

    it("reads anew each time: a change that is withdrawn counts no longer", async () => {
      const { change, put } = await open();
      await put(aChangeRequest);
      await change.read({ id: aChangeRequest.id });
      await put({ ...aChangeRequest, state: "cancelled" });
      expect(await change.read({ id: aChangeRequest.id })).toMatchObject({ change: { state: "cancelled" } });
    });

    it.each(["CHG9999999", "", "../CHG0031234", "."])("has no change %j", async (id) => {
      const { change, put } = await open();
      await put(aChangeRequest);
      expect(await change.read({ id })).toEqual({ status: "not-found" });
    });

    it("answers with an error where it is cancelled or can't be read", async () => {
      const { change, put, breakIt, secrets = [] } = await open();
      await put(aChangeRequest);
      const cancelled = await change.read({ id: aChangeRequest.id, signal: AbortSignal.abort() });
      await breakIt();
      const broken = await change.read({ id: aChangeRequest.id });
      expect([cancelled.status, broken.status]).toEqual(["error", "error"]);
      for (const secret of secrets) expect(JSON.stringify([cancelled, broken])).not.toContain(secret);
    });
  });
}
