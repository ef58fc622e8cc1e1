import { describe, expect, it } from "vitest";
import { readWatched } from "../../../src/driver/observe-watched.ts";
import type { Session } from "../../../src/driver/session.ts";
import type { Gauge, Integrity } from "../../../src/ports/gauge.ts";
import type { GaugeAnswer } from "../../../src/types/gauge.ts";
import { aPlan } from "../../support/builders.ts";

const span = { sinceMs: 1000, nowMs: 2000, signal: new AbortController().signal };
const empty: GaugeAnswer = { status: "empty", message: "nothing" };

/** A gauge that notes what it is asked, and answers under its own name. */
function gauge(name: string, asked: unknown[]): Gauge {
  return {
    name,
    read: async (query) => {
      asked.push(query);
      return { ...empty, message: name };
    },
  };
}

async function watched(deps: Partial<Session["deps"]>, integrity?: string) {
  const plan = aPlan();
  const gates = { ...plan.gates, ...(integrity === undefined ? {} : { integrity }) };
  return await readWatched(deps, gates, span);
}

describe("what is watched beside the counts", () => {
  it("each level and business metric is asked about the span, and answers under its own name", async () => {
    const asked: unknown[] = [];
    const answers = await watched({
      gauges: { memory: gauge("a", asked), "db-pool": gauge("b", asked) },
      reviews: { memory: gauge("c", asked) },
    });
    expect(answers).toEqual({
      gauges: { memory: { ...empty, message: "a" }, "db-pool": { ...empty, message: "b" } },
      reviews: { memory: { ...empty, message: "c" } },
    });
    expect(asked).toEqual([span, span, span]);
  });

  it("the data are checked only where the plan has it as a gate", async () => {
    const asked: unknown[] = [];
    const integrity: Integrity = {
      name: "memory",
      check: async (query) => {
        asked.push(query);
        return { status: "broken", message: "event 7" };
      },
    };
    expect(await watched({ integrity })).not.toHaveProperty("integrity");
    expect(asked).toEqual([]);
    expect(await watched({ integrity }, "command")).toMatchObject({ integrity: { status: "broken" } });
    expect(asked).toEqual([span]);
  });

  it("the queue's lag is asked only where the objectives of the plan have it", async () => {
    const asked: unknown[] = [];
    const queueLag = gauge("lag", asked);
    const slo = { availabilityPercent: 99.9, resolveWithinSeconds: 600, window: "rolling-30d" } as const;
    const read = (gates: object) => readWatched({ queueLag }, { ...aPlan().gates, ...gates }, span);
    expect(await read({})).not.toHaveProperty("queueLag");
    expect(await read({ slo })).not.toHaveProperty("queueLag");
    expect(asked).toEqual([]);
    const lagged = { slo: { ...slo, queueLag: true as const } };
    expect(await read(lagged)).toMatchObject({ queueLag: { ...empty, message: "lag" } });
    expect(asked).toEqual([span]);
    expect(await readWatched({}, { ...aPlan().gates, ...lagged }, span)).not.toHaveProperty("queueLag");
  });

  it("a plan that has it and a driver that can't check: no answer, which the judge takes as an error", async () => {
    expect(await watched({}, "command")).toEqual({ gauges: {}, reviews: {} });
  });
});
