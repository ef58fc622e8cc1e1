import { describe, expect, it } from "vitest";
import { RolloutError } from "../../../src/errors/errors.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";

const good: readonly [string, object, string][] = [
  ["errors=3%@20", { kind: "errors", ratePpm: 30_000, atExposure: 20 }, "a share of errors"],
  [
    "errors=1.1%@20:121s",
    { kind: "errors", ratePpm: 11_000, atExposure: 20, durationMs: 121_000 },
    "with an end",
  ],
  [
    "errors=1.1%@20+5m:121s",
    { kind: "errors", ratePpm: 11_000, atExposure: 20, delayMs: 300_000, durationMs: 121_000 },
    "in the middle of a soak",
  ],
  ["engine-crash@20", { kind: "engine-crash", atExposure: 20 }, "the engine itself"],
  ["errors=0.9%", { kind: "errors", ratePpm: 9_000, atExposure: 5 }, "exposure 5 where none is written"],
  [
    "errors=1%@50%",
    { kind: "errors", ratePpm: 10_000, atExposure: 50 },
    "a percent sign behind the exposure",
  ],
  ["errors=0%@0", { kind: "errors", ratePpm: 0, atExposure: 0 }, "zero is a value"],
  ["environment-errors=3%", { kind: "environment-errors", ratePpm: 30_000, atExposure: 5 }, "both sides"],
  ["latency=1500ms@20", { kind: "latency", p95Ms: 1_500, atExposure: 20 }, "milliseconds"],
  [
    "latency=2s@20:5m",
    { kind: "latency", p95Ms: 2_000, atExposure: 20, durationMs: 300_000 },
    "seconds, minutes",
  ],
  ["exceptions=11@20", { kind: "exceptions", count: 11, atExposure: 20 }, "a count"],
  ["health=503@20", { kind: "health", answer: 503, atExposure: 20 }, "a status"],
  [
    "health=no-answer@20",
    { kind: "health", answer: "no-answer", atExposure: 20 },
    "silence of the candidate",
  ],
  ["health=cluster-down@20", { kind: "health", answer: "cluster-down", atExposure: 20 }, "silence of all"],
  [
    "slo-miss@20+5m:11m",
    { kind: "slo-miss", atExposure: 20, delayMs: 300_000, durationMs: 660_000 },
    "a tail",
  ],
  ["db-pool=95%@20", { kind: "level", gauge: "db-pool", value: 95, atExposure: 20 }, "percent of a pool"],
  [
    "queue=20000@20+5m:4m",
    {
      kind: "level",
      gauge: "queue-depth",
      value: 20_000,
      atExposure: 20,
      delayMs: 300_000,
      durationMs: 240_000,
    },
    "messages",
  ],
  [
    "queue-lag=400s@20",
    { kind: "level", gauge: "queue-lag", value: 400, atExposure: 20 },
    "seconds that events wait",
  ],
  ["queue-lag=0s", { kind: "level", gauge: "queue-lag", value: 0, atExposure: 5 }, "none wait"],
  [
    "queue-lag=2.5m@20+5m:121s",
    { kind: "level", gauge: "queue-lag", value: 150, atExposure: 20, delayMs: 300_000, durationMs: 121_000 },
    "in minutes, later, for a while",
  ],
  ["memory=90.5%", { kind: "level", gauge: "memory", value: 90.5, atExposure: 5 }, "a fraction of a percent"],
  ["memory=0%@0", { kind: "level", gauge: "memory", value: 0, atExposure: 0 }, "zero is a level"],
  [
    "business-metric=checkout-rate@20",
    { kind: "business-metric", name: "checkout-rate", atExposure: 20 },
    "a name",
  ],
  ["integrity@20", { kind: "integrity", atExposure: 20 }, "no value"],
  ["budget=15%", { kind: "budget", remainingPercent: 15, atExposure: 0 }, "so from the start"],
  ["budget=-12.34%", { kind: "budget", remainingPercent: -12.34, atExposure: 0 }, "overdrawn"],
  ["budget=0%", { kind: "budget", remainingPercent: 0, atExposure: 0 }, "nothing is left: a value"],
  ["budget=15%@20", { kind: "budget", remainingPercent: 15, atExposure: 20 }, "worse on the way"],
  ["budget-burn", { kind: "budget-burn", atExposure: 0 }, "from the start"],
  [
    "gauge-outage=db-pool@20:5m",
    { kind: "gauge-outage", name: "db-pool", atExposure: 20, durationMs: 300_000 },
    "one source is silent",
  ],
  ["crashloop@20", { kind: "crashloop", atExposure: 20 }, "no value"],
  ["image-pull@5", { kind: "image-pull", atExposure: 5 }, "no value"],
  [
    "metrics-outage@20:10m",
    { kind: "metrics-outage", atExposure: 20, durationMs: 600_000 },
    "an outage that ends",
  ],
  ["silent-canary@20", { kind: "silent-canary", atExposure: 20 }, "no value"],
  [
    "slow-router@20:1.5m",
    { kind: "slow-router", atExposure: 20, durationMs: 90_000 },
    "a fraction of a minute",
  ],
  ["stuck-drain", { kind: "stuck-drain", atExposure: 5 }, "neither value nor exposure"],
  [
    "errors=5%@flag-25",
    { kind: "errors", ratePpm: 50_000, atExposure: 25, part: "flag" },
    "a phase of the flag beside a service",
  ],
  [
    "latency=2s@flag-10+5m:2m",
    {
      kind: "latency",
      p95Ms: 2_000,
      atExposure: 10,
      part: "flag",
      delayMs: 300_000,
      durationMs: 120_000,
    },
    "later in it, for a while",
  ],
  ["errors=5%@flag-beta", { kind: "errors", ratePpm: 50_000, atExposure: 0.5, part: "flag" }, "its beta"],
  ["slo-miss@beta", { kind: "slo-miss", atExposure: 0.5, part: "flag" }, "only a flag has a beta"],
  ["flag-edit@flag-25", { kind: "flag-edit", atExposure: 25, part: "flag" }, "somebody else's hand"],
  [
    "flag-edit@25+5m",
    { kind: "flag-edit", atExposure: 25, part: "flag", delayMs: 300_000 },
    "of a flag alone",
  ],
  ["flag-edit", { kind: "flag-edit", atExposure: 5, part: "flag" }, "in the first phase above"],
  [
    "flag-throttle@flag-10:1m",
    { kind: "flag-throttle", atExposure: 10, part: "flag", durationMs: 60_000 },
    "a store that asks to wait",
  ],
  ["slow-router@100", { kind: "slow-router", atExposure: 100 }, "the last exposure"],
];

const bad: readonly [string, string, string][] = [
  ["error=3%", "no such fault", "a slip of the pen"],
  ["", "no such fault", "nothing"],
  ["toString@20", "no such fault", "no member of Object by accident"],
  ["errors", "errors=3%", "a rate is wanted"],
  ["errors=3", "errors=3%", "per cent has to be said: 3 could be a count"],
  ["errors=101%", "errors=3%", "more errors than requests"],
  ["errors=-1%", "errors=3%", "a negative rate"],
  ["latency=1500", "latency=1500ms", "a time without its unit"],
  ["exceptions=1.5", "exceptions=11", "half an exception"],
  ["health=200", "health=503", "200 is no fault"],
  ["slo-miss=3%@20", "slo-miss@20", "how much is fixed"],
  ["db-pool=95@20", "db-pool=95%@20", "connections or percent?"],
  ["db-pool=101%@20", "db-pool=95%@20", "more than the pool"],
  ["db-pool@20", "db-pool=95%@20", "a level is wanted"],
  ["queue=95%@20", "queue=20000@20", "a queue has no whole"],
  ["queue=1.5@20", "queue=20000@20", "half a message"],
  ["business-metric@20", "business-metric=checkout-rate@20", "no name"],
  ["business-metric= @20", "business-metric=checkout-rate@20", "an empty name"],
  ["integrity=event@20", "integrity@20", "a value where none belongs"],
  ["budget=101%", "budget=15%", "more than all of it"],
  ["budget=15", "budget=15%", "percent has to be said"],
  ["budget=0.001%", "budget=15%", "finer than a whole number of requests"],
  ["budget", "budget=15%", "how much is left?"],
  ["budget=15%:5m", "no duration", "a month doesn't mend in minutes"],
  ["budget-burn@20+5m", "fault of requests", "a delay of a history"],
  ["gauge-outage@20", "gauge-outage=db-pool@20", "which one?"],
  ["crashloop=3@20", "crashloop@20", "a value where none belongs"],
  ["stuck-drain=work", "stuck-drain", "a pool: it is always the last one"],
  ["stuck-drain:3m", "no duration", "a budget doesn't get better by itself"],
  ["errors=3%@120", "0-100", "more than all traffic"],
  ["errors=3%@flag-120", "0-100", "more than all tenants"],
  ["errors=3%@flag", "flag-25 or beta", "which phase?"],
  ["errors=3%@beta-25", "flag-25 or beta", "a beta has no share"],
  ["flag-edit=user@flag-25", "flag-edit@flag-25", "a value where none belongs"],
  ["flag-edit@flag-25:3m", "no duration", "an edit stays"],
  ["flag-throttle@flag-10+1m", "fault of requests", "a delay of the store"],
  ["errors=3%@", "no such fault", "an @ without exposure"],
  ["errors=3%@20:soon", "119s", "no duration"],
  ["errors=3%@20+soon", "5m", "no delay"],
  ["crashloop@20+5m", "fault of requests", "a delay of pods"],
  ["errors=3%@20:0s", "119s", "an empty duration"],
  ["crashloop@20:3m", "no duration", "a crash loop doesn't end by itself"],
];

describe("parseFault", () => {
  it.each(good)("reads %s", (text, expected) => {
    expect(parseFault(text)).toEqual({ ...expected, text });
  });

  it.each(bad)("refuses %j and says %j", (text, said) => {
    const error = errorOf(() => parseFault(text));
    expect(error).toMatchObject({ code: "fault-unknown", exit: "config", path: "fault" });
    expect(error.message).toContain(said);
    for (const form of ["errors=3%@20:121s", "slow-router@20:3m", "health=cluster-down@20", "db-pool=95%@20"])
      expect(error.hint).toContain(form);
  });
});

function errorOf(run: () => unknown): RolloutError {
  try {
    run();
  } catch (error) {
    if (error instanceof RolloutError) return error;
  }
  throw new Error("it was accepted");
}
