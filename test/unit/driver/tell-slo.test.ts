import { describe, expect, it } from "vitest";
import { sloNews } from "../../../src/driver/tell-slo.ts";
import type { GateReading } from "../../../src/types/verdict.ts";
import { aPlan } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryTotals } from "../../support/memory-totals.ts";

const session = {
  plan: aPlan(),
  state: { name: "soaking", step: "20", enteredAtMs: 0, extendedMs: 0, exposures: [5, 20], attempts: 1 },
} as const;

function slo(reason: string, verdict: GateReading["verdict"] = "no-data"): readonly GateReading[] {
  return [{ gate: "slo", verdict, reason, message: `it is ${reason}`, limit: 99.9 }];
}

describe("what people hear of an SLO", () => {
  it("a warning once, then that it is critical, and a new warning after it was well", () => {
    const heard: string[] = [];
    let said = "";
    for (const reason of [
      "WithinSlo",
      "SloWarning",
      "SloWarning",
      "SloCritical",
      "WithinSlo",
      "SloWarning",
    ]) {
      const news = sloNews(session, slo(reason, reason === "WithinSlo" ? "pass" : "no-data"), said);
      said = news.said;
      if (news.message) heard.push(news.message.title);
    }
    expect(heard.map((title) => title.replace(/.*SLO/, "SLO"))).toEqual([
      "SLO warning at 20",
      "SLO critical at 20",
      "SLO warning at 20",
    ]);
  });

  it("nothing new from a look that can't tell, and nothing beside a revert", () => {
    expect(sloNews(session, slo("BelowMinRequests"), "SloWarning")).toEqual({ said: "SloWarning" });
    expect(sloNews(session, [], "SloWarning")).toEqual({ said: "SloWarning" });
    expect(sloNews(session, slo("SloNotResolved", "fail"), "SloCritical")).toEqual({ said: "SloCritical" });
  });

  it("in a rollout: told in the soak, while the weight stays", async () => {
    const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" } as const;
    const driver = aDriver();
    Object.assign(driver.deps, {
      totals: createMemoryTotals(),
      policy: { ...driver.deps.policy, gates: { ...driver.deps.policy.gates, slo } },
    });
    // Past the warning of 0.5 %, below every limit.
    driver.world.knobs.errorPercent = (exposure) => (exposure === 20 ? 0.8 : 0.1);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "held", heldAt: "20", cause: { reason: "SloWarning" } });
    const titles = driver.notify.sent.map(({ title }) => title).filter((title) => title.includes("SLO"));
    expect(titles).toHaveLength(1);
    expect(driver.world.weights.at(-1)).toBe(20);
  });
});
