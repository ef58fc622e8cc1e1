import { describe, expect, it } from "vitest";
import { openRehearsal } from "../../../src/cli/compose/rehearsal.ts";
import { RolloutError } from "../../../src/errors/errors.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { assertFaultsWatched, watchedBySandbox } from "../../../src/sandbox/watched.ts";
import type { WatchConfig } from "../../../src/types/watch.ts";
import { aPolicy } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const real = { kind: "prometheus", url: "http://prometheus", query: "up" } as const;
const none = { kind: "none", reason: "no database" } as const;
const watch: WatchConfig = {
  gauges: { "db-pool": none, "queue-depth": real, memory: real },
  reviews: [{ name: "checkout-rate", source: real, limit: 0.95, worse: "below" }],
};
const integrity = { kind: "command", run: ["./verify"] } as const;

function refusal(fault: string, of = watch): RolloutError | undefined {
  try {
    assertFaultsWatched([parseFault("errors=3%@20"), parseFault(fault)], of);
    return undefined;
  } catch (error) {
    if (error instanceof RolloutError) return error;
    throw error;
  }
}

describe("a fault of something that is watched", () => {
  it.each([
    "queue=20000@20",
    "memory=95%@20",
    "business-metric=checkout-rate@20",
    "gauge-outage=memory@20",
    "gauge-outage=checkout-rate@20",
    "slo-miss@20",
    "budget=15%",
    "metrics-outage@20",
  ])("%s is let through", (fault) => {
    expect(refusal(fault)).toBeUndefined();
  });

  it.each([
    ["db-pool=95%@20", "queue-depth, memory"],
    ["business-metric=refunds@20", "checkout-rate"],
    ["business-metric=memory@20", "checkout-rate"],
    ["gauge-outage=db-pool@20", "queue-depth, memory, checkout-rate"],
    ["integrity@20", "none"],
  ])("%s is refused, with what there is: %s", (fault, known) => {
    const error = refusal(fault);
    expect(error).toMatchObject({ code: "fault-unknown", exit: "config", path: "fault" });
    expect(error?.message).toContain(fault);
    expect(error?.hint).toContain(`names ${known}.`);
  });

  it("integrity@20 is let through where data are checked", () => {
    expect(refusal("integrity@20", { ...watch, integrity })).toBeUndefined();
  });

  it("so are queue-lag=400s@20 and an outage of its source, only where the lag is watched", () => {
    for (const fault of ["queue-lag=400s@20", "gauge-outage=queue-lag@20"]) {
      expect(refusal(fault, { ...watch, queueLag: real })).toBeUndefined();
      expect(refusal(fault)).toMatchObject({ code: "fault-unknown", exit: "config" });
    }
  });

  it("is asked for before a rehearsal builds anything", async () => {
    const { runtime } = createMemoryRuntime();
    const rehearsal = openRehearsal({
      projectDir: "/nowhere",
      stack: "prod",
      config: { policy: aPolicy({ watch }) } as Parameters<typeof openRehearsal>[0]["config"],
      program: async () => ({}),
      baseline: "1.2.3",
      faults: [parseFault("business-metric=refunds@20")],
      seed: 1,
      runtime,
      log: () => {},
    });
    await expect(rehearsal).rejects.toMatchObject({ code: "fault-unknown", exit: "config" });
  });
});

describe("a policy in a rehearsal", () => {
  it("has the sandbox wherever it names a source, and the reason where it names none", () => {
    const limits = { limit: 90, forSeconds: 180 };
    const { gates, ...policy } = aPolicy({ watch: { ...watch, integrity } });
    const rehearsed = watchedBySandbox({
      ...policy,
      gates: {
        ...gates,
        gauges: {
          "db-pool": { ...limits, source: "none" },
          "queue-depth": { ...limits, source: "prometheus" },
          memory: { ...limits, source: "prometheus" },
        },
      },
    });
    expect(rehearsed.watch).toEqual({
      gauges: { "db-pool": none, "queue-depth": { kind: "sandbox" }, memory: { kind: "sandbox" } },
      reviews: [{ ...watch.reviews[0], source: { kind: "sandbox" } }],
      integrity,
    });
    const sources = Object.values(rehearsed.gates.gauges ?? {}).map(({ source }) => source);
    expect(sources).toEqual(["none", "sandbox", "sandbox"]);
    expect(rehearsed.gates).toMatchObject(gates);
    expect(rehearsed.watch).not.toHaveProperty("queueLag");
    const lagged = watchedBySandbox(aPolicy({ watch: { ...watch, queueLag: real } })).watch;
    expect(lagged.queueLag).toEqual({ kind: "sandbox" });
    expect(watchedBySandbox(aPolicy()).gates).toEqual(aPolicy().gates);
  });
});
