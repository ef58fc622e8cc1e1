import { describe, expect, it } from "vitest";
import { createSandboxIntegrity } from "../../../src/sandbox/integrity.ts";
import { canaryWorld, MINUTE, START_MS, shift } from "./world.ts";

async function world(...faults: readonly string[]) {
  const sandbox = await canaryWorld({ faults });
  const integrity = createSandboxIntegrity(sandbox);
  const check = (sinceMs = START_MS) => integrity.check({ sinceMs, nowMs: sandbox.clock.now() });
  return { sandbox, check, integrity };
}

describe("the check of the data", () => {
  it("finds it whole while nothing is wrong", async () => {
    const { sandbox, check } = await world();
    await shift(sandbox, 100);
    await sandbox.clock.advance(MINUTE);
    expect(await check()).toMatchObject({ status: "whole" });
  });

  it("finds it broken from its exposure on, and names the event", async () => {
    const { sandbox, check } = await world("integrity@20");
    await shift(sandbox, 5);
    expect((await check()).status).toBe("whole");
    await shift(sandbox, 20);
    expect(await check()).toMatchObject({
      status: "broken",
      message: expect.stringMatching(/event evt-\d+/),
    });
    await sandbox.clock.advance(30 * MINUTE);
    expect((await check()).status).toBe("broken");
  });

  it("begins and ends when it is said", async () => {
    const { sandbox, check } = await world("integrity@20+1m:2m");
    const seen: string[] = [];
    await shift(sandbox, 20);
    for (const ms of [0, MINUTE - 1, 1, 2 * MINUTE - 1, 1]) {
      await sandbox.clock.advance(ms);
      seen.push((await check()).status);
    }
    expect(seen).toEqual(["whole", "whole", "broken", "broken", "whole"]);
  });

  it("blames only what the candidate wrote in the span", async () => {
    const { sandbox, check } = await world("integrity@20");
    await shift(sandbox, 20);
    await shift(sandbox, 0);
    const reverted = sandbox.clock.now();
    await sandbox.clock.advance(MINUTE);
    expect((await check()).status).toBe("broken");
    expect((await check(reverted)).status).toBe("whole");
    await shift(sandbox, 5);
    expect((await check(reverted)).status).toBe("whole");
    await sandbox.clock.advance(1);
    expect((await check(reverted)).status).toBe("broken");
  });

  it("is an `error` where it is cancelled, never whole", async () => {
    const { integrity } = await world();
    const query = { sinceMs: START_MS, nowMs: START_MS, signal: AbortSignal.abort() };
    expect(await integrity.check(query)).toMatchObject({ status: "error" });
  });
});
