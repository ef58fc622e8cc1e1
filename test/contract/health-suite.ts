import { describe, expect, it } from "vitest";
import type { Health } from "../../src/ports/metrics.ts";

/** What stands behind a side: healthy, answering 503 at `/health`, or not there at all. */
export type SideState = "ok" | "503" | "gone";

export interface HealthUnderTest {
  readonly health: Health;
  /** Puts both sides into a state. */
  readonly set: (sides: { readonly candidate: SideState; readonly stable: SideState }) => Promise<void>;
}

const probe = { tries: 3, timeoutMs: 5_000 };

/** What every health source keeps to. */
export function healthSuite(name: string, open: () => Promise<HealthUnderTest>): void {
  describe(`health: ${name}`, () => {
    const statuses = { ok: "ok", "503": "unhealthy", gone: "no-answer" } as const;
    it.each([
      ["both are well", "ok", "ok"],
      ["only the candidate is ill", "503", "ok"],
      ["only stable is ill", "ok", "503"],
      ["everything is gone: an outage must not look like the candidate's fault", "gone", "gone"],
      ["one answers badly, the other not at all", "503", "gone"],
    ] as const)("tells the sides apart: %s", async (_, candidate, stable) => {
      const { health, set } = await open();
      await set({ candidate, stable });
      const answer = await health.probe(probe);
      expect(answer.candidate.status).toBe(statuses[candidate]);
      expect(answer.stable.status).toBe(statuses[stable]);
    });

    it("says status and path of what is ill, and asks anew at each probe", async () => {
      const { health, set } = await open();
      await set({ candidate: "503", stable: "ok" });
      expect((await health.probe(probe)).candidate).toEqual({
        status: "unhealthy",
        httpStatus: 503,
        path: "/health",
      });
      await set({ candidate: "ok", stable: "ok" });
      expect((await health.probe(probe)).candidate).toEqual({ status: "ok" });
      expect(health.name).not.toBe("");
    });

    it("answers without a throw when it is cancelled, and claims no health", async () => {
      const { health } = await open();
      const answer = await health.probe({ ...probe, signal: AbortSignal.abort() });
      expect([answer.candidate.status, answer.stable.status]).toEqual(["no-answer", "no-answer"]);
    });
  });
}
