import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MetricsAnswer } from "../../../../src/types/observation.ts";
import { type PrometheusFake, startPrometheusFake } from "../../../support/http-fake-prometheus.ts";
import { column, look, openMetrics, origin, requests, type Samples, series, value } from "./metrics-world.ts";

let server: PrometheusFake;
beforeEach(async () => {
  server = await startPrometheusFake();
});
afterEach(() => server.close());

const open = (over: Parameters<typeof openMetrics>[1] = {}) => openMetrics(server.url, over);

describe("series that begin, end and reset", () => {
  it("an error counter born at 1 is one error (prometheus#1673)", async () => {
    server.series = [
      requests("canary", "200", { 0: 0, 10: 10, 20: 20, 30: 30 }),
      requests("canary", "500", { 20: 1, 30: 1 }),
    ];
    const { candidate } = value(await open().metrics.observe(look));
    expect(column(candidate.bins, "errors")).toEqual([0, 1, 0]);
    expect(column(candidate.bins, "n")).toEqual([10, 11, 10]);
  });

  it("a candidate's pod counts whole from its first scrape (prometheus#3886)", async () => {
    server.series = [requests("canary", "200", { 15: 40, 30: 55 })];
    const { candidate } = value(await open().metrics.observe(look));
    expect(candidate.bins.map(({ startMs, n }) => [startMs / 1000 - origin, n])).toEqual([
      [10, 40],
      [20, 15],
    ]);
  });

  it("what a candidate did before the start is no evidence", async () => {
    server.series = [requests("canary", "500", { [-60]: 7, [-10]: 90, 10: 91, 20: 91, 30: 91 })];
    const { candidate } = value(await open().metrics.observe(look));
    expect(candidate.bins.map(({ n, errors }) => [n, errors])).toEqual([[1, 1]]);
  });

  it("a new pod of stable counts whole beside one that was seen before it", async () => {
    server.series = [
      requests("stable", "200", { [-10]: 5_000, 10: 5_100, 20: 5_200, 30: 5_300 }),
      requests("stable", "200", { 20: 30, 30: 60 }, "b"),
    ];
    expect(column(value(await open().metrics.observe(look)).stable.bins, "n")).toEqual([100, 130, 130]);
  });

  it("all of stable at once is a blind Prometheus that sees again, not a burst", async () => {
    server.series = [requests("stable", "200", { 20: 1_000_000, 30: 1_000_050 })];
    expect(column(value(await open().metrics.observe(look)).stable.bins, "n")).toEqual([50]);
  });

  it("a pod that missed scrapes around the start is known from before, not newly born", async () => {
    server.series = [
      requests("stable", "200", { [-10]: 5_000, 10: 5_100, 20: 5_200, 30: 5_300 }),
      requests("stable", "200", { [-60]: 90_000, [-50]: "stale", 20: 90_010, 30: 90_015 }, "b"),
    ];
    expect(column(value(await open().metrics.observe(look)).stable.bins, "n")).toEqual([100, 110, 105]);
  });

  it("a restarted container is a reset, and pods are added up after differencing", async () => {
    server.series = [
      requests("canary", "200", { 0: 100, 10: 110, 20: 4, 30: 9 }),
      requests("canary", "200", { 0: 50, 10: 60, 20: 75, 30: 75 }, "b"),
    ];
    expect(column(value(await open().metrics.observe(look)).candidate.bins, "n")).toEqual([20, 19, 5]);
  });

  it("bins in which the target was gone are silence, and what it did meanwhile is not lost", async () => {
    server.series = [requests("canary", "200", { 0: 0, 10: 10, 11: "stale", 30: 42 })];
    const { candidate } = value(await open().metrics.observe(look));
    expect(candidate.bins.map(({ startMs, n }) => [startMs / 1000 - origin, n])).toEqual([
      [0, 10],
      [20, 32],
    ]);
  });

  it("scrapes of another rhythm than the bins lose nothing", async () => {
    server.series = [requests("canary", "200", { 0: 0, 7: 7, 14: 14, 21: 21, 28: 28 })];
    expect(column(value(await open().metrics.observe(look)).candidate.bins, "n")).toEqual([7, 7, 14]);
  });
});

describe("errors and exceptions", () => {
  it("5xx are errors, in each spelling; 4xx, redirects and 0 are not", async () => {
    const codes = ["500", "503", "5xx", "404", "4XX", "302", "0"];
    server.series = codes.map((code) => requests("canary", code, { 0: 0, 30: 10 }));
    const { candidate } = value(await open().metrics.observe(look));
    expect(candidate.bins.map(({ n, errors }) => [n, errors])).toEqual([[70, 30]]);
  });

  it.each([
    ["is missing", { version: "canary" }, /the label code of a request series is missing/],
    [
      "is no HTTP status",
      { version: "canary", code: "Internal" },
      /is "Internal", where an HTTP status belongs/,
    ],
  ])(
    "a status label that %s is an error: every failure would count as a success",
    async (_, labels, message) => {
      server.series = [series("req", labels, { 0: 0, 30: 10 })];
      expect(await open().metrics.observe(look)).toEqual({
        status: "error",
        message: expect.stringMatching(message),
      });
    },
  );

  it("an absent exception counter is 0 where requests of that side were seen, silence where not", async () => {
    server.series = [
      requests("canary", "200", { 0: 0, 10: 10, 20: 10, 30: 25 }),
      requests("stable", "200", { 0: 0, 10: 90, 20: 90, 30: 99 }),
      series("exc", { version: "stable", pod: "a" }, { 20: 2, 30: 3 }),
    ];
    const { candidate, stable } = value(await open().metrics.observe(look));
    expect(candidate.bins.map(({ startMs, exceptions }) => [startMs / 1000 - origin, exceptions])).toEqual([
      [0, 0],
      [20, 0],
    ]);
    expect(column(stable.bins, "exceptions")).toEqual([0, 2, 1]);
  });
});

describe("latency", () => {
  const bucket = (version: string, le: string, samples: Samples, metric = "dur_seconds") =>
    series(`${metric}_bucket`, { version, le, pod: "a" }, samples);
  const served = [requests("canary", "200", { 0: 0, 10: 10, 20: 20, 30: 30 })];
  const slowOf = (answer: MetricsAnswer, threshold: number) =>
    value(answer).candidate.bins.map((bin) => bin.slow[threshold]);

  it.each([
    ["Go's spelling", "0.3", "1"],
    ["OpenMetrics' spelling", "0.3", "1.0"],
    ["a long spelling", "0.300", "1.000"],
  ])("counts what is slower than a bucket bound: %s", async (_, short, long) => {
    server.series = [
      ...served,
      bucket("canary", short, { 0: 0, 10: 5, 20: 10, 30: 11 }),
      bucket("canary", "0.7", { 0: 0, 10: 0, 20: 0, 30: 0 }),
      bucket("canary", long, { 0: 0, 10: 9, 20: 18, 30: 28 }),
      bucket("canary", "+Inf", { 0: 0, 10: 10, 20: 20, 30: 30 }),
    ];
    const answer = await open().metrics.observe({ ...look, thresholdsMs: [1000, 300] });
    expect(slowOf(answer, 1000)).toEqual([1, 1, 0]);
    expect(slowOf(answer, 300)).toEqual([5, 5, 9]);
    const asked = server.requests
      .map(({ url }) => url.searchParams.get("query") ?? "")
      .find((q) => q.includes("le=~"));
    expect(asked).not.toContain("0\\\\.7");
  });

  it("reads bounds in ms where the metric's name says so", async () => {
    server.series = [
      ...served,
      bucket("canary", "1000", { 0: 0, 30: 27 }, "dur_ms"),
      bucket("canary", "+Inf", { 0: 0, 30: 30 }, "dur_ms"),
    ];
    const { metrics } = open({ latency: { metric: "dur_ms" } });
    expect(slowOf(await metrics.observe({ ...look, thresholdsMs: [1000] }), 1000)).toEqual([0, 0, 3]);
  });

  it.each([
    [
      "the limit is no bound",
      [
        bucket("canary", "0.5", { 0: 0, 30: 1 }),
        bucket("canary", "2.5", { 0: 0 }),
        bucket("canary", "+Inf", { 0: 0 }),
      ],
      /1000 ms is no bucket bound of dur_seconds; its bounds in ms are 500, 2500, Infinity/,
    ],
    ["there is no histogram", [], /candidate has requests but no histogram dur_seconds/],
    [
      "only stable has the bound",
      [
        bucket("stable", "1", { 0: 0, 30: 1 }),
        bucket("stable", "+Inf", { 0: 0, 30: 1 }),
        bucket("canary", "+Inf", { 0: 0, 30: 1 }),
      ],
      /a histogram dur_seconds of candidate has no bound 1000 ms/,
    ],
  ])("is an error that says why where %s", async (_, extra, message) => {
    server.series = [...served, ...extra];
    const answer = await open().metrics.observe({ ...look, thresholdsMs: [1000] });
    expect(answer).toEqual({ status: "error", message: expect.stringMatching(message) });
  });
});

describe("a look that goes back for days", () => {
  it("asks in spans that Prometheus takes, and counts every bin once", async () => {
    const minutes = 2 * 24 * 60;
    const growing = (each: number) =>
      Object.fromEntries(Array.from({ length: minutes + 2 }, (_, minute) => [60 * minute, each * minute]));
    server.series = [requests("canary", "200", growing(60)), requests("stable", "200", growing(600))];
    const nowMs = (origin + 60 * minutes + 60) * 1000;
    const { candidate, stable, watermarkMs } = value(await open().metrics.observe({ ...look, nowMs }));
    const bins = (watermarkMs - origin * 1000) / 10_000;
    expect(bins).toBeGreaterThan(11_000);
    expect(new Set(candidate.bins.map(({ startMs }) => startMs)).size).toBe(candidate.bins.length);
    const sum = (of: typeof candidate) => column(of.bins, "n").reduce((total, n) => total + n, 0);
    const scraped = Math.floor((watermarkMs / 1000 - origin) / 60);
    expect([sum(candidate), sum(stable)]).toEqual([60 * scraped, 600 * scraped]);
  });
});
